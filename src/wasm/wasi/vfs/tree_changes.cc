// The part of Tree that changes names.
#include "wasm/wasi/vfs/inode.h"
#include "wasm/wasi/vfs/tree.h"

namespace timerose::wasi::vfs {

Attempt<NodePtr> Tree::new_node(Filetype type) {
  WASI_TRY(backing_.space.take_node());
  auto node = std::make_shared<Node>(type, inode_made(made_++));
  node->space = &backing_.space;
  node->touched = true;
  node->links = 0;
  const uint64_t now = clocks_.now(VirtualClocks::Id::kRealtime);
  node->times = {now, now, now};
  return node;
}

Attempt<void> Tree::check_new_name(const Directory& directory, std::string_view name) const {
  if (name.size() > kNameBytesMax) return Errno::kNametoolong;
  // A directory that was removed while it was open takes no new names.
  if (directory.parent == nullptr && &directory != root_->directory.get()) return Errno::kNoent;
  return {};
}

Attempt<void> Tree::bind(const NodePtr& directory, std::string_view name, NodePtr node) {
  WASI_TRY(check_new_name(*directory->directory, name));
  place(directory, name, std::move(node));
  return {};
}

void Tree::place(const NodePtr& directory, std::string_view name, NodePtr node) {
  if (node->directory) node->directory->parent = directory.get();
  ++node->links;
  Child& child = directory->directory->children[std::string(name)];
  child.node = std::move(node);
  child.from_base = false;
  if (child.charged) {
    child.charged = false;
    backing_.space.give_node();
  }
  changed(*directory);
}

void Tree::changed(Node& directory) const {
  directory.directory->changed = true;
  directory.directory->names.reset();
  touch_content(directory);
}

void Tree::touch_content(Node& node) const {
  node.touched = true;
  node.times.modify_ns = node.times.change_ns = clocks_.now(VirtualClocks::Id::kRealtime);
}

void Tree::touch_status(Node& node) const {
  node.touched = true;
  node.times.change_ns = clocks_.now(VirtualClocks::Id::kRealtime);
}

Attempt<NodePtr> Tree::make_file(const NodePtr& directory, std::string_view name) {
  WASI_ASSIGN(NodePtr node, new_node(Filetype::kRegularFile));
  node->file = std::make_unique<FileContent>(backing_);
  WASI_TRY(bind(directory, name, node));
  return node;
}

Attempt<NodePtr> Tree::make_directory(const NodePtr& directory, std::string_view name) {
  WASI_ASSIGN(NodePtr node, new_node(Filetype::kDirectory));
  node->directory = std::make_unique<Directory>();
  node->directory->changed = true;
  WASI_TRY(bind(directory, name, node));
  return node;
}

Attempt<NodePtr> Tree::make_symlink(const NodePtr& directory, std::string_view name,
                                    std::string_view target) {
  WASI_ASSIGN(NodePtr node, new_node(Filetype::kSymbolicLink));
  WASI_TRY(backing_.space.take(target.size()));
  node->bytes_charged = target.size();
  node->target = target;
  WASI_TRY(bind(directory, name, node));
  return node;
}

Attempt<void> Tree::link(const NodePtr& directory, std::string_view name, const NodePtr& node) {
  WASI_TRY(bind(directory, name, node));
  touch_status(*node);
  return {};
}

Attempt<void> Tree::unlink(const NodePtr& directory, std::string_view name) {
  auto& children = directory->directory->children;
  const auto found = children.find(name);
  CHECK(found != children.end() && found->second.node);
  Child& child = found->second;
  if (child.hides_base && !child.charged) {
    WASI_TRY(backing_.space.take_node());
    child.charged = true;
  }
  if (child.from_base) {
    child.from_base = false;
    --seen_nodes_;
  }
  --child.node->links;
  touch_status(*child.node);
  if (child.node->directory) child.node->directory->parent = nullptr;
  child.node.reset();
  if (!child.hides_base) children.erase(found);
  changed(*directory);
  return {};
}

Attempt<void> Tree::rename(const NodePtr& from, std::string_view name, const NodePtr& to,
                           std::string_view new_name) {
  WASI_TRY(check_new_name(*to->directory, new_name));
  WASI_ASSIGN(const NodePtr node, find(from, name));
  WASI_ASSIGN(const NodePtr replaced, find(to, new_name));
  CHECK(node && node != replaced);
  // The old name goes first: it may fail for want of space, and then nothing has happened.
  WASI_TRY(unlink(from, name));
  if (replaced) {
    if (auto gone = unlink(to, new_name); !gone.ok()) {
      place(from, name, node);
      return gone.failure();
    }
  }
  place(to, new_name, node);
  return {};
}

}  // namespace timerose::wasi::vfs
