#include "unixfs/directory.h"

#include "ipld/dag_pb.h"
#include "unixfs/file_node.h"
#include "unixfs/hamt.h"
#include "unixfs/murmur3.h"
#include "unixfs/node.h"

namespace timerose::unixfs {
namespace {

// A directory's block with its message taken out.
struct Opened {
  SharedBytes block;
  Node node;
};

Result<Opened> open_directory(Blockstore& store, const Cid& cid) {
  Opened opened;
  if (cid.codec() == Codec::kRaw) {
    return Error{ErrorCode::kInvalidArgument, cid.to_string() + " is a file, expected a directory"};
  }
  if (cid.codec() == Codec::kDagPb) {
    TR_ASSIGN(opened.block, store.get(cid));
  }
  TR_ASSIGN(const NodeView view, parse_unixfs(cid, opened.block));
  opened.node = view.fields;
  const Type type = opened.node.type;
  if (type != Type::kDirectory && type != Type::kHamtShard) {
    return Error{ErrorCode::kInvalidArgument,
                 cid.to_string() + " is a " + type_name(type) + ", expected a directory"};
  }
  return opened;
}

Error malformed_directory(const Cid& cid, const std::string& what) {
  return Error{ErrorCode::kMalformed, "directory block " + cid.to_string() + " " + what};
}

Result<Opened> open_shard(Blockstore& store, const Cid& cid, const hamt::Width& expected) {
  auto opened = open_directory(store, cid);
  if (!opened.ok() && opened.error().code == ErrorCode::kInvalidArgument) {
    return Error{ErrorCode::kMalformed, "part of a sharded directory: " + opened.error().message};
  }
  if (!opened.ok()) return opened;
  if (opened->node.type != Type::kHamtShard) {
    return malformed_directory(cid, "is a plain directory, expected a shard");
  }
  TR_ASSIGN(const hamt::Width width, hamt::Width::of(opened->node));
  if (width != expected)
    return malformed_directory(cid, "is of another width than the shard above it");
  return opened;
}

Entry entry_of(const dag_pb::LinkView& link, std::string_view name) {
  return {std::string(name), link.cid, link.size};
}

Result<std::optional<Entry>> find_plain(const Opened& directory, std::string_view name) {
  std::optional<Entry> found;
  TR_TRY(dag_pb::for_each_link(directory.block.view(), [&](const dag_pb::LinkView& link) {
    if (!found && link.name == name) found = entry_of(link, name);
    return success();
  }));
  return found;
}

// The link of `slot` in a shard.
struct SlotLink {
  Entry entry;  // its name is empty for a shard below
};
Result<std::optional<SlotLink>> find_slot(const Cid& cid, const Opened& shard,
                                          const hamt::Width& width, uint32_t slot) {
  std::optional<SlotLink> found;
  TR_TRY(dag_pb::for_each_link(shard.block.view(), [&](const dag_pb::LinkView& link) -> Status {
    const std::optional<uint32_t> at = width.slot_of(link.name);
    if (!at) return malformed_directory(cid, "has a link whose name does not start with its slot");
    if (!found && *at == slot) {
      found = SlotLink{entry_of(link, link.name.substr(width.prefix_digits()))};
    }
    return success();
  }));
  return found;
}

Result<std::optional<Entry>> find_sharded(Blockstore& store, Cid cid, Opened shard,
                                          std::string_view name) {
  TR_ASSIGN(const hamt::Width width, hamt::Width::of(shard.node));
  const uint64_t hash = murmur3_x64_64(as_bytes(name));
  for (uint32_t level = 0; level < width.levels_max(); ++level) {
    TR_ASSIGN(std::optional<SlotLink> link, find_slot(cid, shard, width, width.slot(hash, level)));
    if (!link) return std::optional<Entry>();
    if (!link->entry.name.empty()) {
      if (link->entry.name != name) return std::optional<Entry>();
      return std::optional<Entry>(std::move(link->entry));
    }
    cid = link->entry.cid;
    TR_ASSIGN(shard, open_shard(store, cid, width));
  }
  return malformed_directory(cid, "lies deeper than the hash of a name has bits");
}

using Visit = std::function<Status(const Entry&)>;

Status visit_plain(const Cid& cid, const Opened& directory, const Visit& visit) {
  return dag_pb::for_each_link(directory.block.view(), [&](const dag_pb::LinkView& link) -> Status {
    if (!check_name(link.name).ok())
      return malformed_directory(cid, "has an entry whose name is not allowed");
    return visit(entry_of(link, link.name));
  });
}

// Walks shards depth first; the depth is bounded by the bits of a hash.
class ShardWalk {
 public:
  ShardWalk(Blockstore& store, const hamt::Width& width, const Visit& visit)
      : store_(store), width_(width), visit_(visit) {}

  // `path` is the slots taken so far, as the leading bits of a hash.
  Status walk(const Cid& cid, const Opened& shard, uint32_t level, uint64_t path) {
    if (level == width_.levels_max()) {
      return malformed_directory(cid, "lies deeper than the hash of a name has bits");
    }
    size_t links = 0;
    int64_t last_slot = -1;
    TR_TRY(dag_pb::for_each_link(shard.block.view(), [&](const dag_pb::LinkView& link) -> Status {
      ++links;
      const std::optional<uint32_t> slot = width_.slot_of(link.name);
      if (!slot || *slot <= last_slot) {
        return malformed_directory(cid,
                                   "has a link whose slot is missing, repeated or out of order");
      }
      last_slot = *slot;
      return take(cid, link, *slot, level, path);
    }));
    if (links == 0 && level > 0) return malformed_directory(cid, "is an empty shard below another");
    return success();
  }

 private:
  Status take(const Cid& cid, const dag_pb::LinkView& link, uint32_t slot, uint32_t level,
              uint64_t path) {
    const uint32_t bits_after = hamt::kHashBits - width_.bits() * (level + 1);
    path |= uint64_t{slot} << bits_after;
    const std::string_view name = link.name.substr(width_.prefix_digits());
    if (name.empty()) {
      TR_ASSIGN(const Opened below, open_shard(store_, link.cid, width_));
      return walk(link.cid, below, level + 1, path);
    }
    if (!check_name(name).ok())
      return malformed_directory(cid, "has an entry whose name is not allowed");
    if (((murmur3_x64_64(as_bytes(name)) ^ path) >> bits_after) != 0) {
      return malformed_directory(cid,
                                 "has an entry in another slot than the hash of its name says");
    }
    return visit_(entry_of(link, name));
  }

  Blockstore& store_;
  const hamt::Width width_;
  const Visit& visit_;
};

}  // namespace

Status check_name(std::string_view name) {
  const char* fault = nullptr;
  if (name.empty()) fault = "is empty";
  if (name == "." || name == "..") fault = "is \".\" or \"..\"";
  if (name.find('/') != std::string_view::npos) fault = "has a '/' in it";
  if (name.find('\0') != std::string_view::npos) fault = "has a NUL byte in it";
  if (name.size() > kNameBytesMax) fault = "is over 4096 bytes long";
  if (fault == nullptr) return success();
  return Error{ErrorCode::kInvalidArgument, std::string("a name in a directory ") + fault + ": \"" +
                                                std::string(name.substr(0, 64)) + "\""};
}

Result<std::optional<Entry>> find_entry(Blockstore& store, const Cid& directory,
                                        std::string_view name) {
  TR_ASSIGN(Opened opened, open_directory(store, directory));
  if (opened.node.type == Type::kDirectory) return find_plain(opened, name);
  return find_sharded(store, directory, std::move(opened), name);
}

Status for_each_entry(Blockstore& store, const Cid& directory, const Visit& visit) {
  TR_ASSIGN(const Opened opened, open_directory(store, directory));
  if (opened.node.type == Type::kDirectory) return visit_plain(directory, opened, visit);
  TR_ASSIGN(const hamt::Width width, hamt::Width::of(opened.node));
  return ShardWalk(store, width, visit).walk(directory, opened, 0, 0);
}

}  // namespace timerose::unixfs
