// One worker process, seen from the node. What it says is checked: nothing that it does harms more
// than the call that it runs.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "compute/runner.h"
#include "isolation/channel.h"
#include "isolation/code_source.h"
#include "isolation/launch.h"
#include "isolation/measures.h"

namespace timerose::isolation {

// How long a worker may go on after a run was given up, or its deadline has passed.
inline constexpr uint64_t kGraceNs = 2'000'000'000;
// How long it may take to start.
inline constexpr uint64_t kStartNs = 20'000'000'000;
// Blocks that one run may put: more than the limits of its ABIs add up to.
inline constexpr uint64_t kRunPutBytesMax = 4ULL << 30;
// What each of them counts for beside its bytes: the node remembers that it was put.
inline constexpr uint64_t kPutBlockBytes = 1U << 10;

// How long one run may compile.
inline constexpr uint64_t kCompileNs = 60'000'000'000;

// One call to be run; all must outlive the run.
struct Work {
  const compute::Invocation& call;
  const Sha256Digest& digest;
  const compute::Budget& budget;
  const wasi::Context::OnWrite& on_write;
  const compute::Surroundings& around;
  CodeSource& codes;  // of the call's module and those linked to it
};

// Of one thread at a time, but for what is said to be thread-safe.
class Process {
 public:
  struct Options {
    Program program;
    uint64_t memory_bytes_max = 0;
    Namespaces namespaces = Namespaces::kOwn;
    uint64_t compile_ns_max = kCompileNs;
    uint64_t run_put_bytes_max = kRunPutBytesMax;
    std::string group_folder;  // of cgroup v2; empty: no control group
  };
  // Waits until it has confined itself. kUnsupported if it cannot have namespaces.
  static Result<std::unique_ptr<Process>> start(const Options& options, Clock& clock);
  // Kills it.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // As compute::execute(). Once it has given an error with a reason in broken(), the process is
  // good for nothing.
  Result<compute::Answer> run(const Work& work);

  // Why it failed us; the message says how it ended.
  struct Broken {
    enum class How {
      kCrashed,
      kKilled,  // not by us
      kHung,
      kLied,
      kCompiled,  // for longer than it may
      kGivenUp,   // the call was cancelled while it compiled, which cannot be interrupted
    };
    How how;
    std::string message;
  };
  [[nodiscard]] const std::optional<Broken>& broken() const { return broken_; }
  // Whether it has ended by itself.
  [[nodiscard]] bool has_ended();

  // What it holds of the machine's memory; 0 if the system does not say. From any thread.
  [[nodiscard]] uint64_t memory_bytes() const;
  // Ends it, from any thread; the run that is under way then says so. Not where the system has no
  // handles of processes (Linux before 5.3).
  void end_now() const;

  [[nodiscard]] pid_t id() const { return id_; }
  [[nodiscard]] Measures measures() const { return measures_; }
  // Why it is in no control group, though it should be.
  [[nodiscard]] const std::string& group_failure() const { return group_failure_; }
  [[nodiscard]] const std::string& engine() const { return engine_; }

 private:
  Process(Launched launched, Channel channel, Clock& clock, const Options& options);
  Status greet(const Options& options);
  void join_group(const Options& options);
  // Ends it, and says why.
  void break_off(Broken::How how, const std::string& message);
  // The channel's other end is closed.
  void break_off_ended();
  std::string end();

  const pid_t id_;
  const uint64_t compile_ns_max_;
  const uint64_t run_put_bytes_max_;
  FileDescriptor cancel_;
  const FileDescriptor handle_;  // names it even when its number is another process's
  const FileDescriptor statm_;   // likewise; /proc/PID/statm
  Channel channel_;
  Clock& clock_;
  Measures measures_;
  std::string engine_;
  std::filesystem::path group_;
  std::string group_failure_;
  uint64_t numbers_ = 0;
  std::optional<Broken> broken_;
  std::optional<int> ended_;  // as waitpid() says
};

}  // namespace timerose::isolation
