// The nodes of the file tree of one call. A node is what stays the same when names change: open
// descriptors and directories share it. Only Tree makes and binds nodes.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "wasm/wasi/clocks.h"
#include "wasm/wasi/types.h"
#include "wasm/wasi/vfs/base_directory.h"
#include "wasm/wasi/vfs/file_content.h"

namespace timerose::wasi::vfs {

struct MountPoint;
struct Node;
using NodePtr = std::shared_ptr<Node>;

// What a name in a directory stands for. With neither node nor mount, the name was removed, and
// hides the one of the base.
struct Child {
  NodePtr node;
  const MountPoint* mount = nullptr;  // not looked at yet: becomes a node when it is
  bool from_base = false;             // the node is what the base has there: it may be forgotten
  bool hides_base = false;            // the base may have this name too
  bool charged = false;               // a removal that hides something takes the place of a node

  [[nodiscard]] bool removed() const { return !node && mount == nullptr; }
};

struct Directory {
  std::optional<BaseDirectory> base;
  std::map<std::string, Child, std::less<>> children;  // over the base, and seen parts of it
  Node* parent = nullptr;                              // null: the root, or removed
  bool changed = false;                                // the set of names is not the base's
  std::shared_ptr<const Listing> names;                // of all, while nothing changes
};

struct Times {
  uint64_t access_ns = VirtualClocks::kRealtimeStartNs;
  uint64_t modify_ns = VirtualClocks::kRealtimeStartNs;
  uint64_t change_ns = VirtualClocks::kRealtimeStartNs;
};

struct Node {
  Node(Filetype its_type, uint64_t inode_number) : type(its_type), inode(inode_number) {}
  ~Node() {
    if (space == nullptr) return;
    space->give_node();
    space->give_bytes(bytes_charged);
  }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  [[nodiscard]] bool is_directory() const { return type == Filetype::kDirectory; }
  [[nodiscard]] bool is_file() const { return type == Filetype::kRegularFile; }
  [[nodiscard]] bool is_symlink() const { return type == Filetype::kSymbolicLink; }

  Filetype type;
  bool touched = false;  // differs from its base: may not be forgotten
  uint64_t inode;
  uint64_t links = 1;  // names; 0 when only descriptors hold it
  Times times;
  Space* space = nullptr;      // what this node is charged to, if the guest made it
  uint64_t bytes_charged = 0;  // a symlink's target

  // The CID it came from, and the bytes of that DAG where a directory's entry told them.
  std::optional<Cid> origin;
  uint64_t origin_dag_bytes = 0;

  // One of these, by type.
  std::unique_ptr<FileContent> file;
  std::unique_ptr<Directory> directory;
  std::string target;
};

}  // namespace timerose::wasi::vfs
