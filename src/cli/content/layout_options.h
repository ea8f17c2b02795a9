// The options that decide how content is cut into blocks, and so its CID; common to all commands
// that import.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "base/result.h"
#include "unixfs/layout.h"

namespace timerose::cli {

struct LayoutOptions {
  std::string profile;
  std::string cid_version;
  std::string chunker;
  std::string hash;
  std::string raw_leaves;  // "true", "false"; empty: as the profile and the version say
};

void add_layout_options(CLI::App& command, LayoutOptions& options);

// The profile (`profile_default` unless one was named) with the single options applied. As Kubo has
// it, `--cid-version 1` brings raw leaves and `--cid-version 0` UnixFS leaves unless --raw-leaves
// says otherwise.
Result<unixfs::Layout> layout_of(const LayoutOptions& options, std::string_view profile_default);

}  // namespace timerose::cli
