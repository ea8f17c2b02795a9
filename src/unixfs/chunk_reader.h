// Cuts a source into chunks of one size, each read straight into the buffer of the block that it
// becomes: no copy, no zero-fill.
#pragma once

#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "unixfs/importer.h"
#include "unixfs/layout.h"

namespace timerose::unixfs {

// The bytes of one leaf block: a raw chunk, or a chunk wrapped as a dag-pb UnixFS file node.
struct Leaf {
  SharedBytes block;
  uint64_t content_bytes = 0;
};

class BufferPool;

class ChunkReader {
 public:
  ChunkReader(ByteSource& source, const Layout& layout);
  ChunkReader(ChunkReader&&) = delete;
  ~ChunkReader();

  // The next leaf; nullopt at the end. A source without any bytes has one leaf, which is empty.
  Result<std::optional<Leaf>> next();

 private:
  struct Chunk;
  Result<Chunk> read_chunk();
  Status fill(Chunk& chunk);
  Chunk buffer_for(size_t content_bytes);
  [[nodiscard]] Leaf make_leaf(const Chunk& chunk) const;

  ByteSource& source_;
  const bool raw_leaves_;
  const size_t chunk_bytes_;
  std::optional<uint64_t> bytes_left_;  // by the source's hint
  bool at_end_ = false;
  bool first_ = true;
  std::shared_ptr<BufferPool> pool_;
};

}  // namespace timerose::unixfs
