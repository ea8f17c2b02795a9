// The file tree of one call: UnixFS DAGs at their mount points, loaded lazily by block, under a
// copy-on-write layer in memory.
//
// Names are bytes without '/' and NUL. All calls take single names; paths are resolve()'s business
// (walk.h). What was only looked at and is held by nobody is forgotten when there is much of it, so
// a caller holds a NodePtr of its own to every directory that it passes.
#pragma once

#include <memory>
#include <string_view>

#include "wasm/wasi/attempt.h"
#include "wasm/wasi/vfs/backing.h"
#include "wasm/wasi/vfs/mounts.h"
#include "wasm/wasi/vfs/node.h"

namespace timerose::wasi::vfs {

class Tree {
 public:
  static constexpr size_t kNameBytesMax = 255;  // of a new name

  // How much of what was only looked at is kept before it is gone through.
  struct Keep {
    size_t nodes = 1U << 16;
    uint64_t bytes = 32U << 20;  // names and entries of directories
  };

  // What comes by reference must outlive the tree.
  Tree(const World& world, const Limits& limits, Blockstore& store, const VirtualClocks& clocks,
       wasm::HeldOutput& held, Keep keep);
  ~Tree();
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  [[nodiscard]] const NodePtr& root() const { return root_; }
  [[nodiscard]] Blockstore& blocks() { return backing_.blocks; }

  // What `name` stands for in `directory`; null if nothing.
  Attempt<NodePtr> find(const NodePtr& directory, std::string_view name);
  // All names, sorted; it stays as it was made when the directory changes.
  Attempt<std::shared_ptr<const Listing>> list(const NodePtr& directory);
  Attempt<bool> is_empty(const NodePtr& directory);

  // What a directory's entry tells of a name: without opening it where that is possible; nullopt
  // if it is gone since the listing was made.
  struct Glance {
    Filetype type;
    uint64_t inode;
  };
  Attempt<std::optional<Glance>> glance(const NodePtr& directory, const Listing::Entry& entry);

  // New nodes, bound to a name that stands for nothing yet. ENOSPC, ENAMETOOLONG.
  Attempt<NodePtr> make_file(const NodePtr& directory, std::string_view name);
  Attempt<NodePtr> make_directory(const NodePtr& directory, std::string_view name);
  Attempt<NodePtr> make_symlink(const NodePtr& directory, std::string_view name,
                                std::string_view target);
  // Another name for a node that is no directory.
  Attempt<void> link(const NodePtr& directory, std::string_view name, const NodePtr& node);
  // Takes away a name that stands for something.
  Attempt<void> unlink(const NodePtr& directory, std::string_view name);
  // `name` in `from` becomes `new_name` in `to`, in the place of what is there. The caller has
  // checked that this is allowed.
  Attempt<void> rename(const NodePtr& from, std::string_view name, const NodePtr& to,
                       std::string_view new_name);

  // A file that has no name: standard input.
  NodePtr nameless_file(const std::optional<Cid>& cid);

  // Marks a change of content, or of what is known about the node.
  void touch_content(Node& node) const;
  void touch_status(Node& node) const;

 private:
  Attempt<NodePtr> from_cid(const Cid& cid, uint64_t inode, uint64_t dag_bytes);
  Attempt<NodePtr> open_mount(const NodePtr& directory, std::string_view name,
                              const MountPoint& mount);
  NodePtr mount_directory(const MountPoint& mount, const std::optional<Cid>& base, uint64_t inode);
  Attempt<NodePtr> new_node(Filetype type);
  Attempt<void> bind(const NodePtr& directory, std::string_view name, NodePtr node);
  void place(const NodePtr& directory, std::string_view name, NodePtr node);
  Attempt<void> check_new_name(const Directory& directory, std::string_view name) const;
  void changed(Node& directory) const;
  void forget_unused();

  Backing backing_;
  const VirtualClocks& clocks_;
  MountPoint mounts_;
  uint64_t made_ = 0;  // nodes made by the guest, ever: their inode numbers
  const Keep keep_;
  size_t seen_nodes_ = 0;
  size_t seen_nodes_max_ = keep_.nodes;
  uint64_t seen_bytes_ = 0;
  NodePtr root_;
};

}  // namespace timerose::wasi::vfs
