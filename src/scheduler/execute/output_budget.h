// How much of what guests write is held in memory until their calls end: of one requester's calls,
// and of all.
#pragma once

#include <map>
#include <mutex>

#include "multiformats/peer_id.h"
#include "scheduler/execute/executor_limits.h"
#include "wasm/output_room.h"

namespace timerose::scheduler::execute {

// Thread-safe.
class OutputBudget {
 public:
  explicit OutputBudget(const OutputLimits& limits) : limits_(limits) {}

  // That of one call, which gives back what it took when it ends. `budget` must outlive it.
  class Room final : public wasm::OutputRoom {
   public:
    Room(OutputBudget& budget, PeerId requester)
        : budget_(budget), requester_(std::move(requester)) {}
    ~Room() override;
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;
    // kLimitExceeded.
    Status take(uint64_t bytes) override;

   private:
    OutputBudget& budget_;
    const PeerId requester_;
    uint64_t bytes_ = 0;
  };

 private:
  Status take(const PeerId& requester, uint64_t bytes);
  void give_back(const PeerId& requester, uint64_t bytes);

  const OutputLimits limits_;
  std::mutex mutex_;                     // of what follows
  std::map<PeerId, uint64_t> bytes_of_;  // only who has some
  uint64_t bytes_ = 0;
};

}  // namespace timerose::scheduler::execute
