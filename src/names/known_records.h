// The newest records that passed by this node, in memory: what a new one has to be newer than.
// Bounded; thread-safe.
#pragma once

#include <list>
#include <map>
#include <mutex>
#include <optional>

#include "names/ipns_record.h"

namespace timerose::names {

class KnownRecords {
 public:
  // Bytes of records; beyond it those that were longest without use go.
  static constexpr size_t kBytesMaxDefault = 8U << 20;

  explicit KnownRecords(size_t bytes_max = kBytesMaxDefault) : bytes_max_(bytes_max) {}

  enum class Told { kNewer, kSame, kOlder };
  // Keeps `record`, which was verified, unless one that is newer and still valid is known.
  Told take(const PeerId& name, const SignedRecord& record, uint64_t now_ns);
  // Still valid at `now_ns`.
  std::optional<SignedRecord> find(const PeerId& name, uint64_t now_ns);

 private:
  struct Entry {
    PeerId name;
    SignedRecord record;
  };
  using Entries = std::list<Entry>;
  void drop(Entries::iterator entry);

  const size_t bytes_max_;
  std::mutex mutex_;  // of what follows
  Entries entries_;   // those used last first
  std::map<PeerId, Entries::iterator> by_name_;
  size_t bytes_ = 0;
};

}  // namespace timerose::names
