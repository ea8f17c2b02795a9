#include "unixfs/file_node.h"
#include "unixfs/reader.h"

namespace timerose::unixfs {
namespace {

Result<Kind> kind_of(const Cid& cid, Type type) {
  switch (type) {
    case Type::kRaw:
    case Type::kFile:
      return Kind::kFile;
    case Type::kDirectory:
    case Type::kHamtShard:
      return Kind::kDirectory;
    case Type::kSymlink:
      return Kind::kSymlink;
    case Type::kMetadata:
      break;
  }
  return Error{ErrorCode::kUnsupported,
               cid.to_string() + " is UnixFS metadata, expected a file, directory or symlink"};
}

}  // namespace

Result<Stat> stat(Blockstore& store, const Cid& cid) {
  Stat stat;
  if (cid.codec() == Codec::kRaw) {
    TR_ASSIGN(stat.size, store.size(cid));
    return stat;
  }
  SharedBytes block;
  if (cid.codec() == Codec::kDagPb) {
    TR_ASSIGN(block, store.get(cid));
  }
  TR_ASSIGN(const NodeView view, parse_unixfs(cid, block));
  TR_ASSIGN(stat.kind, kind_of(cid, view.fields.type));
  stat.hamt = view.fields.type == Type::kHamtShard;
  stat.mode = view.fields.mode;
  stat.mtime = view.fields.mtime;
  if (stat.kind == Kind::kSymlink) stat.size = view.data ? view.data->size() : 0;
  if (stat.kind == Kind::kFile) {
    TR_ASSIGN(stat.size, content_size(cid, view));
  }
  return stat;
}

Result<std::string> read_symlink(Blockstore& store, const Cid& cid) {
  TR_ASSIGN(const SharedBytes block, store.get(cid));
  TR_ASSIGN(const NodeView view, parse_unixfs(cid, block));
  if (view.fields.type != Type::kSymlink) {
    return Error{ErrorCode::kInvalidArgument,
                 cid.to_string() + " is a " + type_name(view.fields.type) + ", expected a symlink"};
  }
  return std::string(as_text(view.data.value_or(ByteView())));
}

}  // namespace timerose::unixfs
