// The wants of all peers as the server keeps them: small records, found by peer and CID, queued by
// priority. Measured by bench/micro_bitswap.
#pragma once

#include <vector>

#include "exchange/bitswap/chunked_pool.h"
#include "exchange/bitswap/message.h"

namespace timerose::bitswap {

enum class WantState : uint8_t {
  kToLook,         // in the peer's queue of CIDs to look up
  kLooking,        // a LookUp names it
  kWaiting,        // not here: waits for its block
  kReadyDontHave,  // these three are in the peer's queue of answers
  kReadyHave,
  kReadyBlock,
  kSent,  // its block is on the way
};

struct WantRecord {
  uint32_t cid = kNone;  // in the CidTable
  uint32_t peer = 0;     // its number
  // Neighbours in the list of its CID while it has no block; the next of its message when sent.
  uint32_t next = kNone;
  uint32_t previous = kNone;
  int32_t priority = 0;
  uint32_t order =
      0;  // of arrival at its peer: the earlier goes first, and tells one from the next
  uint32_t place = 0;  // in the queue that holds it
  uint32_t bytes = 0;  // of the block, once it is ready
  WantState state = WantState::kToLook;
  WantType type = WantType::kBlock;
  bool send_dont_have = false;
  uint8_t mark = 0;  // what the step at hand has to remember
};
static_assert(sizeof(WantRecord) == 36);

using WantPool = ChunkedPool<WantRecord>;

// Wants by priority, highest first; those of one priority as they came. Each record knows its
// place, so any can be taken out.
//
// Peers mostly tell their wants in the order in which they need them: those are kept as a sorted
// run, which costs no search and little memory traffic. Only what comes out of order is in a heap.
class WantQueue {
 public:
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] size_t size() const { return run_live_ + heap_.size(); }
  [[nodiscard]] uint32_t top() const { return top_is_in_run() ? run_[head_].want : heap_[0].want; }

  // The one that comes `behind` the top, if that is cheap to say; else kNone.
  [[nodiscard]] uint32_t upcoming(size_t behind) const {
    return head_ + behind < run_.size() ? run_[head_ + behind].want : kNone;
  }

  // What the caller said that the top costs.
  [[nodiscard]] uint32_t top_cost() const {
    return top_is_in_run() ? run_[head_].cost : heap_[0].cost;
  }

  // `cost`: kept for top_cost(), as the record itself is far away.
  void push(WantPool& wants, uint32_t want, uint32_t cost = 0);
  void remove(WantPool& wants, uint32_t want);

 private:
  struct Item {
    int32_t priority;
    uint32_t order;
    uint32_t want;  // kNone in the run: taken out
    uint32_t cost;
  };
  // In WantRecord::place: the rest is a place in the heap; without it, one in the run.
  static constexpr uint32_t kInHeap = 1U << 31;
  // Gaps of the run that are kept, and what an empty queue keeps of its memory.
  static constexpr size_t kSpareItems = 256;

  static bool before(const Item& a, const Item& b);
  [[nodiscard]] bool top_is_in_run() const;
  void remove_from_run(WantPool& wants, size_t place);
  void remove_from_heap(WantPool& wants, size_t place);
  void put(WantPool& wants, size_t place, const Item& item);
  void rise(WantPool& wants, size_t place, const Item& item);
  void sink(WantPool& wants, size_t place, const Item& item);

  std::vector<Item> run_;  // from head_, whose item is there if any is
  size_t head_ = 0;
  size_t run_live_ = 0;
  std::vector<Item> heap_;
};

// The wants of one peer by CID.
class WantIndex {
 public:
  explicit WantIndex(uint64_t hash_seed) : seed_(hash_seed) {}

  [[nodiscard]] size_t size() const { return used_; }
  // kNone if there is none.
  [[nodiscard]] uint32_t find(uint32_t cid) const;
  void prefetch(uint32_t cid) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[home(cid)]);
  }
  void insert(uint32_t cid, uint32_t want);
  void erase(uint32_t cid);
  [[nodiscard]] std::vector<uint32_t> all() const;

 private:
  static constexpr size_t kSlotsMin = 8;
  struct Slot {
    uint32_t cid = kNone;
    uint32_t want = kNone;
  };
  [[nodiscard]] size_t home(uint32_t cid) const;
  void place(const Slot& slot);

  const uint64_t seed_;
  std::vector<Slot> slots_;
  size_t used_ = 0;
};

}  // namespace timerose::bitswap
