#include "wasm/wasi/vfs/mounts.h"

namespace timerose::wasi::vfs {
namespace {

MountPoint& point_at(MountPoint& root, std::string_view path) {
  MountPoint* point = &root;
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    const auto segment = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (segment.empty() || segment == "." || segment == "..") continue;
    point = &point->below[std::string(segment)];
  }
  return *point;
}

}  // namespace

MountPoint mounts_of(const World& world) {
  MountPoint root;
  point_at(root, "/out").shows_base = false;
  point_at(root, "/tmp");
  for (size_t i = 0; i < world.inputs.size(); ++i) {
    point_at(root, "/in/" + std::to_string(i)).cid = world.inputs[i];
  }
  for (const auto& [path, cid] : world.mounts) point_at(root, path).cid = cid;
  return root;
}

}  // namespace timerose::wasi::vfs
