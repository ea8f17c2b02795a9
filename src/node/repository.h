// The composition root: opens a user's repository and wires everything that stands on it. The only
// place that does.
//
//   $TIMEROSE_PATH, else $XDG_DATA_HOME/timerose, else ~/.local/share/timerose
//     config.json   identity.key (0600)   keystore/   blocks/ (RocksDB)   records.sqlite   modules/
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"

namespace timerose::node {

// Parts are opened when first asked for: a command pays only for what it uses.
class Repository {
 public:
  // Made at first use. kBusy if another process has it open (says which), kPermission, kNoSpace.
  static Result<std::unique_ptr<Repository>> open(const std::filesystem::path& path);
  static std::filesystem::path default_path();
};

}  // namespace timerose::node
