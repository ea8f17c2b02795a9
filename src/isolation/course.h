// The course of one run in a worker process, as the node follows it: it answers what the worker
// asks for, keeps what the worker puts, and makes an Answer of what it says in the end.
#pragma once

#include <atomic>

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
  };
  Course(const Parts& parts, const Work& work)
      : parts_(parts), work_(work), reach_(work.call), begun_ns_(parts.clock.monotonic_ns()) {}

  // Until the run has ended.
  Result<compute::Answer> follow();

  // Whether the error of follow() is the worker's: kIo, it has gone; kBusy, it did not stop when it
  // should have; else it said what cannot be.
  [[nodiscard]] bool is_workers_fault() const { return workers_fault_; }

 private:
  Status send(const ToWorker& message, int descriptor = -1);
  Result<FromWorker> receive();
  // kBusy if the worker should have stopped long ago.
  [[nodiscard]] Status check_time() const;
  Error fault(ErrorCode code, std::string message);

  // What the worker says, but for its last word.
  Status take(const WantBlock& want);
  Status take(const WantCode& want);
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
  uint64_t served_ns_ = 0;  // of it we used ourselves
  std::atomic<uint64_t> cancelled_ns_{0};
  uint64_t blocks_read_ = 0;
  uint64_t bytes_read_ = 0;
  uint64_t bytes_put_ = 0;
  Status put_;  // the first that failed
  bool workers_fault_ = false;
};

}  // namespace timerose::isolation
