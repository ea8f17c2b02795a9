#include "wasm/wasi/vfs/tree.h"

#include <utility>
#include <vector>

#include "unixfs/reader.h"
#include "wasm/wasi/vfs/inode.h"

namespace timerose::wasi::vfs {

Tree::Tree(const World& world, const Limits& limits, Blockstore& store, const VirtualClocks& clocks,
           wasm::HeldOutput& held, Keep keep)
    : backing_(store, limits.written_bytes_max, limits.files_max, held),
      clocks_(clocks),
      mounts_(mounts_of(world)),
      keep_(keep),
      root_(mount_directory(mounts_, mounts_.cid, kRootInode)) {}

// A guest may nest directories as deep as it has nodes, so they are taken apart from the top, not
// by destructors calling each other.
Tree::~Tree() {
  std::vector<NodePtr> doomed;
  doomed.push_back(std::move(root_));
  while (!doomed.empty()) {
    const NodePtr node = std::move(doomed.back());
    doomed.pop_back();
    if (!node->directory) continue;
    for (auto& [name, child] : node->directory->children) {
      if (child.node) doomed.push_back(std::move(child.node));
    }
    node->directory->children.clear();
  }
}

NodePtr Tree::mount_directory(const MountPoint& mount, const std::optional<Cid>& base,
                              uint64_t inode) {
  auto node = std::make_shared<Node>(Filetype::kDirectory, inode);
  node->directory = std::make_unique<Directory>();
  if (base) {
    node->directory->base.emplace(*base);
    node->origin = base;
  }
  for (const auto& [name, below] : mount.below) {
    Child& child = node->directory->children[name];
    child.mount = &below;
    child.hides_base = true;
  }
  node->directory->changed = !base || !mount.below.empty();
  node->touched = true;
  return node;
}

Attempt<NodePtr> Tree::from_cid(const Cid& cid, uint64_t inode, uint64_t dag_bytes) {
  NodePtr node;
  if (cid.codec() == Codec::kRaw) {  // a file by its CID: its block is not needed yet
    node = std::make_shared<Node>(Filetype::kRegularFile, inode);
    node->file = std::make_unique<FileContent>(backing_, cid, std::nullopt);
  } else {
    WASI_ASSIGN(const auto stat, attempt(unixfs::stat(backing_.blocks, cid)));
    switch (stat.kind) {
      case unixfs::Kind::kFile:
        node = std::make_shared<Node>(Filetype::kRegularFile, inode);
        node->file = std::make_unique<FileContent>(backing_, cid, stat.size);
        break;
      case unixfs::Kind::kDirectory:
        node = std::make_shared<Node>(Filetype::kDirectory, inode);
        node->directory = std::make_unique<Directory>();
        node->directory->base.emplace(cid);
        break;
      case unixfs::Kind::kSymlink: {
        node = std::make_shared<Node>(Filetype::kSymbolicLink, inode);
        WASI_ASSIGN(node->target, attempt(unixfs::read_symlink(backing_.blocks, cid)));
        break;
      }
    }
    if (stat.mtime && stat.mtime->seconds >= 0 && stat.mtime->seconds < kMtimeSecondsMax) {
      const uint64_t modified = static_cast<uint64_t>(stat.mtime->seconds) * 1'000'000'000 +
                                stat.mtime->nanoseconds % 1'000'000'000;
      node->times.modify_ns = node->times.change_ns = modified;
    }
  }
  node->origin = cid;
  node->origin_dag_bytes = dag_bytes;
  return node;
}

NodePtr Tree::nameless_file(const std::optional<Cid>& cid) {
  auto node = std::make_shared<Node>(Filetype::kRegularFile, kStdinInode);
  node->file = cid ? std::make_unique<FileContent>(backing_, *cid, std::nullopt)
                   : std::make_unique<FileContent>(backing_);
  return node;
}

Attempt<NodePtr> Tree::open_mount(const NodePtr& directory, std::string_view name,
                                  const MountPoint& mount) {
  const uint64_t inode = inode_below(directory->inode, name);
  if (mount.cid && mount.below.empty()) {
    WASI_ASSIGN(auto node, from_cid(*mount.cid, inode, 0));
    return node;
  }
  std::optional<Cid> base = mount.cid;
  if (!base && mount.shows_base && directory->directory->base) {
    WASI_ASSIGN(auto entry, directory->directory->base->find(backing_.blocks, name));
    if (entry) {
      WASI_ASSIGN(const auto stat, attempt(unixfs::stat(backing_.blocks, entry->cid)));
      if (stat.kind == unixfs::Kind::kDirectory) base = entry->cid;
    }
  }
  return mount_directory(mount, base, inode);
}

Attempt<NodePtr> Tree::find(const NodePtr& directory, std::string_view name) {
  Directory& inside = *directory->directory;
  if (const auto found = inside.children.find(name); found != inside.children.end()) {
    Child& child = found->second;
    if (child.node || child.removed()) return child.node;
    WASI_ASSIGN(child.node, open_mount(directory, name, *child.mount));
    child.mount = nullptr;
    if (child.node->directory) child.node->directory->parent = directory.get();
    return child.node;
  }
  if (!inside.base) return NodePtr();
  const uint64_t bytes_before = inside.base->memory_bytes();
  WASI_ASSIGN(const auto entry, inside.base->find(backing_.blocks, name));
  seen_bytes_ += inside.base->memory_bytes() - bytes_before;
  if (!entry) return NodePtr();
  WASI_ASSIGN(NodePtr node,
              from_cid(entry->cid, inode_below(directory->inode, name), entry->dag_bytes));
  if (node->directory) node->directory->parent = directory.get();
  Child& child = inside.children[std::string(name)];
  child.node = node;
  child.from_base = child.hides_base = true;
  ++seen_nodes_;
  if (seen_nodes_ > seen_nodes_max_ || seen_bytes_ > keep_.bytes) forget_unused();
  return node;
}

Attempt<std::shared_ptr<const Listing>> Tree::list(const NodePtr& directory) {
  Directory& inside = *directory->directory;
  if (inside.names) return inside.names;
  std::shared_ptr<const Listing> below;
  if (inside.base) {
    const uint64_t bytes_before = inside.base->memory_bytes();
    WASI_ASSIGN(below, inside.base->names(backing_.blocks));
    seen_bytes_ += inside.base->memory_bytes() - bytes_before;
  }
  if (below && !inside.changed) {
    inside.names = below;
    return below;
  }
  auto all = std::make_shared<Listing>();
  for (size_t i = 0; below && i < below->size(); ++i) {
    const auto entry = below->at(i);
    const auto over = inside.children.find(entry.name);
    if (over == inside.children.end() || over->second.from_base) {
      WASI_TRY(all->add(entry.name, entry.source));
    }
  }
  for (const auto& [name, child] : inside.children) {
    if (!child.from_base && !child.removed()) {
      WASI_TRY(all->add(name, Listing::Source::kOverlay));
    }
  }
  all->sort();
  inside.names = all;
  return inside.names;
}

Attempt<bool> Tree::is_empty(const NodePtr& directory) {
  Directory& inside = *directory->directory;
  for (const auto& [name, child] : inside.children) {
    if (!child.removed()) return false;
  }
  bool empty = true;
  if (inside.base) {
    WASI_TRY(inside.base->for_each(backing_.blocks, [&](const unixfs::Entry& entry) {
      empty = inside.children.contains(entry.name);
      return Attempt<bool>(empty);
    }));
  }
  return empty;
}

Attempt<std::optional<Tree::Glance>> Tree::glance(const NodePtr& directory,
                                                  const Listing::Entry& entry) {
  const auto& children = directory->directory->children;
  if (entry.source == Listing::Source::kBaseFile && !children.contains(entry.name)) {
    return std::optional(Glance{Filetype::kRegularFile, inode_below(directory->inode, entry.name)});
  }
  WASI_ASSIGN(const NodePtr node, find(directory, entry.name));
  if (!node) return std::optional<Glance>();
  return std::optional(Glance{node->type, node->inode});
}

// Drops what can be had again from the base and is held by nobody else, from the leaves up.
void Tree::forget_unused() {
  struct Step {
    Node* node;
    bool children_done;
  };
  std::vector<Step> steps{{root_.get(), false}};
  while (!steps.empty()) {
    auto [node, children_done] = steps.back();
    auto& children = node->directory->children;
    if (!children_done) {
      steps.back().children_done = true;
      for (auto& [name, child] : children) {
        if (child.node && child.node->directory) steps.push_back({child.node.get(), false});
      }
      continue;
    }
    steps.pop_back();
    seen_nodes_ -= std::erase_if(children, [](const auto& entry) {
      const Child& child = entry.second;
      return child.from_base && child.node.use_count() == 1 && !child.node->touched &&
             (!child.node->directory || child.node->directory->children.empty());
    });
  }
  seen_bytes_ = 0;
  seen_nodes_max_ = std::max(keep_.nodes, 2 * seen_nodes_);
}

}  // namespace timerose::wasi::vfs
