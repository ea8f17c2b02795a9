// Making, moving and removing names.
#include "wasm/wasi/calls.h"
#include "wasm/wasi/vfs/walk.h"

namespace timerose::wasi {
namespace {

using vfs::LastLink;
using vfs::NodePtr;
using vfs::Place;

// Where the path in (pointer, length) leads from the descriptor, which must have the right.
Attempt<Place> place_at(State& state, GuestMemory memory, uint64_t fd, Rights needed,
                        uint64_t pointer, uint64_t length, LastLink last) {
  WASI_ASSIGN(const auto path, text_at(memory, pointer, length));
  WASI_ASSIGN(const Descriptor* directory,
              state.descriptors().get_directory(static_cast<Fd>(fd), needed));
  return resolve(state.tree(), directory->node, path, last);
}

// The place of a new name: EEXIST if it stands for something.
Attempt<void> check_new(const Place& place) {
  if (!place.node) return {};
  if (place.slash_behind && !place.node->is_directory()) return Errno::kNotdir;
  return Errno::kExist;
}

bool is_inside(const vfs::Node* directory, const vfs::Node& outer) {
  for (; directory != nullptr; directory = directory->directory->parent) {
    if (directory == &outer) return true;
  }
  return false;
}

// Whether `from` may take the place of what is at `to`, if anything is.
Attempt<void> check_rename(State& state, const Place& from, const Place& to) {
  const bool moves_directory = from.node->is_directory();
  if (moves_directory && is_inside(to.directory.get(), *from.node)) return Errno::kInval;
  if (!to.node) {
    if (to.slash_behind && !moves_directory) return Errno::kNotdir;
    return {};
  }
  if (to.slash_behind && !to.node->is_directory()) return Errno::kNotdir;
  if (!moves_directory) {
    if (to.node->is_directory()) return Errno::kIsdir;
    return {};
  }
  if (!to.node->is_directory()) return Errno::kNotdir;
  WASI_ASSIGN(const bool empty, state.tree().is_empty(to.node));
  if (!empty) return Errno::kNotempty;
  return {};
}

}  // namespace

Attempt<void> path_create_directory(State& state, GuestMemory memory, Parameters p) {
  WASI_ASSIGN(const Place place, place_at(state, memory, p[0], rights::kPathCreateDirectory, p[1],
                                          p[2], LastLink::kStayAlways));
  if (place.node) return Errno::kExist;
  WASI_TRY(state.tree().make_directory(place.directory, place.name));
  return {};
}

Attempt<void> path_symlink(State& state, GuestMemory memory, Parameters p) {
  WASI_ASSIGN(const auto target, text_at(memory, p[0], p[1]));
  WASI_ASSIGN(const Place place, place_at(state, memory, p[2], rights::kPathSymlink, p[3], p[4],
                                          LastLink::kStayAlways));
  if (target.empty()) return Errno::kNoent;
  if (target.size() > vfs::kPathBytesMax) return Errno::kNametoolong;
  if (target.find('\0') != std::string_view::npos) return Errno::kInval;
  if (target.front() == '/') return Errno::kPerm;
  WASI_TRY(check_new(place));
  if (place.slash_behind) return Errno::kNoent;
  WASI_TRY(state.tree().make_symlink(place.directory, place.name, target));
  return {};
}

Attempt<void> path_link(State& state, GuestMemory memory, Parameters p) {
  if (p[1] != 0) return Errno::kInval;  // a symlink is linked itself, not what it points to
  WASI_ASSIGN(const Place from, place_at(state, memory, p[0], rights::kPathLinkSource, p[2], p[3],
                                         LastLink::kStayAlways));
  WASI_ASSIGN(const Place to, place_at(state, memory, p[4], rights::kPathLinkTarget, p[5], p[6],
                                       LastLink::kStayAlways));
  if (!from.node) return Errno::kNoent;
  if (from.node->is_directory()) return Errno::kPerm;
  if (from.slash_behind) return Errno::kNotdir;
  WASI_TRY(check_new(to));
  if (to.slash_behind) return Errno::kNoent;
  return state.tree().link(to.directory, to.name, from.node);
}

Attempt<void> path_unlink_file(State& state, GuestMemory memory, Parameters p) {
  WASI_ASSIGN(const Place place, place_at(state, memory, p[0], rights::kPathUnlinkFile, p[1], p[2],
                                          LastLink::kStayAlways));
  if (!place.node) return Errno::kNoent;
  if (place.node->is_directory()) return Errno::kIsdir;
  if (place.slash_behind) return Errno::kNotdir;
  return state.tree().unlink(place.directory, place.name);
}

Attempt<void> path_remove_directory(State& state, GuestMemory memory, Parameters p) {
  WASI_ASSIGN(const Place place, place_at(state, memory, p[0], rights::kPathRemoveDirectory, p[1],
                                          p[2], LastLink::kStayAlways));
  if (!place.node) return Errno::kNoent;
  if (!place.node->is_directory()) return Errno::kNotdir;
  if (place.name.empty()) return Errno::kInval;  // "." and ".." are no names
  WASI_ASSIGN(const bool empty, state.tree().is_empty(place.node));
  if (!empty) return Errno::kNotempty;
  return state.tree().unlink(place.directory, place.name);
}

Attempt<void> path_rename(State& state, GuestMemory memory, Parameters p) {
  WASI_ASSIGN(const Place from, place_at(state, memory, p[0], rights::kPathRenameSource, p[1], p[2],
                                         LastLink::kStayAlways));
  WASI_ASSIGN(const Place to, place_at(state, memory, p[3], rights::kPathRenameTarget, p[4], p[5],
                                       LastLink::kStayAlways));
  if (!from.node) return Errno::kNoent;
  if (from.name.empty() || to.name.empty()) return Errno::kInval;
  if (from.slash_behind && !from.node->is_directory()) return Errno::kNotdir;
  if (from.node == to.node) return {};
  WASI_TRY(check_rename(state, from, to));
  return state.tree().rename(from.directory, from.name, to.directory, to.name);
}

}  // namespace timerose::wasi
