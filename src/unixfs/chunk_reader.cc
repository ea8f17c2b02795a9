#include "unixfs/chunk_reader.h"

#include <algorithm>
#include <array>

#include "multiformats/protobuf.h"
#include "unixfs/buffer_pool.h"
#include "unixfs/node.h"

namespace timerose::unixfs {
namespace {

// Room around a chunk for the dag-pb and UnixFS framing of a leaf: tags, lengths and the file size.
inline constexpr size_t kFrameBefore = 32;
inline constexpr size_t kFrameAfter = 16;

// The fields in front of and behind a chunk in a leaf node: PBNode{Data: UnixFS{Type: File,
// Data: chunk, filesize: size}}. A node without content has no UnixFS Data field.
struct Frame {
  std::array<uint8_t, kFrameBefore> before;
  std::array<uint8_t, kFrameAfter> after;
  size_t before_bytes = 0;
  size_t after_bytes = 0;
};

Frame frame_of(size_t content_bytes) {
  Frame frame;
  std::array<uint8_t, kFrameBefore> inner;
  uint8_t* at = inner.data();
  *at++ = 0x08;  // Type
  *at++ = static_cast<uint8_t>(Type::kFile);
  if (content_bytes > 0) {
    *at++ = 0x12;  // Data
    at = protobuf::put_varint(at, content_bytes);
  }
  const size_t inner_bytes = static_cast<size_t>(at - inner.data());

  at = frame.after.data();
  *at++ = 0x18;  // filesize
  at = protobuf::put_varint(at, content_bytes);
  frame.after_bytes = static_cast<size_t>(at - frame.after.data());

  at = frame.before.data();
  *at++ = 0x0a;  // PBNode.Data
  at = protobuf::put_varint(at, inner_bytes + content_bytes + frame.after_bytes);
  at = std::copy_n(inner.data(), inner_bytes, at);
  frame.before_bytes = static_cast<size_t>(at - frame.before.data());
  return frame;
}

}  // namespace

struct ChunkReader::Chunk {
  std::shared_ptr<uint8_t[]> owner;
  uint8_t* content = nullptr;  // with kFrameBefore bytes of `owner` in front and kFrameAfter behind
  size_t capacity = 0;
  size_t size = 0;
};

ChunkReader::ChunkReader(ByteSource& source, const Layout& layout)
    : source_(source),
      raw_leaves_(layout.raw_leaves),
      chunk_bytes_(layout.chunk_bytes),
      bytes_left_(source.size_hint()) {}

ChunkReader::~ChunkReader() {
  if (pool_) pool_->close();
}

ChunkReader::Chunk ChunkReader::buffer_for(size_t content_bytes) {
  Chunk chunk;
  chunk.capacity = content_bytes;
  if (content_bytes == chunk_bytes_) {
    if (!pool_) {
      pool_ = BufferPool::make(kFrameBefore + chunk_bytes_ + kFrameAfter, kChunksInFlightMax);
    }
    chunk.owner = pool_->take();
  } else {
    chunk.owner =
        std::make_shared_for_overwrite<uint8_t[]>(kFrameBefore + content_bytes + kFrameAfter);
  }
  chunk.content = chunk.owner.get() + kFrameBefore;
  return chunk;
}

// Reads until the buffer is full or the source ends.
Status ChunkReader::fill(Chunk& chunk) {
  while (!at_end_ && chunk.size < chunk.capacity) {
    const std::span<uint8_t> room(chunk.content + chunk.size, chunk.capacity - chunk.size);
    TR_ASSIGN(const size_t got, source_.read(room));
    at_end_ = got == 0;
    chunk.size += got;
  }
  return success();
}

Result<ChunkReader::Chunk> ChunkReader::read_chunk() {
  // One byte more than expected shows the end without a second buffer.
  const uint64_t expected = bytes_left_ ? *bytes_left_ : UINT64_MAX - 1;
  Chunk chunk = buffer_for(expected < chunk_bytes_ ? expected + 1 : chunk_bytes_);
  TR_TRY(fill(chunk));
  if (chunk.size == chunk.capacity && chunk.capacity < chunk_bytes_) {
    // The source is longer than it said.
    Chunk larger = buffer_for(chunk_bytes_);
    std::copy_n(chunk.content, chunk.size, larger.content);
    larger.size = chunk.size;
    chunk = std::move(larger);
    TR_TRY(fill(chunk));
  }
  if (bytes_left_) *bytes_left_ -= std::min<uint64_t>(*bytes_left_, chunk.size);
  // A short tail must not keep a whole buffer alive.
  if (chunk.size < chunk.capacity / 2) {
    Chunk exact;
    exact.owner =
        std::make_shared_for_overwrite<uint8_t[]>(kFrameBefore + chunk.size + kFrameAfter);
    exact.content = exact.owner.get() + kFrameBefore;
    exact.capacity = exact.size = chunk.size;
    std::copy_n(chunk.content, chunk.size, exact.content);
    return exact;
  }
  return chunk;
}

Leaf ChunkReader::make_leaf(const Chunk& chunk) const {
  uint8_t* begin = chunk.content;
  size_t bytes = chunk.size;
  if (!raw_leaves_) {
    const Frame frame = frame_of(chunk.size);
    begin -= frame.before_bytes;
    std::copy_n(frame.before.data(), frame.before_bytes, begin);
    std::copy_n(frame.after.data(), frame.after_bytes, chunk.content + chunk.size);
    bytes += frame.before_bytes + frame.after_bytes;
  }
  return {SharedBytes(chunk.owner, ByteView(begin, bytes)), chunk.size};
}

Result<std::optional<Leaf>> ChunkReader::next() {
  if (at_end_) return std::optional<Leaf>();
  TR_ASSIGN(const Chunk chunk, read_chunk());
  const bool first = std::exchange(first_, false);
  if (chunk.size == 0 && !first) return std::optional<Leaf>();
  return std::optional<Leaf>(make_leaf(chunk));
}

}  // namespace timerose::unixfs
