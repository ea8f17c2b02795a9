// Where content is mounted, as a tree of path segments: made from the World, and looked at only
// when a lookup comes by.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "multiformats/cid.h"
#include "wasm/wasi/context.h"

namespace timerose::wasi::vfs {

struct MountPoint {
  std::optional<Cid> cid;  // what is mounted here; else a directory that holds mounts below
  bool shows_base = true;  // without a CID: entries of the base at this place show through
  std::map<std::string, MountPoint, std::less<>> below;
};

// The mounts of the World, /in/N, /out (empty, unless something is mounted on it) and /tmp.
// Segments that are empty, "." or ".." are left out of paths.
MountPoint mounts_of(const World& world);

}  // namespace timerose::wasi::vfs
