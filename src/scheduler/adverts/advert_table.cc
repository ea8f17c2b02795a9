#include "scheduler/adverts/advert_table.h"

#include <algorithm>
#include <cstring>

namespace timerose::scheduler {
namespace {

constexpr size_t kKeptShare = 4;  // one in so many nodes may be kept whatever comes

uint64_t random_number(Random& random) {
  std::array<uint8_t, sizeof(uint64_t)> bytes{};
  random.fill(bytes);
  uint64_t out = 0;
  std::memcpy(&out, bytes.data(), sizeof(out));
  return out;
}

// The finalizer of splitmix64.
uint64_t mix(uint64_t value) {
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return value ^ value >> 31;
}

// Until when its number must be remembered, so that a replay does not bring it back.
uint64_t stale_after_ms(const Advert& advert) {
  return advert.expires_unix_ms() + AdvertTable::kSkewMax_ms;
}

uint64_t live_until_ms(const Advert& advert, uint64_t heard_unix_ms) {
  const uint64_t lifetime = advert.expires_unix_ms() - advert.issued_unix_ms;
  return std::min(heard_unix_ms + lifetime, stale_after_ms(advert));
}

// Heard::kNew: neither too old nor too new.
Heard check_moment(uint64_t now_unix_ms, uint64_t heard_unix_ms, const Advert& advert) {
  if (advert.issued_unix_ms > now_unix_ms + AdvertTable::kSkewMax_ms) return Heard::kFuture;
  return live_until_ms(advert, heard_unix_ms) < now_unix_ms ? Heard::kStale : Heard::kNew;
}

}  // namespace

const char* heard_name(Heard heard) {
  static constexpr std::array<const char*, kHeardKinds> kNames{
      "new",   "newer",  "repeated", "own",      "malformed",   "forged",
      "stale", "future", "replayed", "too_soon", "crowded_out", "unread"};
  return kNames[static_cast<size_t>(heard)];
}

bool is_worth_passing_on(Heard heard) {
  return heard == Heard::kNew || heard == Heard::kNewer || heard == Heard::kCrowdedOut;
}

bool is_fault_of_sender(Heard heard) {
  return heard == Heard::kMalformed || heard == Heard::kForged;
}

uint64_t AdvertTable::KeyHash::rank(const PublicKey& key) const {
  uint64_t hash = secret;
  for (size_t at = 0; at < key.bytes.size(); at += sizeof(uint64_t)) {
    uint64_t part = 0;
    std::memcpy(&part, key.bytes.data() + at, sizeof(part));
    hash = mix(hash ^ part);
  }
  return hash;
}

AdvertTable::AdvertTable(const PublicKey& self, Random& random, size_t nodes_max)
    : self_(self), nodes_max_(nodes_max), slots_of_(0, KeyHash{random_number(random)}) {
  CHECK(nodes_max > 0);
}

AdvertTable::Outcome AdvertTable::hear_kept(uint64_t now_unix_ms, uint64_t heard_unix_ms,
                                            ByteView advert) {
  // The clock may have been set back since.
  const Outcome outcome = judge(now_unix_ms, std::min(heard_unix_ms, now_unix_ms), advert);
  ++counters_[static_cast<size_t>(outcome.heard)];
  return outcome;
}

// The signature, which costs most, is looked at last.
AdvertTable::Outcome AdvertTable::judge(uint64_t now_unix_ms, uint64_t heard_unix_ms,
                                        ByteView bytes) {
  auto decoded = Advert::decode(bytes);
  if (!decoded.ok()) return {Heard::kMalformed, {}, {}};
  Advert& advert = *decoded;
  if (advert.node == self_) return {Heard::kOwn, {}, {}};
  const Heard moment = check_moment(now_unix_ms, heard_unix_ms, advert);
  if (moment != Heard::kNew) return {moment, {}, {}};
  const auto found = slots_of_.find(advert.node);
  if (found != slots_of_.end()) {
    const Heard order = check_order(entry(found->second), advert);
    if (order != Heard::kNewer) return {order, {}, {}};
  }
  if (!advert.verify().ok()) return {Heard::kForged, {}, {}};
  return found == slots_of_.end() ? insert(heard_unix_ms, std::move(advert))
                                  : replace(heard_unix_ms, found->second, std::move(advert));
}

Heard AdvertTable::check_order(const Entry& entry, const Advert& advert) const {
  const Advert& known = *entry.known.advert;
  if (advert == known) return Heard::kRepeated;
  if (advert.sequence <= known.sequence) return Heard::kReplayed;
  if (advert.issued_unix_ms < known.issued_unix_ms + kSpacingMin_ms) return Heard::kTooSoon;
  return Heard::kNewer;
}

AdvertTable::Outcome AdvertTable::replace(uint64_t heard_unix_ms, NodeSlot slot, Advert advert) {
  Entry& known = entry(slot);
  const Heard heard = known.expired ? Heard::kNew : Heard::kNewer;
  if (known.expired) --expired_;
  known.expired = false;
  known.known.advert = std::make_shared<const Advert>(std::move(advert));
  known.known.heard_unix_ms = heard_unix_ms;
  return {heard, slot, {}};
}

AdvertTable::Outcome AdvertTable::insert(uint64_t heard_unix_ms, Advert advert) {
  const uint64_t rank = slots_of_.hash_function().rank(advert.node);
  Outcome outcome{Heard::kNew, {}, {}};
  if (slots_of_.size() >= nodes_max_) {
    if (by_rank_.empty() || by_rank_.rbegin()->first <= rank) return {Heard::kCrowdedOut, {}, {}};
    const NodeSlot leaving = by_rank_.rbegin()->second;
    if (!entry(leaving).expired) {
      outcome.removed = leaving;
      outcome.removed_node = entry(leaving).known.advert->node;
    }
    remove(leaving);
  }
  if (free_.empty()) {
    free_.push_back(NodeSlot{static_cast<uint32_t>(entries_.size())});
    entries_.emplace_back();
  }
  const NodeSlot slot = free_.back();
  free_.pop_back();
  slots_of_.emplace(advert.node, slot);
  by_rank_.emplace(rank, slot);
  entry(slot) = {
      {std::make_shared<const Advert>(std::move(advert)), heard_unix_ms, false}, rank, true, false};
  outcome.slot = slot;
  return outcome;
}

void AdvertTable::remove(NodeSlot slot) {
  Entry& leaving = entry(slot);
  if (leaving.expired) --expired_;
  by_rank_.erase({leaving.rank, slot});
  slots_of_.erase(leaving.known.advert->node);
  leaving = Entry();
  free_.push_back(slot);
}

void AdvertTable::expire(uint64_t now_unix_ms, const OnGone& on_gone) {
  for (uint32_t i = 0; i < entries_.size(); ++i) {
    Entry& known = entries_[i];
    if (!known.used) continue;
    if (!known.expired &&
        live_until_ms(*known.known.advert, known.known.heard_unix_ms) < now_unix_ms) {
      known.expired = true;
      ++expired_;
      keep(known.known.advert->node, false);
      on_gone(NodeSlot{i});
    }
    if (known.expired && stale_after_ms(*known.known.advert) < now_unix_ms) remove(NodeSlot{i});
  }
}

void AdvertTable::keep(const PublicKey& node, bool keep) {
  const auto found = slots_of_.find(node);
  if (found == slots_of_.end()) return;
  Entry& known = entry(found->second);
  if (known.known.kept == keep) return;
  const size_t kept = slots_of_.size() - by_rank_.size();
  if (keep && (known.expired || kept >= nodes_max_ / kKeptShare)) return;
  known.known.kept = keep;
  if (keep) {
    by_rank_.erase({known.rank, found->second});
  } else {
    by_rank_.emplace(known.rank, found->second);
  }
}

const AdvertTable::Known* AdvertTable::find(const PublicKey& node) const {
  const auto slot = slot_of(node);
  return slot ? &entry(*slot).known : nullptr;
}

std::optional<NodeSlot> AdvertTable::slot_of(const PublicKey& node) const {
  const auto found = slots_of_.find(node);
  if (found == slots_of_.end() || entry(found->second).expired) return std::nullopt;
  return found->second;
}

const AdvertTable::Known& AdvertTable::at(NodeSlot slot) const {
  CHECK(static_cast<uint32_t>(slot) < entries_.size() && entry(slot).used);
  return entry(slot).known;
}

void AdvertTable::for_each(const std::function<void(NodeSlot, const Known&)>& visit) const {
  for (uint32_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].used && !entries_[i].expired) visit(NodeSlot{i}, entries_[i].known);
  }
}

}  // namespace timerose::scheduler
