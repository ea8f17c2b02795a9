#include "unixfs/layout.h"

#include <bit>
#include <string>

namespace timerose::unixfs {
namespace {

Error outside(std::string_view what, uint64_t low, uint64_t high, uint64_t found) {
  return Error{ErrorCode::kInvalidArgument,
               std::string(what) + " must be from " + std::to_string(low) + " to " +
                   std::to_string(high) + ", not " + std::to_string(found)};
}

}  // namespace

Layout unixfs_v1_2025() { return {}; }

Layout unixfs_v0_2015() {
  Layout layout;
  layout.cid_version = 0;
  layout.raw_leaves = false;
  layout.chunk_bytes = 256U << 10;
  layout.links_max = 174;
  layout.directory_size = Layout::DirectorySize::kLinks;
  return layout;
}

Layout fan_2021() {
  Layout layout = unixfs_v0_2015();
  layout.cid_version = 1;
  return layout;
}

Result<Layout> profile_named(std::string_view name) {
  if (name == "unixfs-v1-2025") return unixfs_v1_2025();
  if (name == "unixfs-v0-2015") return unixfs_v0_2015();
  if (name == "fan-2021") return fan_2021();
  return Error{ErrorCode::kInvalidArgument,
               "no profile is named \"" + std::string(name) +
                   "\": use unixfs-v1-2025, unixfs-v0-2015 or fan-2021"};
}

Status validate(const Layout& layout) {
  if (layout.cid_version != 0 && layout.cid_version != 1) {
    return Error{ErrorCode::kInvalidArgument,
                 "the CID version must be 0 or 1, not " + std::to_string(layout.cid_version)};
  }
  if (layout.hash == HashCode::kIdentity) {
    return Error{
        ErrorCode::kInvalidArgument,
        "files are not named by the identity hash: it holds the data itself; use sha2-256"};
  }
  if (layout.cid_version == 0 && layout.hash != HashCode::kSha2_256) {
    return Error{ErrorCode::kInvalidArgument,
                 std::string("CID version 0 names only by sha2-256, not ") +
                     hash_name(layout.hash) + ": use CID version 1"};
  }
  if (layout.chunk_bytes < 1 || layout.chunk_bytes > kChunkBytesMax) {
    return outside("the chunk size in bytes", 1, kChunkBytesMax, layout.chunk_bytes);
  }
  if (layout.links_max < 2 || layout.links_max > kLinksMax) {
    return outside("the links of a node", 2, kLinksMax, layout.links_max);
  }
  if (layout.hamt_width < kHamtWidthMin || layout.hamt_width > kHamtWidthMax ||
      !std::has_single_bit(layout.hamt_width)) {
    return Error{ErrorCode::kInvalidArgument,
                 "the width of a sharded directory must be a power of two from 8 to 1024, not " +
                     std::to_string(layout.hamt_width)};
  }
  return success();
}

}  // namespace timerose::unixfs
