// UnixFS content onto the local disk.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "blockstore/blockstore.h"
#include "multiformats/cid.h"

namespace timerose::cli {

// Writes the file, directory or symbolic link `cid` as `target`. Nothing that exists is replaced or
// written through, links included: that is kInvalidArgument. What was written before a failure
// stays.
Status export_path(Blockstore& store, const Cid& cid, const std::filesystem::path& target);

}  // namespace timerose::cli
