#include "unixfs/importer.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/file.h"
#include "ipld/dag_pb.h"
#include "unixfs/batch.h"
#include "unixfs/chunk_reader.h"
#include "unixfs/file_tree.h"
#include "unixfs/leaf_pipeline.h"
#include "unixfs/node.h"

namespace timerose::unixfs {

Result<size_t> SpanSource::read(std::span<uint8_t> out) {
  const size_t size = std::min(out.size(), rest_.size());
  if (size > 0) std::memcpy(out.data(), rest_.data(), size);
  rest_ = rest_.subspan(size);
  return size;
}

Result<size_t> FileSource::read(std::span<uint8_t> out) {
  while (true) {
    const ssize_t got = ::read(fd_, out.data(), out.size());
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) return errno_error(errno, "reading a file to add");
  }
}

std::optional<uint64_t> FileSource::size_hint() {
  struct stat info{};
  if (::fstat(fd_, &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  return static_cast<uint64_t>(info.st_size);
}

BlockSink sink_into(Blockstore& store) {
  return [&store](std::span<const Block> blocks) { return store.put(blocks); };
}

BlockSink discard() {
  return [](std::span<const Block>) { return success(); };
}

Result<Imported> import_file(ByteSource& source, const ImportOptions& options,
                             const BlockSink& sink) {
  TR_TRY(validate(options.layout));
  BlockBatch blocks(sink);
  FileTree tree(options.layout, blocks);
  ChunkReader chunks(source, options.layout);
  LeafPipeline leaves(options.layout, options.hash_threads);
  while (true) {
    TR_ASSIGN(std::optional<Leaf> leaf, chunks.next());
    const bool at_end = !leaf;
    if (leaf) {
      if (options.progress) options.progress(leaf->content_bytes);
      leaves.push(*std::move(leaf));
    }
    while (leaves.size() > (at_end ? 0 : leaves.wanted())) {
      TR_ASSIGN(NamedLeaf named, leaves.pop());
      TR_TRY(tree.add_leaf({named.block.cid(), named.content_bytes, named.block.size()}));
      TR_TRY(blocks.add(std::move(named.block)));
    }
    if (at_end) break;
  }
  TR_ASSIGN(Imported root, tree.finish());
  TR_TRY(blocks.flush());
  return root;
}

Result<Imported> import_bytes(ByteView data, const Layout& layout, const BlockSink& sink) {
  SpanSource source(data);
  return import_file(source, {.layout = layout, .hash_threads = 1, .progress = {}}, sink);
}

Result<Imported> import_symlink(std::string_view target, const Layout& layout,
                                const BlockSink& sink) {
  TR_TRY(validate(layout));
  if (target.empty() || target.size() > kSymlinkBytesMax) {
    return Error{
        ErrorCode::kInvalidArgument,
        "the target of a symlink has from 1 to 4096 bytes, not " + std::to_string(target.size())};
  }
  Node link;
  link.type = Type::kSymlink;
  link.data = to_bytes(as_bytes(target));
  dag_pb::Node node;
  node.data = encode(link);
  TR_ASSIGN(const Block block, name_block(layout, Codec::kDagPb, dag_pb::encode(node)));
  TR_TRY(sink(std::span(&block, 1)));
  return Imported{block.cid(), target.size(), block.size()};
}

}  // namespace timerose::unixfs
