// Paths: from an open directory to a place in the tree. A path never leaves the directory it starts
// at: not by "..", not by being absolute, not by a symlink.
//
// One symlink may be absolute: where the walk starts at the root of the tree, a target that begins
// with '/' starts there again, since it cannot leave.
#pragma once

#include <string>
#include <string_view>

#include "wasm/wasi/attempt.h"
#include "wasm/wasi/vfs/tree.h"

namespace timerose::wasi::vfs {

inline constexpr int kSymlinksMax = 40;           // followed in one walk; then ELOOP
inline constexpr size_t kPathBytesMax = 4096;     // given by the guest; then ENAMETOOLONG
inline constexpr size_t kWalkBytesMax = 1 << 16;  // left to walk, with the targets of symlinks

// What to do if the last segment is a symlink.
enum class LastLink {
  kFollow,
  kStay,  // but a '/' behind it asks for what it points to
  kStayAlways,
};

struct Place {
  NodePtr directory;  // where the last segment is looked up
  std::string name;   // the last segment; empty if the path ends in "." or ".." (node is set)
  NodePtr node;       // what is there; null if nothing
  bool slash_behind = false;
};

// ENOENT for a missing segment before the last, ENOTDIR for one that is no directory, EPERM for a
// path that would leave `start`, ELOOP, EINVAL for a NUL in it, ENAMETOOLONG.
Attempt<Place> resolve(Tree& tree, const NodePtr& start, std::string_view path, LastLink last);

// The same, and something must be there: ENOENT, or ENOTDIR for a file with a '/' behind it.
Attempt<Place> resolve_existing(Tree& tree, const NodePtr& start, std::string_view path,
                                LastLink last);

}  // namespace timerose::wasi::vfs
