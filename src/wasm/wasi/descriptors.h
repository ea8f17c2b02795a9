// The descriptor table of one guest: what each number stands for, and what may be done with it.
#pragma once

#include <memory>
#include <vector>

#include "wasm/wasi/attempt.h"
#include "wasm/wasi/types.h"
#include "wasm/wasi/vfs/node.h"

namespace timerose::wasi {

struct Descriptor {
  enum class Kind { kClosed, kNode, kStream };

  Kind kind = Kind::kClosed;
  bool preopened = false;
  FdFlags flags = 0;
  int stream = 0;  // kStream: 1 standard output, 2 standard error
  Rights base = 0;
  Rights inheriting = 0;        // the most that what is opened below it may have
  uint64_t offset = 0;          // of the next read or write
  vfs::NodePtr node = nullptr;  // kNode; found by get() for a standard descriptor
  // What fd_readdir goes through, from its start on.
  std::shared_ptr<const vfs::Listing> listing = nullptr;

  [[nodiscard]] bool is_file() const { return kind == Kind::kNode && node->is_file(); }
  [[nodiscard]] bool is_directory() const { return kind == Kind::kNode && node->is_directory(); }
};

// The nodes behind descriptors 0 and 3, made when they are first asked for: a guest that only
// writes to its standard output needs no file tree.
class StandardNodes {
 public:
  virtual ~StandardNodes() = default;
  virtual vfs::NodePtr standard_input() = 0;
  virtual vfs::NodePtr root() = 0;
};

class DescriptorTable {
 public:
  // Opens 0 (standard input), 1, 2 (streams) and 3 (the root, preopened). `nodes` outlives the
  // table.
  DescriptorTable(uint32_t open_max, StandardNodes& nodes);

  // EBADF if the number is not open. A pointer is good until the next open().
  Attempt<Descriptor*> get(Fd fd);
  // The same, with a check of rights: ENOTCAPABLE.
  Attempt<Descriptor*> get(Fd fd, Rights needed);
  // For what is done to a file (EISDIR for a directory, ESPIPE for a stream) or in a directory
  // (ENOTDIR), before rights are looked at.
  Attempt<Descriptor*> get_file(Fd fd, Rights needed);
  Attempt<Descriptor*> get_directory(Fd fd, Rights needed);

  // EMFILE if as many are open as may be.
  Attempt<void> check_room() const;
  // Takes the lowest number that is free; check_room() has been asked.
  Fd open(Descriptor descriptor);
  Attempt<void> close(Fd fd);
  // `from` takes the number `to`, which is closed. Both are open, else EBADF.
  Attempt<void> renumber(Fd from, Fd to);

 private:
  const uint32_t open_max_;
  StandardNodes& nodes_;
  uint32_t open_count_ = 0;
  size_t lowest_free_ = 0;  // none below it is
  std::vector<Descriptor> descriptors_;
};

}  // namespace timerose::wasi
