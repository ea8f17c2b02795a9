// Names for commands, guests and the gateway: what a name stands for, and publishing it.
// Thread-safe; its methods block.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "names/decisions.h"
#include "names/dnslink.h"
#include "names/name_network.h"
#include "names/name_path.h"
#include "names/record_store.h"

namespace timerose::names {

struct ResolveOptions {
  bool recursive = true;  // until the path begins with a CID; else one step
  bool use_cache = true;  // false: ask even while the TTL has not passed
  FindOptions find;       // its timeout is for all names that are gone through
  const CancelFlag* cancel = nullptr;
};

struct Resolved {
  NamePath path;
  uint64_t ttl_ns = UINT64_MAX;  // how long it may be taken as it is; UINT64_MAX: for ever
  uint32_t steps = 0;            // names that were gone through
};

struct PublishOptions {
  uint64_t lifetime_ns = kValidityNsDefault;
  uint64_t ttl_ns = kTtlNsDefault;
  bool allow_offline = false;  // no error if no other node could be told
  uint64_t timeout_ms = 60'000;
  const CancelFlag* cancel = nullptr;
};

struct PublishedName {
  PeerId name;
  IpnsRecord record;
  Delivered delivered;
};

class NameService {
 public:
  // For the search for a record of ours that another node with the same key has published.
  static constexpr uint64_t kLookBeforeFirstMs = 15'000;

  struct Parts {
    Clock& clock;
    RecordStore& store;
    TxtResolver& txt;
    NameNetwork* network;  // null: local records only
  };
  // All must outlive it.
  explicit NameService(const Parts& parts) : parts_(parts) {}

  // Follows names until a CID, kStepsMax at most. kNotFound says who was asked and what to try.
  Result<Resolved> resolve(const NamePath& path, const ResolveOptions& options);

  // Signs and keeps a record, then gives it to other nodes. `path` is "/ipfs/..." or "/ipns/...".
  // kNotFound if no node could be told, unless that is allowed: the record is kept, and published
  // again later by republish_due().
  Result<PublishedName> publish(const PrivateKey& key, const std::string& path,
                                const PublishOptions& options);

  // The record itself as resolve() would use it, for those who check it themselves.
  Result<SignedRecord> find_record(const PeerId& name, const ResolveOptions& options);

  // Gives every own record that is due to other nodes, with a later validity where `key_of` has its
  // key. Returns when it is to be called next, of the monotonic clock; sooner after a publish() or
  // met_peer().
  using KeyOf = std::function<std::optional<PrivateKey>(const PeerId&)>;
  Result<uint64_t> republish_due(const KeyOf& key_of, const CancelFlag* cancel);
  void met_peer();

 private:
  struct Step {
    NamePath path;
    uint64_t ttl_ns = 0;
  };
  struct Seen {
    SignedRecord record;
    uint64_t fresh_for_ns = 0;
  };
  Result<Step> step(const PeerId& name, const ResolveOptions& options);
  Result<Step> step(const Domain& domain);
  Result<Seen> newest(const PeerId& name, const ResolveOptions& options);
  Result<Seen> ask_network(const PeerId& name, const std::optional<SignedRecord>& kept,
                           const ResolveOptions& options);
  Result<std::optional<SignedRecord>> seen_elsewhere(const PeerId& name,
                                                     const PublishOptions& options);
  Result<SignedRecord> renewed(const OwnRecord& own, const KeyOf& key_of);
  Published& note_attempt(const PeerId& name, uint64_t lifetime_ns, const Delivered& delivered);

  const Parts parts_;
  std::mutex mutex_;  // of what follows
  std::map<PeerId, Published> published_;
};

}  // namespace timerose::names
