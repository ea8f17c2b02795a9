#include "cli/program/program.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string_view>

#include "cli/program/command_line.h"
#include "cli/program/daemon_client.h"
#include "isolation/worker.h"

namespace timerose::cli {
namespace {

// What we open must never get the number of a standard stream that was closed.
void fill_closed_streams() {
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream) {
    if (fcntl(stream, F_GETFD) < 0) (void)open("/dev/null", O_RDWR);
  }
}

}  // namespace

int run_program(int argc, char** argv) {
  if (argc == 1 && argv[0] == std::string_view(isolation::kWorkerName)) {
    return isolation::run_worker();
  }
  fill_closed_streams();
  // A reader that has seen enough (`| head`) ends us quietly, whatever our parent had chosen.
  std::signal(SIGPIPE, SIG_DFL);
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  CommandLine line;
  if (const auto done = line.parse(words, {})) return *done;
  const std::filesystem::path repository = line.repo_dir.empty()
                                               ? node::Repository::default_path()
                                               : std::filesystem::path(line.repo_dir);
  if (!line.only_here) {
    const auto code = carried_out_by_daemon(repository, words);
    if (!code.ok()) {
      complain({}, code.error().message);
      return line.failure_code;
    }
    if (*code) return **code;
  }
  SystemClock clock;
  SystemRandom random;
  Session session(clock, random, repository);
  return line.carry_out(session);
}

}  // namespace timerose::cli
