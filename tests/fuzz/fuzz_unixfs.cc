// Any bytes as a UnixFS message, and as a small store of blocks that link to each other: decoding
// is total, and reading, listing and stat end with an answer or an error.
//
// The input is a list of blocks, deepest first: one byte of kind, one of length, that many bytes.
// Kind 0 is a raw block, 1 a dag-pb block as it is, others a UnixFS node of that many links to
// blocks before it, so that the fuzzer finds DAGs without having to invert a hash.
#include <algorithm>
#include <string>
#include <vector>

#include "base/check.h"
#include "blockstore/memory_blockstore.h"
#include "ipld/dag_pb.h"
#include "unixfs/directory.h"
#include "unixfs/node.h"
#include "unixfs/reader.h"

namespace timerose::unixfs {
namespace {

constexpr size_t kBlocksMax = 64;
constexpr uint64_t kBytesReadMax = 1U << 20;
constexpr size_t kEntriesMax = 1000;

void check_message(ByteView bytes) {
  const auto node = decode(bytes);
  if (!node.ok()) return;
  const auto again = decode(encode(*node));
  CHECK(again.ok() && *again == *node);
}

uint8_t take_byte(ByteView& in) {
  if (in.empty()) return 0;
  const uint8_t byte = in[0];
  in = in.subspan(1);
  return byte;
}

// A node whose message is `bytes`; each link's name is made from them too.
Bytes node_of(ByteView bytes, size_t links, const std::vector<Cid>& blocks) {
  dag_pb::Node node;
  ByteView names = bytes;
  for (size_t i = 0; i < links && !blocks.empty(); ++i) {
    const Cid& cid = blocks[blocks.size() - 1 - take_byte(names) % blocks.size()];
    const size_t length = std::min<size_t>(take_byte(names) % 8, names.size());
    node.links.push_back(
        {.cid = cid, .name = std::string(as_text(names.first(length))), .size = length});
    names = names.subspan(length);
  }
  node.data = to_bytes(bytes);
  return dag_pb::encode(node);
}

void use(Blockstore& store, const Cid& cid) {
  (void)stat(store, cid);
  (void)read_symlink(store, cid);
  uint64_t bytes = 0;
  (void)stream_file(store, cid, {}, 1, [&](ByteView view) -> Status {
    bytes += view.size();
    if (bytes > kBytesReadMax) return Error{ErrorCode::kLimitExceeded, "enough"};
    return success();
  });
  if (auto reader = FileReader::open(store, cid); reader.ok()) {
    uint8_t out[16];
    (void)reader->read_at(reader->size() / 2, out);
    (void)reader->read_at(0, out);
  }
  std::vector<std::string> names;
  const Status listed = for_each_entry(store, cid, [&](const Entry& entry) -> Status {
    if (names.size() == kEntriesMax) return Error{ErrorCode::kLimitExceeded, "enough"};
    names.push_back(entry.name);
    return success();
  });
  if (!listed.ok()) return;  // a fault further on may keep the names before it from being found
  for (const std::string& name : names) {
    const auto found = find_entry(store, cid, name);
    CHECK(found.ok() && found->has_value());
  }
}

}  // namespace
}  // namespace timerose::unixfs

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace timerose;
  using namespace timerose::unixfs;
  ByteView in(data, size);
  check_message(in);
  MemoryBlockstore store;
  std::vector<Cid> blocks;
  while (!in.empty() && blocks.size() < kBlocksMax) {
    const uint8_t kind = take_byte(in);
    const size_t length = take_byte(in);
    const ByteView body = in.first(std::min(length, in.size()));
    in = in.subspan(body.size());
    const Block block =
        kind == 0 ? Block::of_sha256(Codec::kRaw, to_bytes(body))
                  : Block::of_sha256(Codec::kDagPb,
                                     kind == 1 ? to_bytes(body) : node_of(body, kind - 1, blocks));
    CHECK(store.put(block).ok());
    blocks.push_back(block.cid());
  }
  if (!blocks.empty()) use(store, blocks.back());
  return 0;
}
