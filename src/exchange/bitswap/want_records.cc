#include "exchange/bitswap/want_records.h"

#include <algorithm>

#include "exchange/bitswap/cid_table.h"

namespace timerose::bitswap {

bool WantQueue::before(const Item& a, const Item& b) {
  if (a.priority != b.priority) return a.priority > b.priority;
  return static_cast<int32_t>(a.order - b.order) < 0;  // the order may wrap around
}

void WantQueue::put(WantPool& wants, size_t place, const Item& item) {
  heap_[place] = item;
  wants[item.want].place = static_cast<uint32_t>(place);
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

void WantQueue::push(WantPool& wants, uint32_t want) {
  const WantRecord& record = wants[want];
  heap_.emplace_back();
  rise(wants, heap_.size() - 1, {.priority = record.priority, .order = record.order, .want = want});
}

void WantQueue::remove(WantPool& wants, uint32_t want) {
  const size_t place = wants[want].place;
  CHECK(place < heap_.size() && heap_[place].want == want);
  const Item last = heap_.back();
  heap_.pop_back();
  if (last.want != want) {
    const bool rises = place != 0 && before(last, heap_[(place - 1) / 2]);
    rises ? rise(wants, place, last) : sink(wants, place, last);
  }
  if (heap_.empty() && heap_.capacity() > kKeptItems) heap_ = {};
}

size_t WantIndex::home(uint32_t cid) const {
  return mix(cid ^ seed_, 0x9e3779b97f4a7c15U) & (slots_.size() - 1);
}

uint32_t WantIndex::find(const WantPool& wants, uint32_t cid) const {
  if (slots_.empty()) return kNone;
  for (size_t at = home(cid);; at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at] == kNone || wants[slots_[at]].cid == cid) return slots_[at];
  }
}

void WantIndex::insert(const WantPool& wants, uint32_t want) {
  if (used_ * 4 >= slots_.size() * 3) {
    std::vector<uint32_t> old(std::max(kSlotsMin, slots_.size() * 2), kNone);
    old.swap(slots_);
    for (const uint32_t moved : old) {
      if (moved != kNone) place(wants, moved);
    }
  }
  place(wants, want);
  ++used_;
}

void WantIndex::place(const WantPool& wants, uint32_t want) {
  size_t at = home(wants[want].cid);
  while (slots_[at] != kNone) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = want;
}

// Moves what follows back into the gap, so that every probe still meets no gap before its goal.
void WantIndex::erase(const WantPool& wants, uint32_t want) {
  const size_t mask = slots_.size() - 1;
  size_t gap = home(wants[want].cid);
  while (slots_[gap] != want) gap = (gap + 1) & mask;
  for (size_t at = (gap + 1) & mask; slots_[at] != kNone; at = (at + 1) & mask) {
    if (((at - home(wants[slots_[at]].cid)) & mask) >= ((at - gap) & mask)) {
      slots_[gap] = slots_[at];
      gap = at;
    }
  }
  slots_[gap] = kNone;
  if (--used_ == 0) slots_ = {};
}

std::vector<uint32_t> WantIndex::all() const {
  std::vector<uint32_t> wants;
  wants.reserve(used_);
  std::copy_if(slots_.begin(), slots_.end(), std::back_inserter(wants),
               [](uint32_t want) { return want != kNone; });
  return wants;
}

}  // namespace timerose::bitswap
