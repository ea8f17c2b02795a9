// Where a mount hangs in a guest's file tree: an absolute path with one way of writing it.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "multiformats/cid.h"

namespace timerose::compute {

// "/", or "/a/b": no doubled or final slash, no ".". kInvalidArgument for a relative path, ".." or
// a NUL byte.
Result<std::string> normal_mount_path(std::string_view path);

// Every path in that form and every CID of version 1; kInvalidArgument for two mounts at one path.
Result<std::map<std::string, Cid>> normal_mounts(const std::map<std::string, Cid>& mounts);

}  // namespace timerose::compute
