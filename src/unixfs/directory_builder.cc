#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "ipld/dag_pb.h"
#include "multiformats/protobuf.h"
#include "unixfs/batch.h"
#include "unixfs/directory.h"
#include "unixfs/hamt.h"
#include "unixfs/murmur3.h"
#include "unixfs/node.h"

namespace timerose::unixfs {
namespace {

// Bytes of a length-delimited protobuf field with a tag of one byte.
uint64_t field_bytes(uint64_t length) { return 1 + protobuf::varint_size(length) + length; }

// What a link adds to the encoded block of a plain directory.
uint64_t link_bytes(std::string_view name, const Cid& cid, uint64_t dag_bytes) {
  return field_bytes(field_bytes(cid.bytes().size()) + field_bytes(name.size()) + 1 +
                     protobuf::varint_size(dag_bytes));
}

Bytes plain_data() {
  Node node;
  node.type = Type::kDirectory;
  return encode(node);
}

}  // namespace

// Writes the shards of a HAMT, deepest first, from the entries sorted by hash: then every shard is
// a run of them.
class DirectoryBuilder::ShardWriter {
 public:
  ShardWriter(const Layout& layout, BlockBatch& blocks)
      : layout_(layout), width_(layout.hamt_width), blocks_(blocks) {}

  struct Hashed {
    uint64_t hash;
    const std::pair<const std::string, Child>* entry;
  };

  Result<Imported> write(std::span<const Hashed> run, uint32_t level) {
    if (level == width_.levels_max()) return too_deep(run);
    hamt::Bitmap bitmap(width_.slots());
    dag_pb::Node node;
    uint64_t dag_bytes = 0;
    while (!run.empty()) {
      const uint32_t slot = width_.slot(run.front().hash, level);
      const std::span<const Hashed> same = run.first(run_of(run, slot, level));
      run = run.subspan(same.size());
      bitmap.set(slot);
      TR_ASSIGN(dag_pb::Link link, link_to(same, slot, level));
      dag_bytes += *link.size;
      node.links.push_back(std::move(link));
    }
    node.data = shard_data(bitmap);
    TR_ASSIGN(Block block, name_block(layout_, Codec::kDagPb, dag_pb::encode(node)));
    Imported written{block.cid(), 0, dag_bytes + block.size()};
    TR_TRY(blocks_.add(std::move(block)));
    return written;
  }

 private:
  [[nodiscard]] size_t run_of(std::span<const Hashed> run, uint32_t slot, uint32_t level) const {
    const auto end = std::find_if(run.begin(), run.end(), [&](const Hashed& hashed) {
      return width_.slot(hashed.hash, level) != slot;
    });
    return static_cast<size_t>(end - run.begin());
  }

  Result<dag_pb::Link> link_to(std::span<const Hashed> same, uint32_t slot, uint32_t level) {
    if (same.size() == 1) {
      const auto& [name, child] = *same.front().entry;
      return dag_pb::Link{
          .cid = child.cid, .name = width_.prefix(slot) + name, .size = child.dag_bytes};
    }
    TR_ASSIGN(Imported shard, write(same, level + 1));
    return dag_pb::Link{
        .cid = std::move(shard.cid), .name = width_.prefix(slot), .size = shard.dag_bytes};
  }

  [[nodiscard]] Bytes shard_data(const hamt::Bitmap& bitmap) const {
    Node node;
    node.type = Type::kHamtShard;
    node.data = bitmap.trimmed();
    node.hash_type = kMurmur3Code;
    node.fanout = width_.slots();
    return encode(node);
  }

  static Error too_deep(std::span<const Hashed> run) {
    return Error{
        ErrorCode::kLimitExceeded,
        "the names \"" + run[0].entry->first + "\" and \"" + run[1].entry->first +
            "\" have the same hash, so one sharded directory cannot hold both: rename one"};
  }

  const Layout& layout_;
  const hamt::Width width_;
  BlockBatch& blocks_;
};

DirectoryBuilder::DirectoryBuilder(const Layout& layout) : layout_(layout) {}

Status DirectoryBuilder::add(std::string_view name, const Imported& child) {
  TR_TRY(check_name(name));
  entries_.insert_or_assign(std::string(name), Child{child.cid, child.dag_bytes, child.file_bytes});
  return success();
}

bool DirectoryBuilder::fits_one_block() const {
  const bool by_block = layout_.directory_size == Layout::DirectorySize::kBlock;
  uint64_t bytes = by_block ? field_bytes(plain_data().size()) : 0;
  for (const auto& [name, child] : entries_) {
    bytes += by_block ? link_bytes(name, child.cid, child.dag_bytes)
                      : name.size() + child.cid.bytes().size();
    if (bytes > layout_.directory_bytes_max) return false;
  }
  return true;
}

Result<Imported> DirectoryBuilder::finish(const BlockSink& sink) const {
  TR_TRY(validate(layout_));
  BlockBatch blocks(sink);
  const bool plain = entries_.empty() || fits_one_block();
  TR_ASSIGN(Imported root, plain ? write_plain(blocks) : write_sharded(blocks));
  for (const auto& [name, child] : entries_) root.file_bytes += child.file_bytes;
  TR_TRY(blocks.flush());
  return root;
}

Result<Imported> DirectoryBuilder::write_plain(BlockBatch& blocks) const {
  dag_pb::Node node;
  node.links.reserve(entries_.size());
  uint64_t dag_bytes = 0;
  for (const auto& [name, child] : entries_) {
    node.links.push_back({.cid = child.cid, .name = name, .size = child.dag_bytes});
    dag_bytes += child.dag_bytes;
  }
  node.data = plain_data();
  TR_ASSIGN(Block block, name_block(layout_, Codec::kDagPb, dag_pb::encode(node)));
  Imported written{block.cid(), 0, dag_bytes + block.size()};
  TR_TRY(blocks.add(std::move(block)));
  return written;
}

Result<Imported> DirectoryBuilder::write_sharded(BlockBatch& blocks) const {
  std::vector<ShardWriter::Hashed> hashed;
  hashed.reserve(entries_.size());
  for (const auto& entry : entries_) {
    hashed.push_back({murmur3_x64_64(as_bytes(entry.first)), &entry});
  }
  std::sort(hashed.begin(), hashed.end(), [](const auto& a, const auto& b) {
    return std::tie(a.hash, a.entry->first) < std::tie(b.hash, b.entry->first);
  });
  return ShardWriter(layout_, blocks).write(hashed, 0);
}

}  // namespace timerose::unixfs
