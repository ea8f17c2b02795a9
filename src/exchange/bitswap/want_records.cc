#include "exchange/bitswap/want_records.h"

#include <algorithm>

#include "exchange/bitswap/cid_table.h"

namespace timerose::bitswap {

bool WantQueue::before(const Item& a, const Item& b) {
  if (a.priority != b.priority) return a.priority > b.priority;
  return static_cast<int32_t>(a.order - b.order) < 0;  // the order may wrap around
}

bool WantQueue::top_is_in_run() const {
  return heap_.empty() || (run_live_ != 0 && before(run_[head_], heap_[0]));
}

void WantQueue::push(WantPool& wants, uint32_t want, uint32_t cost) {
  const WantRecord& record = wants[want];
  const Item item{.priority = record.priority, .order = record.order, .want = want, .cost = cost};
  // An item that was taken out still says how good the end of the run is.
  if (run_.empty() || before(run_.back(), item)) {
    wants[want].place = static_cast<uint32_t>(run_.size());
    run_.push_back(item);
    ++run_live_;
    return;
  }
  heap_.emplace_back();
  rise(wants, heap_.size() - 1, item);
}

void WantQueue::remove(WantPool& wants, uint32_t want) {
  const uint32_t place = wants[want].place;
  if ((place & kInHeap) != 0) {
    remove_from_heap(wants, place & ~kInHeap);
  } else {
    remove_from_run(wants, place);
  }
}

void WantQueue::remove_from_run(WantPool& wants, size_t place) {
  run_[place].want = kNone;
  if (--run_live_ == 0) {
    run_.clear();
    head_ = 0;
    if (run_.capacity() > kSpareItems) run_ = {};
    return;
  }
  while (run_[head_].want == kNone) ++head_;
  if (run_.size() <= 2 * run_live_ + kSpareItems) return;
  std::erase_if(run_, [](const Item& item) { return item.want == kNone; });
  head_ = 0;
  for (size_t i = 0; i < run_.size(); ++i) wants[run_[i].want].place = static_cast<uint32_t>(i);
}

void WantQueue::remove_from_heap(WantPool& wants, size_t place) {
  const Item last = heap_.back();
  heap_.pop_back();
  if (place != heap_.size()) {
    const bool rises = place != 0 && before(last, heap_[(place - 1) / 2]);
    rises ? rise(wants, place, last) : sink(wants, place, last);
  }
  if (heap_.empty() && heap_.capacity() > kSpareItems) heap_ = {};
}

void WantQueue::put(WantPool& wants, size_t place, const Item& item) {
  heap_[place] = item;
  wants[item.want].place = static_cast<uint32_t>(place) | kInHeap;
}

void WantQueue::rise(WantPool& wants, size_t place, const Item& item) {
  while (place != 0) {
    const size_t parent = (place - 1) / 2;
    if (!before(item, heap_[parent])) break;
    put(wants, place, heap_[parent]);
    place = parent;
  }
  put(wants, place, item);
}

void WantQueue::sink(WantPool& wants, size_t place, const Item& item) {
  while (true) {
    size_t child = place * 2 + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && before(heap_[child + 1], heap_[child])) ++child;
    if (!before(heap_[child], item)) break;
    put(wants, place, heap_[child]);
    place = child;
  }
  put(wants, place, item);
}

size_t WantIndex::home(uint32_t cid) const {
  return mix(cid ^ seed_, 0x9e3779b97f4a7c15U) & (slots_.size() - 1);
}

uint32_t WantIndex::find(uint32_t cid) const {
  if (slots_.empty()) return kNone;
  for (size_t at = home(cid);; at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at].want == kNone || slots_[at].cid == cid) return slots_[at].want;
  }
}

void WantIndex::insert(uint32_t cid, uint32_t want) {
  if (used_ * 4 >= slots_.size() * 3) {
    std::vector<Slot> old(std::max(kSlotsMin, slots_.size() * 2));
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.want != kNone) place(slot);
    }
  }
  place({.cid = cid, .want = want});
  ++used_;
}

void WantIndex::place(const Slot& slot) {
  size_t at = home(slot.cid);
  while (slots_[at].want != kNone) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = slot;
}

// Moves what follows back into the gap, so that every probe still meets no gap before its goal.
void WantIndex::erase(uint32_t cid) {
  const size_t mask = slots_.size() - 1;
  size_t gap = home(cid);
  while (slots_[gap].cid != cid) gap = (gap + 1) & mask;
  for (size_t at = (gap + 1) & mask; slots_[at].want != kNone; at = (at + 1) & mask) {
    if (((at - home(slots_[at].cid)) & mask) >= ((at - gap) & mask)) {
      slots_[gap] = slots_[at];
      gap = at;
    }
  }
  slots_[gap] = {};
  if (--used_ == 0) slots_ = {};
}

std::vector<uint32_t> WantIndex::all() const {
  std::vector<uint32_t> wants;
  wants.reserve(used_);
  for (const Slot& slot : slots_) {
    if (slot.want != kNone) wants.push_back(slot.want);
  }
  return wants;
}

}  // namespace timerose::bitswap
