#include "exchange/provide_plan.h"

#include <algorithm>
#include <utility>

#include "crypto/digest.h"

namespace timerose::exchange {

ProvidePlan::ProvidePlan(uint64_t now_ns, uint64_t swept_until_ns, uint64_t interval_ns)
    : interval_ns_(interval_ns) {
  // No more than one round is made up for; a moment in the future is not believed.
  sweep_to(std::clamp(swept_until_ns, now_ns - std::min(now_ns, interval_ns), now_ns));
}

void ProvidePlan::sweep_to(uint64_t now_ns) {
  round_ = now_ns / interval_ns_;
  const auto phase = static_cast<unsigned __int128>(now_ns % interval_ns_);
  swept_ = {static_cast<uint64_t>((phase << 64) / interval_ns_), {}};
}

// Kademlia's key of a record is the sha2-256 of its name.
ProvidePlan::Entry ProvidePlan::entry_of(ByteView multihash) {
  const Sha256Digest key = sha256(multihash);
  Entry entry{0, to_bytes(multihash)};
  for (size_t i = 0; i < sizeof(entry.place); ++i) entry.place = entry.place << 8 | key[i];
  return entry;
}

// When the sweep comes by a place.
uint64_t ProvidePlan::moment_of(uint64_t round, uint64_t place) const {
  const auto phase = static_cast<unsigned __int128>(place) * interval_ns_ >> 64;
  return round * interval_ns_ + static_cast<uint64_t>(phase);
}

void ProvidePlan::add(ByteView multihash, bool is_new) {
  const bool added = entries_.insert(entry_of(multihash)).second;
  if (added && is_new) new_.push_back(to_bytes(multihash));
}

void ProvidePlan::remove(ByteView multihash) { entries_.erase(entry_of(multihash)); }

std::vector<Bytes> ProvidePlan::take_due(uint64_t now_ns, size_t max) {
  std::vector<Bytes> due;
  while (due.size() < max && !new_.empty()) {
    Bytes multihash = std::move(new_.front());
    new_.pop_front();
    if (entries_.contains(entry_of(multihash))) due.push_back(std::move(multihash));
  }
  while (due.size() < max) {
    const auto next = entries_.upper_bound(swept_);
    const bool round_ended = next == entries_.end();
    const uint64_t moment = round_ended ? moment_of(round_ + 1, 0) : moment_of(round_, next->place);
    if (moment > now_ns) {
      if (now_ns > swept_until_ns()) sweep_to(now_ns);
      break;
    }
    if (round_ended) {
      ++round_;
      swept_ = {};
    } else {
      swept_ = *next;
      due.push_back(next->multihash);
    }
  }
  return due;
}

uint64_t ProvidePlan::next_due_ns(uint64_t now_ns) const {
  if (!new_.empty()) return now_ns;
  if (entries_.empty()) return UINT64_MAX;
  const auto next = entries_.upper_bound(swept_);
  return next != entries_.end() ? moment_of(round_, next->place)
                                : moment_of(round_ + 1, entries_.begin()->place);
}

}  // namespace timerose::exchange
