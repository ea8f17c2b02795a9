#include "compute/mount_path.h"

#include <fmt/format.h>

namespace timerose::compute {

Result<std::string> normal_mount_path(std::string_view path) {
  const auto refuse = [&](std::string_view why) {
    return Error{ErrorCode::kInvalidArgument, fmt::format("mount path \"{}\": {}", path, why)};
  };
  if (path.empty() || path.front() != '/') return refuse("expected an absolute path such as /data");
  if (path.find('\0') != std::string_view::npos) return refuse("it holds a NUL byte");
  std::string normal;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    if (segment == "..") return refuse("\"..\" is not allowed");
    if (segment.empty() || segment == ".") continue;
    normal.append("/").append(segment);
  }
  return normal.empty() ? std::string("/") : normal;
}

Result<std::map<std::string, Cid>> normal_mounts(const std::map<std::string, Cid>& mounts) {
  std::map<std::string, Cid> normal;
  for (const auto& [path, cid] : mounts) {
    TR_ASSIGN(std::string at, normal_mount_path(path));
    if (!normal.emplace(at, cid.as_v1()).second) {
      return Error{ErrorCode::kInvalidArgument, fmt::format("two mounts at {}", at)};
    }
  }
  return normal;
}

}  // namespace timerose::compute
