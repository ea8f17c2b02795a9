#include "unixfs/node.h"

#include <string>

#include "multiformats/protobuf.h"

namespace timerose::unixfs {
namespace {

using protobuf::Field;
using protobuf::Wire;

// Numbers of the fields of the specification's schema.
enum : uint32_t {
  kTypeField = 1,
  kDataField = 2,
  kFileSizeField = 3,
  kBlockSizesField = 4,
  kHashTypeField = 5,
  kFanoutField = 6,
  kModeField = 7,
  kMtimeField = 8,
};
enum : uint32_t { kSecondsField = 1, kNanosecondsField = 2 };

inline constexpr uint32_t kNanosecondsEnd = 1'000'000'000;

Bytes encode_mtime(const Mtime& mtime) {
  Bytes out;
  protobuf::append_varint_field(out, kSecondsField, static_cast<uint64_t>(mtime.seconds));
  if (mtime.nanoseconds != 0) {
    protobuf::append_tag(out, kNanosecondsField, Wire::kFixed32);
    for (int shift = 0; shift < 32; shift += 8) {
      out.push_back(static_cast<uint8_t>(mtime.nanoseconds >> shift));
    }
  }
  return out;
}

Result<Mtime> decode_mtime(ByteView bytes) {
  Mtime mtime;
  while (!bytes.empty()) {
    TR_ASSIGN(const Field field, protobuf::take_field(bytes));
    if (field.number == kSecondsField && field.wire == Wire::kVarint) {
      mtime.seconds = static_cast<int64_t>(field.value);
    } else if (field.number == kNanosecondsField && field.wire == Wire::kFixed32) {
      mtime.nanoseconds = static_cast<uint32_t>(field.value);
    }
  }
  if (mtime.nanoseconds >= kNanosecondsEnd) {
    return Error{ErrorCode::kMalformed, "a UnixFS time has " + std::to_string(mtime.nanoseconds) +
                                            " nanoseconds, expected less than 1000000000"};
  }
  return mtime;
}

Status take_type(const Field& field, Node& node) {
  if (field.value > static_cast<uint64_t>(Type::kHamtShard)) {
    return Error{ErrorCode::kUnsupported, "a UnixFS node is of type " +
                                              std::to_string(field.value) +
                                              ", expected one from 0 (raw) to 5 (HAMT shard)"};
  }
  node.type = static_cast<Type>(field.value);
  return success();
}

Status take_block_sizes(const Field& field, Node& node) {
  if (field.wire == Wire::kVarint) {
    node.block_sizes.push_back(field.value);
    return success();
  }
  for (ByteView packed = field.bytes; !packed.empty();) {
    TR_ASSIGN(const uint64_t size, protobuf::take_varint(packed));
    node.block_sizes.push_back(size);
  }
  return success();
}

// Takes over one field that the schema knows by its number; false if its wire type is another.
Result<bool> take_known(const Field& field, NodeView& view) {
  Node& node = view.fields;
  const bool varint = field.wire == Wire::kVarint;
  const bool bytes = field.wire == Wire::kBytes;
  switch (field.number) {
    case kTypeField:
      if (varint) TR_TRY(take_type(field, node));
      return varint;
    case kDataField:
      if (bytes) view.data = field.bytes;
      return bytes;
    case kFileSizeField:
      if (varint) node.file_size = field.value;
      return varint;
    case kBlockSizesField:
      if (varint || bytes) TR_TRY(take_block_sizes(field, node));
      return varint || bytes;
    case kHashTypeField:
      if (varint) node.hash_type = field.value;
      return varint;
    case kFanoutField:
      if (varint) node.fanout = field.value;
      return varint;
    case kModeField:
      if (varint) node.mode = static_cast<uint32_t>(field.value);
      return varint;
    case kMtimeField:
      if (bytes) {
        TR_ASSIGN(node.mtime, decode_mtime(field.bytes));
      }
      return bytes;
    default:
      return true;
  }
}

}  // namespace

Bytes encode(const Node& node) {
  Bytes out;
  out.reserve(64 + (node.data ? node.data->size() : 0) + 6 * node.block_sizes.size());
  protobuf::append_varint_field(out, kTypeField, static_cast<uint8_t>(node.type));
  if (node.data) protobuf::append_bytes_field(out, kDataField, *node.data);
  if (node.file_size) protobuf::append_varint_field(out, kFileSizeField, *node.file_size);
  for (const uint64_t size : node.block_sizes) {
    protobuf::append_varint_field(out, kBlockSizesField, size);
  }
  if (node.hash_type) protobuf::append_varint_field(out, kHashTypeField, *node.hash_type);
  if (node.fanout) protobuf::append_varint_field(out, kFanoutField, *node.fanout);
  if (node.mode) protobuf::append_varint_field(out, kModeField, *node.mode);
  if (node.mtime) protobuf::append_bytes_field(out, kMtimeField, encode_mtime(*node.mtime));
  return out;
}

Result<NodeView> decode_view(ByteView bytes) {
  NodeView view;
  bool has_type = false;
  while (!bytes.empty()) {
    TR_ASSIGN(const Field field, protobuf::take_field(bytes));
    TR_ASSIGN(const bool taken, take_known(field, view));
    if (!taken) {
      return Error{ErrorCode::kMalformed, "field " + std::to_string(field.number) +
                                              " of a UnixFS message has wire type " +
                                              std::to_string(static_cast<int>(field.wire)) +
                                              ", which is not that of its schema"};
    }
    has_type = has_type || field.number == kTypeField;
  }
  if (!has_type) {
    return Error{ErrorCode::kMalformed, "a UnixFS message has no type (field 1)"};
  }
  return view;
}

Result<Node> decode(ByteView bytes) {
  TR_ASSIGN(NodeView view, decode_view(bytes));
  if (view.data) view.fields.data = to_bytes(*view.data);
  return std::move(view.fields);
}

const char* type_name(Type type) {
  switch (type) {
    case Type::kRaw:
      return "raw";
    case Type::kDirectory:
      return "directory";
    case Type::kFile:
      return "file";
    case Type::kMetadata:
      return "metadata";
    case Type::kSymlink:
      return "symlink";
    case Type::kHamtShard:
      return "sharded directory";
  }
  return "unknown";
}

}  // namespace timerose::unixfs
