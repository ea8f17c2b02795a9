// How a file is cut into a DAG: the choices that decide its CID. The named profiles are those of
// IPIP-499 and of the IPFS-FAN proof of concept.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "multiformats/cid.h"

namespace timerose::unixfs {

inline constexpr uint32_t kChunkBytesMax = 2U << 20;
// A node of this many links is under kBlockBytesMax with the longest digest we compute.
inline constexpr uint32_t kLinksMax = 16384;
inline constexpr uint32_t kHamtWidthMin = 8;
inline constexpr uint32_t kHamtWidthMax = 1024;

struct Layout {
  int cid_version = 1;
  HashCode hash = HashCode::kSha2_256;
  bool raw_leaves = true;  // leaves are raw blocks, else dag-pb UnixFS nodes
  uint32_t chunk_bytes = 1U << 20;
  uint32_t links_max = 1024;  // a balanced tree of this width
  // A directory over this size (one of exactly this size is not) is stored as a HAMT.
  uint64_t directory_bytes_max = 256U << 10;
  enum class DirectorySize { kLinks, kBlock };  // estimated by names + CIDs, or the encoded block
  DirectorySize directory_size = DirectorySize::kBlock;
  uint32_t hamt_width = 256;

  bool operator==(const Layout&) const = default;
};

Layout unixfs_v1_2025();  // the default
Layout unixfs_v0_2015();
Layout fan_2021();  // CIDv1, dag-pb leaves, 256 KiB chunks, 174 links

// kInvalidArgument lists the names.
Result<Layout> profile_named(std::string_view name);
// kInvalidArgument for values outside the limits above (chunks 1 B .. 2 MiB, links 2 .. 16384, HAMT
// widths that are no power of two), for an identity hash, and for version 0 with another hash than
// sha2-256. Raw leaves under version 0 are named by version 1, as Kubo does.
Status validate(const Layout& layout);

}  // namespace timerose::unixfs
