// The files of a made-up world: each a root and its leaves, in small real blocks that stand for
// blocks of any size.
#pragma once

#include <unordered_map>
#include <vector>

#include "blockstore/block.h"
#include "sim/network.h"

namespace timerose::sim {

struct File {
  Cid root;
  std::vector<Cid> leaves;
  std::vector<NodeNumber> providers;  // as the routing knows them, true or not
  bool anchored = false;              // one of them is honest, and never leaves
};

// A block's bytes begin with the size that it stands for.
inline constexpr uint32_t kModelledBytesMin = 100;
inline constexpr uint32_t kModelledBytesMax = 256U << 10;
uint32_t modelled_bytes(ByteView data);

class Content {
 public:
  explicit Content(uint64_t seed) : dice_(seed) {}

  // A file whose leaves stand for up to `leaf_bytes_max` bytes each.
  size_t add_file(size_t leaves, uint32_t leaf_bytes_max);
  // A block that belongs to no file.
  Block stray_block();

  [[nodiscard]] std::vector<File>& files() { return files_; }
  [[nodiscard]] const Block* find(const Cid& cid) const;
  [[nodiscard]] const File* file_of(const Cid& cid) const;

 private:
  Block make_block(Codec codec, uint32_t stands_for);

  Dice dice_;
  std::vector<File> files_;
  struct Known {
    Block block;
    size_t file;
  };
  std::unordered_map<Cid, Known> blocks_;
};

}  // namespace timerose::sim
