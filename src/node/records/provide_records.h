// What a node keeps of its announcements while it does not run: how far the sweep came, and what
// was to be announced at once.
#pragma once

#include <vector>

#include "base/result.h"
#include "base/sqlite.h"
#include "multiformats/cid.h"

namespace timerose::node {

struct ProvideRecords {
  struct Soon {
    Cid cid;
    bool whole = false;  // with all that is below
  };
  // Of those; more are left to the sweep.
  static constexpr size_t kSoonMax = 4096;

  uint64_t swept_until_ns = 0;  // of the Unix clock; 0: never swept
  std::vector<Soon> soon;

  static Result<ProvideRecords> load(sqlite::Database& records);
  // In place of what is kept.
  [[nodiscard]] Status save(sqlite::Database& records) const;
  // For a command without a node.
  static Status add_soon(sqlite::Database& records, const Soon& soon);
};

}  // namespace timerose::node
