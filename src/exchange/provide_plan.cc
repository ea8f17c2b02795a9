#include "exchange/provide_plan.h"

#include <algorithm>
#include <utility>

#include "crypto/digest.h"

namespace timerose::exchange {
namespace {

constexpr int kPlaceBits = 64;

// Kademlia's key of a record is the sha2-256 of its name.
uint64_t place_of(ByteView multihash) {
  const Sha256Digest key = sha256(multihash);
  uint64_t place = 0;
  for (size_t i = 0; i < sizeof(place); ++i) place = place << 8 | key[i];
  return place;
}

// The places from `first` on that begin with the same bits.
KeyRegion region_from(uint64_t first, int bits) {
  return {first, first | (UINT64_MAX >> static_cast<unsigned>(bits))};
}

}  // namespace

// --- What is in a region ---

void RegionBlocks::see(ByteView multihash) {
  ++seen_;
  const uint64_t place = place_of(multihash);
  if (place < region_.first || place > region_.last) return;
  blocks_.emplace(place, to_bytes(multihash));
  while (blocks_.size() > kBlocksMax && region_.first < region_.last) {
    region_.last = region_.first + (region_.last - region_.first) / 2;
    blocks_.erase(blocks_.upper_bound(region_.last), blocks_.end());
  }
}

// --- The plan ---

ProvidePlan::ProvidePlan(uint64_t now_ns, uint64_t swept_until_ns, uint64_t interval_ns)
    : interval_ns_(interval_ns) {
  // No more than one round is made up for; a moment in the future is not believed.
  sweep_from(std::clamp(swept_until_ns, now_ns - std::min(now_ns, interval_ns), now_ns));
}

void ProvidePlan::sweep_from(uint64_t moment_ns) {
  round_ = moment_ns / interval_ns_;
  const auto phase = static_cast<unsigned __int128>(moment_ns % interval_ns_);
  const auto place = static_cast<uint64_t>((phase << kPlaceBits) / interval_ns_);
  region_ = region_from(place, kRegionBitsMin);
  held_ = false;
  blocks_.clear();
}

void ProvidePlan::sweep_again(uint64_t now_ns) {
  sweep_from(now_ns - std::min(now_ns, interval_ns_));
}

// When the sweep comes by a place.
uint64_t ProvidePlan::moment_of(uint64_t round, uint64_t place) const {
  const auto phase = static_cast<unsigned __int128>(place) * interval_ns_ >> kPlaceBits;
  return round * interval_ns_ + static_cast<uint64_t>(phase);
}

uint64_t ProvidePlan::swept_until_ns() const {
  return moment_of(round_, blocks_.empty() ? region_.first : blocks_.begin()->first);
}

void ProvidePlan::announce(ByteView multihash, bool urgent) {
  if (new_waiting() >= kNewMax) {
    ++new_left_out_;
    return;
  }
  // One that waits already and has become urgent is announced twice.
  if (!new_known_.insert(multihash) && !urgent) return;
  (urgent ? urgent_ : new_).push_back(to_bytes(multihash));
}

std::optional<KeyRegion> ProvidePlan::region_due(uint64_t now_ns) const {
  if (held_ || moment_of(round_, region_.first) > now_ns) return std::nullopt;
  return region_;
}

void ProvidePlan::take_region(RegionBlocks blocks) {
  if (held_ || blocks.region_.first != region_.first) return;  // sweep_again() came between
  ++regions_taken_;
  blocks_seen_ = blocks.seen_;
  const size_t size = blocks.blocks_.size();
  region_ = blocks.region_;
  blocks_ = std::move(blocks.blocks_);
  held_ = true;
  // As wide as holds about half of what may be held.
  const uint64_t width = region_.last - region_.first;
  region_bits_ = std::max(kRegionBitsMin, width == 0 ? kPlaceBits - 1 : __builtin_clzll(width));
  if (size < RegionBlocks::kBlocksMax / 4) {
    region_bits_ = std::max(kRegionBitsMin, region_bits_ - 1);
  }
  if (blocks_.empty()) end_region();
}

void ProvidePlan::end_region() {
  held_ = false;
  if (region_.last == UINT64_MAX) ++round_;
  region_ = region_from(region_.last + 1, region_bits_);
}

std::vector<Bytes> ProvidePlan::take_due(uint64_t now_ns, size_t max, Hurry hurry) {
  std::vector<Bytes> due;
  const auto take = [&](std::deque<Bytes>& from) {
    while (due.size() < max && !from.empty()) {
      due.push_back(std::move(from.front()));
      from.pop_front();
    }
  };
  take(urgent_);
  if (hurry == Hurry::kOnlyUrgent) return due;
  take(new_);
  if (urgent_.empty() && new_.empty()) new_known_.clear();
  while (due.size() < max && !blocks_.empty()) {
    const auto next = blocks_.begin();
    if (moment_of(round_, next->first) > now_ns) break;
    due.push_back(std::move(next->second));
    blocks_.erase(next);
    if (blocks_.empty()) end_region();
  }
  return due;
}

uint64_t ProvidePlan::next_due_ns(uint64_t now_ns) const {
  if (new_waiting() > 0) return now_ns;
  return moment_of(round_, held_ ? blocks_.begin()->first : region_.first);
}

}  // namespace timerose::exchange
