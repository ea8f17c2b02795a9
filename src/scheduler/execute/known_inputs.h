// Which DAGs were seen whole in the store: what has been fetched once need not be walked again.
// A hint only: garbage collection may have taken blocks since. Thread-safe.
#pragma once

#include <mutex>
#include <unordered_set>
#include <vector>

#include "compute/invocation.h"
#include "multiformats/cid.h"

namespace timerose::scheduler::execute {

// All content that a call reads: its modules and its data.
std::vector<Cid> roots_of(const compute::Invocation& call);

class KnownInputs {
 public:
  // Beyond it, all is forgotten and learned again.
  static constexpr size_t kRootsMax = 65'536;

  void add(const Cid& root);
  [[nodiscard]] bool has(const Cid& root) const;
  [[nodiscard]] bool has_all(const compute::Invocation& call) const;

 private:
  mutable std::mutex mutex_;
  std::unordered_set<Cid> whole_;
};

}  // namespace timerose::scheduler::execute
