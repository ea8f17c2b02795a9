#include "cli/calls/job_watch.h"

#include <unistd.h>

namespace timerose::cli {
namespace {

// A job has its own deadline: there is no other limit.
constexpr uint64_t kForEverMs = 1ULL << 40;

void show(const scheduler::execute::Log& log, const wasi::Context::OnWrite& on_write,
          node::Seen& seen) {
  const bool is_stdout = log.stream == scheduler::execute::Written::kStdout;
  uint64_t& shown = is_stdout ? seen.stdout_bytes : seen.stderr_bytes;
  if (!on_write || log.position != shown) return;
  on_write(is_stdout ? STDOUT_FILENO : STDERR_FILENO, log.bytes);
  shown += log.bytes.size();
}

}  // namespace

std::shared_ptr<node::JobChannel> new_job_watcher(const Session& session) {
  return std::make_shared<node::JobChannel>(node::Ask{kForEverMs, session.streams().cancelled});
}

Result<std::shared_ptr<const node::JobEnd>> follow_job(node::JobChannel& watcher,
                                                       const wasi::Context::OnWrite& on_write,
                                                       node::Seen& seen,
                                                       const OnExplained& on_explained) {
  while (true) {
    TR_ASSIGN(node::JobNews news, watcher.only());
    if (const auto* log = std::get_if<scheduler::execute::Log>(&news)) {
      show(*log, on_write, seen);
    } else if (const auto* explanation =
                   std::get_if<std::shared_ptr<const scheduler::Explanation>>(&news)) {
      if (on_explained) TR_TRY(on_explained(**explanation));
    } else {
      return std::get<std::shared_ptr<const node::JobEnd>>(news);
    }
  }
}

}  // namespace timerose::cli
