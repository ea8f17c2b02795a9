#include "names/decisions.h"

#include <algorithm>

namespace timerose::names {

Result<IpnsRecord> next_record(const std::optional<IpnsRecord>& newest, const Wish& wish,
                               uint64_t now_ns) {
  if (wish.lifetime_ns > UINT64_MAX - 1 - now_ns) {
    return Error{ErrorCode::kLimitExceeded,
                 "the record would be valid beyond the year 2554; choose a shorter lifetime"};
  }
  IpnsRecord record{wish.value, 0, now_ns + wish.lifetime_ns, wish.ttl_ns};
  if (!newest) return record;
  const bool replaces =
      newest->value == record.value && record.valid_until_ns > newest->valid_until_ns;
  if (!replaces && newest->sequence >= kSequenceMax) {
    return Error{ErrorCode::kLimitExceeded,
                 "this name's sequence number cannot become higher; publish under another key"};
  }
  record.sequence = newest->sequence + (replaces ? 0 : 1);
  return record;
}

std::optional<SignedRecord> newer_of(std::optional<SignedRecord> a, std::optional<SignedRecord> b) {
  if (!a) return b;
  if (!b) return a;
  return is_newer(*b, *a) ? std::move(b) : std::move(a);
}

uint64_t fresh_for_ns(const IpnsRecord& record, uint64_t seen_ns, uint64_t now_ns) {
  // A clock that was set back makes nothing fresher than its TTL.
  const uint64_t age_ns = now_ns > seen_ns ? now_ns - seen_ns : 0;
  const uint64_t of_ttl = record.ttl_ns > age_ns ? record.ttl_ns - age_ns : 0;
  const uint64_t of_validity = record.valid_until_ns > now_ns ? record.valid_until_ns - now_ns : 0;
  return std::min(of_ttl, of_validity);
}

uint64_t republish_at_ns(const Published& published) {
  if (!published.attempt_ns) return 0;
  uint64_t wait_ns = std::min(kRepublishNs, published.lifetime_ns / 2);
  if (!published.reached_others) {
    wait_ns = std::min(wait_ns, published.met_peer_since ? kRetryWithPeerNs : kRetryNs);
  }
  return *published.attempt_ns + wait_ns;
}

}  // namespace timerose::names
