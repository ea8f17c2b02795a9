#include "unixfs/file_node.h"

#include <string>

#include "ipld/dag_pb.h"

namespace timerose::unixfs {
namespace {

Error malformed_file(const Cid& cid, const std::string& what) {
  return Error{ErrorCode::kMalformed, "file block " + cid.to_string() + " " + what};
}

Status take_links(const Cid& cid, const std::vector<uint64_t>& block_sizes, FileNode& node) {
  TR_TRY(dag_pb::for_each_link(node.block.view(), [&](const dag_pb::LinkView& link) {
    node.links.push_back(link.cid);
    return success();
  }));
  if (node.links.size() != block_sizes.size()) {
    return malformed_file(cid, "has " + std::to_string(node.links.size()) + " links but " +
                                   std::to_string(block_sizes.size()) + " block sizes");
  }
  uint64_t end = node.data.size();
  node.ends.reserve(block_sizes.size());
  for (const uint64_t size : block_sizes) node.ends.push_back(end += size);
  return success();
}

}  // namespace

Result<NodeView> parse_unixfs(const Cid& cid, const SharedBytes& block) {
  if (cid.codec() != Codec::kDagPb) {
    return Error{ErrorCode::kInvalidArgument,
                 cid.to_string() + " is " + codec_name(cid.codec()) +
                     ", which is no UnixFS file or directory (those are dag-pb or raw)"};
  }
  TR_ASSIGN(const std::optional<ByteView> data, dag_pb::data_of(block.view()));
  if (!data) {
    return Error{ErrorCode::kMalformed,
                 cid.to_string() + " is a dag-pb block without data: it is no UnixFS node"};
  }
  auto view = decode_view(*data);
  if (!view.ok()) return std::move(view).error().within(cid.to_string());
  return view;
}

Result<uint64_t> content_size(const Cid& cid, const NodeView& view) {
  uint64_t size = view.data ? view.data->size() : 0;
  for (const uint64_t part : view.fields.block_sizes) {
    if (__builtin_add_overflow(size, part, &size)) {
      return malformed_file(cid, "has block sizes that add up to more than 64 bits hold");
    }
  }
  const uint64_t stated = view.fields.file_size.value_or(size);
  if (stated != size) {
    return malformed_file(cid, "states a size of " + std::to_string(stated) +
                                   " bytes, but its parts add up to " + std::to_string(size));
  }
  return size;
}

Result<FileNode> parse_file_node(const Cid& cid, SharedBytes block) {
  FileNode node;
  node.block = std::move(block);
  if (cid.codec() == Codec::kRaw) {
    node.data = node.block.view();
    node.size = node.data.size();
    return node;
  }
  TR_ASSIGN(const NodeView view, parse_unixfs(cid, node.block));
  if (view.fields.type != Type::kFile && view.fields.type != Type::kRaw) {
    return Error{ErrorCode::kInvalidArgument,
                 cid.to_string() + " is a " + type_name(view.fields.type) + ", expected a file"};
  }
  node.data = view.data.value_or(ByteView());
  TR_ASSIGN(node.size, content_size(cid, view));
  TR_TRY(take_links(cid, view.fields.block_sizes, node));
  return node;
}

}  // namespace timerose::unixfs
