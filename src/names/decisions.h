// What is decided about names: pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "names/ipns_record.h"

namespace timerose::names {

// A name that stands for a name, and so on: at most this many steps.
inline constexpr uint32_t kStepsMax = 32;

// A record of ours is published again at start, and then this often, so that it is found by those
// who join, long before nodes forget it.
inline constexpr uint64_t kRepublishNs = 4ULL * 3600 * 1'000'000'000;
// After an attempt that reached nobody; sooner once a peer was met since.
inline constexpr uint64_t kRetryNs = 5ULL * 60 * 1'000'000'000;
inline constexpr uint64_t kRetryWithPeerNs = 10ULL * 1'000'000'000;

// What a name is to stand for from now on.
struct Wish {
  std::string value;
  uint64_t lifetime_ns = kValidityNsDefault;
  uint64_t ttl_ns = kTtlNsDefault;
};

// The record that says `wish` and that replaces `newest`, the newest one there is of this name: its
// sequence is one higher where the value changes or the validity would not end later, and never
// lower. kLimitExceeded where there is no higher one, or the lifetime ends after the year 2554.
Result<IpnsRecord> next_record(const std::optional<IpnsRecord>& newest, const Wish& wish,
                               uint64_t now_ns);

// The newer of two; the first if they are the same.
std::optional<SignedRecord> newer_of(std::optional<SignedRecord> a, std::optional<SignedRecord> b);

// For how many nanoseconds a record that was last seen to be the newest at `seen_ns` needs no
// asking: until its TTL, which never outlasts its validity, has passed; 0: it needs asking at
// `now_ns`.
uint64_t fresh_for_ns(const IpnsRecord& record, uint64_t seen_ns, uint64_t now_ns);

// How a record of ours was last given to the network. Moments are of the monotonic clock.
struct Published {
  std::optional<uint64_t> attempt_ns;  // none since the start
  uint64_t lifetime_ns = kValidityNsDefault;
  bool reached_others = false;
  bool met_peer_since = false;
};
// When it is to be published again: at once after a start, then every kRepublishNs, or twice in its
// lifetime if that is shorter.
uint64_t republish_at_ns(const Published& published);

}  // namespace timerose::names
