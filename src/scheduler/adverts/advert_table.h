// The nodes that are known: the newest good advert of each, as they are heard.
//
// Good means: well-formed, signed by its node, numbered above the last, not too old, not from the
// future, and not sooner after the last than kSpacingMin_ms. What is not is dropped and counted.
//
// When the table is full, nodes that this one uses (keep()) stay, a quarter of the table at most.
// Of all others those stay whose keys have the smallest hash under a secret of this table: a fair
// sample of every node ever heard, so that whoever makes up nodes gets the share of the table that
// is his share of the nodes, and cannot choose whom he pushes out.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "scheduler/adverts/advert.h"

namespace timerose::scheduler {

// What became of an advert that was heard.
enum class Heard : uint8_t {
  kNew,         // of a node that was not known
  kNewer,       // of one that was
  kRepeated,    // the same once more: gossip brings it by several ways
  kOwn,         // this node's
  kMalformed,   // does not decode, or says what cannot be
  kForged,      // the signature is not the node's
  kStale,       // expired before it came
  kFuture,      // issued later than now
  kReplayed,    // numbered no higher than one that was heard before
  kTooSoon,     // sooner after the one before than is allowed
  kCrowdedOut,  // good, but the table is full
  kUnread,      // one of too many of one peer: not looked at
};
inline constexpr size_t kHeardKinds = 12;
// "crowded_out", for JSON and metrics.
const char* heard_name(Heard heard);
// Whether others should be passed this advert.
bool is_worth_passing_on(Heard heard);
// Whether only a faulty or hostile peer passes this on.
bool is_fault_of_sender(Heard heard);

// The place of a node in the table; it is used again after the node is gone.
enum class NodeSlot : uint32_t {};

class AdvertTable {
 public:
  static constexpr size_t kNodesMax = 20'000;      // unless the constructor says otherwise
  static constexpr uint64_t kSkewMax_ms = 60'000;  // between two nodes' clocks
  static constexpr uint64_t kSpacingMin_ms = 2'000;

  struct Known {
    std::shared_ptr<const Advert> advert;
    uint64_t heard_unix_ms = 0;
    bool kept = false;
  };
  using Counters = std::array<uint64_t, kHeardKinds>;  // by Heard

  AdvertTable(const PublicKey& self, Random& random, size_t nodes_max = kNodesMax);

  struct Outcome {
    Heard heard = Heard::kMalformed;
    std::optional<NodeSlot> slot;     // of the advert, if the table holds it now
    std::optional<NodeSlot> removed;  // of a node that had to leave for it; may be the same slot
    std::optional<PublicKey> removed_node{};
  };
  Outcome hear(uint64_t now_unix_ms, ByteView advert) {
    return hear_kept(now_unix_ms, now_unix_ms, advert);
  }
  // One that was heard at another time, before this node was started again. It is judged like any
  // other, and lives no longer for that.
  Outcome hear_kept(uint64_t now_unix_ms, uint64_t heard_unix_ms, ByteView advert);
  // One came that was not looked at.
  void note_unread() { ++counters_[static_cast<size_t>(Heard::kUnread)]; }
  // Tells of each node whose advert has expired, and forgets it.
  using OnGone = std::function<void(NodeSlot)>;
  void expire(uint64_t now_unix_ms, const OnGone& on_gone);
  // Whether the node stays when the table is full. No-op for a node that is not known.
  void keep(const PublicKey& node, bool keep);

  [[nodiscard]] const Known* find(const PublicKey& node) const;
  [[nodiscard]] std::optional<NodeSlot> slot_of(const PublicKey& node) const;
  // Of a slot that hear() gave and expire() did not take.
  [[nodiscard]] const Known& at(NodeSlot slot) const;
  void for_each(const std::function<void(NodeSlot, const Known&)>& visit) const;
  [[nodiscard]] size_t size() const { return slots_of_.size() - expired_; }
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  struct Entry {
    Known known;
    uint64_t rank = 0;
    bool used = false;
    bool expired = false;  // told of; its number is remembered until a replay of it would be stale
  };
  struct KeyHash {
    uint64_t secret;
    size_t operator()(const PublicKey& key) const { return rank(key); }
    [[nodiscard]] uint64_t rank(const PublicKey& key) const;
  };

  Outcome judge(uint64_t now_unix_ms, uint64_t heard_unix_ms, ByteView bytes);
  [[nodiscard]] Heard check_order(const Entry& entry, const Advert& advert) const;
  Outcome replace(uint64_t heard_unix_ms, NodeSlot slot, Advert advert);
  Outcome insert(uint64_t heard_unix_ms, Advert advert);
  void remove(NodeSlot slot);
  [[nodiscard]] Entry& entry(NodeSlot slot) { return entries_[static_cast<uint32_t>(slot)]; }
  [[nodiscard]] const Entry& entry(NodeSlot slot) const {
    return entries_[static_cast<uint32_t>(slot)];
  }

  const PublicKey self_;
  const size_t nodes_max_;
  std::vector<Entry> entries_;
  std::vector<NodeSlot> free_;
  std::unordered_map<PublicKey, NodeSlot, KeyHash> slots_of_;
  std::set<std::pair<uint64_t, NodeSlot>> by_rank_;  // of those that may be pushed out
  size_t expired_ = 0;
  Counters counters_{};
};

}  // namespace timerose::scheduler
