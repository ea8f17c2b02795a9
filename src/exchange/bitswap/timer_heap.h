// Moments in the future, each owned by someone: the earliest in O(1), moved or taken out in
// O(log n), with nothing left behind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/check.h"

namespace timerose::bitswap {

inline constexpr uint64_t kNever = UINT64_MAX;

// What is woken embeds one, or derives from it; it knows its place in the heap. At most one heap
// holds it, which it must not outlive while it is set.
struct Timer {
  enum class Kind : uint8_t { kPeer, kSession, kClaim };

  explicit Timer(Kind timer_kind) : kind(timer_kind) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  const Kind kind;
  uint64_t at_ns = kNever;
  size_t slot = SIZE_MAX;  // SIZE_MAX: in no heap
};

class TimerHeap {
 public:
  // Moves it if it is set already; kNever takes it out.
  void set(Timer& timer, uint64_t at_ns) {
    if (at_ns == timer.at_ns) return;
    if (at_ns == kNever) return remove(timer);
    const bool earlier = at_ns < timer.at_ns;
    timer.at_ns = at_ns;
    if (timer.slot == SIZE_MAX) {
      timer.slot = heap_.size();
      heap_.push_back(&timer);
      rise(timer.slot);
    } else if (earlier) {
      rise(timer.slot);
    } else {
      sink(timer.slot);
    }
  }

  void remove(Timer& timer) {
    if (timer.slot == SIZE_MAX) return;
    const size_t slot = timer.slot;
    CHECK(slot < heap_.size() && heap_[slot] == &timer);
    place(heap_.back(), slot);
    heap_.pop_back();
    timer.slot = SIZE_MAX;
    timer.at_ns = kNever;
    if (slot < heap_.size()) {
      rise(slot);
      sink(slot);
    }
  }

  // kNever if nothing is set.
  [[nodiscard]] uint64_t next_ns() const { return heap_.empty() ? kNever : heap_.front()->at_ns; }

  // Takes out the earliest that is due; null if none is.
  Timer* take_due(uint64_t now_ns) {
    if (next_ns() > now_ns || heap_.empty()) return nullptr;
    Timer* timer = heap_.front();
    remove(*timer);
    return timer;
  }

  [[nodiscard]] size_t size() const { return heap_.size(); }

 private:
  void place(Timer* timer, size_t slot) {
    heap_[slot] = timer;
    timer->slot = slot;
  }
  void rise(size_t slot) {
    Timer* timer = heap_[slot];
    while (slot > 0 && timer->at_ns < heap_[(slot - 1) / 2]->at_ns) {
      place(heap_[(slot - 1) / 2], slot);
      slot = (slot - 1) / 2;
    }
    place(timer, slot);
  }
  void sink(size_t slot) {
    Timer* timer = heap_[slot];
    for (size_t child = 2 * slot + 1; child < heap_.size(); child = 2 * slot + 1) {
      if (child + 1 < heap_.size() && heap_[child + 1]->at_ns < heap_[child]->at_ns) ++child;
      if (timer->at_ns <= heap_[child]->at_ns) break;
      place(heap_[child], slot);
      slot = child;
    }
    place(timer, slot);
  }

  std::vector<Timer*> heap_;
};

}  // namespace timerose::bitswap
