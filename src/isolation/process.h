// One worker process, seen from the node. What it says is checked: nothing that it does harms more
// than the call that it runs.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "compute/runner.h"
#include "isolation/channel.h"
#include "isolation/launch.h"
#include "isolation/measures.h"

namespace timerose::isolation {

// How long a worker may go on after a run was given up, or its deadline has passed.
inline constexpr uint64_t kGraceNs = 2'000'000'000;
// How long it may take to start.
inline constexpr uint64_t kStartNs = 20'000'000'000;
// Blocks that one run may put: more than the limits of its ABIs add up to.
inline constexpr uint64_t kRunPutBytesMax = 4ULL << 30;

// One call to be run; all must outlive the run.
struct Work {
  const compute::Invocation& call;
  const Sha256Digest& digest;
  const compute::Budget& budget;
  const wasi::Context::OnWrite& on_write;
  const compute::Surroundings& around;
  // The compiled code of the call's module, or of one linked to it.
  const std::function<Result<Bytes>(const Cid& module)>& code;
};

// Of one thread at a time, but for what is said to be thread-safe.
class Process {
 public:
  struct Options {
    Program program;
    uint64_t memory_bytes_max = 0;
    Namespaces namespaces = Namespaces::kOwn;
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
    enum class How { kCrashed, kKilled, kHung, kLied };
    How how;
    std::string message;
  };
  [[nodiscard]] const std::optional<Broken>& broken() const { return broken_; }
  // Whether it has ended by itself.
  [[nodiscard]] bool has_ended();

  [[nodiscard]] pid_t id() const { return id_; }
  [[nodiscard]] Measures measures() const { return measures_; }
  [[nodiscard]] const std::string& engine() const { return engine_; }

 private:
  Process(Launched launched, Channel channel, Clock& clock)
      : id_(launched.process),
        cancel_(std::move(launched.cancel)),
        channel_(std::move(channel)),
        clock_(clock) {}
  Status greet(const Options& options);
  // What an error of the channel or of what came over it says of the process; ends it.
  void break_off(const Error& error);
  std::string end();

  const pid_t id_;
  FileDescriptor cancel_;
  Channel channel_;
  Clock& clock_;
  Measures measures_;
  std::string engine_;
  uint64_t numbers_ = 0;
  std::optional<Broken> broken_;
  std::optional<int> ended_;  // as waitpid() says
};

}  // namespace timerose::isolation
