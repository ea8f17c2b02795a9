// The UnixFS message inside a dag-pb block (ipfs/specs UNIXFS.md): what kind of thing it is, its
// inline bytes, and the content sizes of its links.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace timerose::unixfs {

enum class Type : uint8_t {
  kRaw = 0,  // a leaf of old data
  kDirectory = 1,
  kFile = 2,
  kMetadata = 3,
  kSymlink = 4,
  kHamtShard = 5,
};

struct Mtime {
  int64_t seconds = 0;
  uint32_t nanoseconds = 0;
  bool operator==(const Mtime&) const = default;
};

struct Node {
  Type type = Type::kFile;
  std::optional<Bytes> data;  // file bytes, symlink target, or the bitmap of a HAMT shard
  std::optional<uint64_t> file_size;
  std::vector<uint64_t> block_sizes;
  std::optional<uint64_t> hash_type;  // HAMT: 0x22, murmur3-x64-64
  std::optional<uint64_t> fanout;     // HAMT: width
  std::optional<uint32_t> mode;       // kept, not acted on
  std::optional<Mtime> mtime;
  bool operator==(const Node&) const = default;
};

// Inverses for what encode writes. decode accepts other field orders, unknown fields, the last of a
// field that is repeated, and packed block sizes, as the implementations in use do; kMalformed for
// what is no message or has no type, kUnsupported for a type that is not one of the above.
Bytes encode(const Node& node);
Result<Node> decode(ByteView bytes);

// The same without copying `data`: a view into `bytes`, valid as long as it is.
struct NodeView {
  Node fields;  // all but `data`
  std::optional<ByteView> data;
};
Result<NodeView> decode_view(ByteView bytes);

const char* type_name(Type type);  // "directory", for messages

}  // namespace timerose::unixfs
