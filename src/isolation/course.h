// The course of one run in a worker process, as the node follows it: it answers what the worker
// asks for, keeps what the worker puts, and makes an Answer of what it says in the end.
#pragma once

#include <atomic>
#include <set>

#include "isolation/channel.h"
#include "isolation/process.h"
#include "isolation/reach.h"

namespace timerose::isolation {

class Course {
 public:
  struct Parts {
    Channel& channel;
    Clock& clock;
    int cancel;       // the worker's cancel pipe
    uint64_t number;  // of the run
    uint64_t compile_ns_max;
    uint64_t put_bytes_max;
  };
  Course(const Parts& parts, const Work& work)
      : parts_(parts), work_(work), reach_(work.call), begun_ns_(parts.clock.monotonic_ns()) {}

  // Until the run has ended.
  Result<compute::Answer> follow();

  // Why the worker is of no more use after an error of follow(), if the error is the worker's.
  enum class Fault {
    kNone,
    kGone,
    kLate,  // it did not stop when it should have
    kLie,   // it said what cannot be
    kCompiledTooLong,
    kGivenUp,  // it could not stop, since it compiled
  };
  [[nodiscard]] Fault fault() const { return fault_; }

 private:
  Status send(const ToWorker& message, int descriptor = -1);
  Result<FromWorker> receive();
  // An error if the worker should have stopped long ago.
  Status check_time();
  Status check_cancelled(uint64_t now_ns);
  // The worker has said something: it does not compile any more.
  void end_compiling();
  Error fail(Fault fault, std::string message);
  // kIo of the channel: the worker has gone.
  Error channel_failed(const Error& error);

  // What the worker says, but for its last word.
  Status take(const WantBlock& want);
  Status take(const WantCode& want);
  Status take(const WantRoom& want);
  Status take(const Compiled& compiled);
  Status take(PutBlocks& put);
  Status take(const Wrote& wrote);
  Status take(const Hello& hello);
  Result<compute::Answer> take(Ended& ended);
  Result<compute::Answer> answer_of(const Ended& ended, const Ended::WithOutcome& with);
  [[nodiscard]] bool holds(const std::optional<Cid>& cid) const;

  const Parts parts_;
  const Work work_;
  Reach reach_;
  const uint64_t begun_ns_;
  uint64_t excused_ns_ = 0;  // of it we used ourselves, or it compiled: no part of a deadline
  struct Compiling {
    Cid module;
    std::shared_ptr<const FileDescriptor> file;  // the binary, then its code
    uint64_t since_ns;
    bool is_over = false;  // the worker has said something since
  };
  std::optional<Compiling> compiling_;
  std::set<Cid> handed_out_;  // modules
  uint64_t compiled_ns_ = 0;  // in this run, but for what is under way
  std::atomic<uint64_t> cancelled_ns_{0};
  std::optional<uint64_t> excused_when_cancelled_ns_;
  uint64_t blocks_read_ = 0;
  uint64_t bytes_read_ = 0;
  uint64_t bytes_put_ = 0;
  Status put_;  // the first that failed
  Fault fault_ = Fault::kNone;
};

}  // namespace timerose::isolation
