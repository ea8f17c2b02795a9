#include "wasm/wasi/vfs/output.h"

#include <unordered_map>
#include <vector>

#include "ipld/dag_pb.h"
#include "unixfs/directory.h"

namespace timerose::wasi::vfs {
namespace {

// The bytes of a file, for the importer.
class ContentSource final : public unixfs::ByteSource {
 public:
  explicit ContentSource(FileContent& content) : content_(content) {}

  Result<size_t> read(std::span<uint8_t> out) override {
    auto got = content_.read_at(offset_, out);
    if (!got.ok()) return error_of(got.failure());
    offset_ += got.value();
    return got.value();
  }

 private:
  FileContent& content_;
  uint64_t offset_ = 0;
};

// Bytes of the whole DAG, each block counted as often as it is linked: from its root block.
Result<uint64_t> dag_bytes_of(Blockstore& blocks, const Cid& cid) {
  if (cid.codec() != Codec::kDagPb) return blocks.size(cid);
  TR_ASSIGN(const SharedBytes block, blocks.get(cid));
  uint64_t bytes = block.size();
  TR_TRY(dag_pb::for_each_link(block.view(), [&](const dag_pb::LinkView& link) {
    bytes += link.size;
    return success();
  }));
  return bytes;
}

// Depth first with a stack of its own: the guest decides how deep its directories are.
class Writer {
 public:
  Writer(Tree& tree, const unixfs::Layout& layout, const unixfs::BlockSink& sink)
      : tree_(tree), layout_(layout), sink_(sink) {}

  Result<unixfs::Imported> write(const NodePtr& top) {
    TR_TRY(enter(top, ""));
    while (true) {
      Frame& frame = frames_.back();
      if (frame.next == frame.inside.size()) {
        TR_ASSIGN(Written done, finish(frame));
        const std::string name = std::move(frame.name);
        frames_.pop_back();
        if (frames_.empty()) return done.imported;
        frames_.back().add(name, std::move(done));
        continue;
      }
      const auto [name, node] = frame.inside[frame.next++];
      if (node->is_directory()) {
        TR_TRY(enter(node, name));
      } else {
        TR_ASSIGN(Written done, write_leaf(node));
        frame.add(name, std::move(done));
      }
    }
  }

 private:
  struct Written {
    unixfs::Imported imported;
    bool as_mounted;  // the CID is the one it came with
  };
  struct Frame {
    NodePtr node;
    std::string name;
    std::vector<std::pair<std::string, NodePtr>> inside;  // the children held in memory
    size_t next = 0;
    std::vector<std::pair<std::string, unixfs::Imported>> written;
    bool as_mounted = true;

    void add(const std::string& child, Written done) {
      as_mounted = as_mounted && done.as_mounted;
      written.emplace_back(child, std::move(done.imported));
    }
  };

  Status enter(const NodePtr& node, const std::string& name) {
    Frame frame{.node = node, .name = name, .inside = {}, .written = {}};
    frame.as_mounted = !node->directory->changed && node->origin.has_value();
    std::vector<std::string> mounts;
    for (const auto& [child_name, child] : node->directory->children) {
      if (child.node) frame.inside.emplace_back(child_name, child.node);
      if (child.mount != nullptr) mounts.push_back(child_name);
    }
    for (const auto& mount : mounts) {
      auto found = tree_.find(node, mount);
      if (!found.ok()) return error_of(found.failure());
      frame.inside.emplace_back(mount, found.value());
    }
    frames_.push_back(std::move(frame));
    return success();
  }

  Result<Written> finish(Frame& frame) {
    if (frame.as_mounted) return mounted(*frame.node);
    unixfs::DirectoryBuilder builder(layout_);
    Directory& directory = *frame.node->directory;
    if (directory.base) {
      auto seen = directory.base->for_each(
          tree_.blocks(), [&](const unixfs::Entry& entry) -> Attempt<bool> {
            if (directory.children.contains(entry.name)) return true;
            WASI_TRY(attempt(builder.add(entry.name, {entry.cid, 0, entry.dag_bytes})));
            return true;
          });
      if (!seen.ok()) return error_of(seen.failure());
    }
    for (const auto& [name, imported] : frame.written) TR_TRY(builder.add(name, imported));
    TR_ASSIGN(auto imported, builder.finish(sink_));
    return Written{std::move(imported), false};
  }

  Result<Written> mounted(const Node& node) {
    uint64_t dag_bytes = node.origin_dag_bytes;
    if (dag_bytes == 0) {
      TR_ASSIGN(dag_bytes, dag_bytes_of(tree_.blocks(), *node.origin));
    }
    uint64_t file_bytes = 0;
    if (node.file) {
      auto size = node.file->size();
      if (!size.ok()) return error_of(size.failure());
      file_bytes = size.value();
    }
    return Written{{*node.origin, file_bytes, dag_bytes}, true};
  }

  Result<Written> write_leaf(const NodePtr& node) {
    const bool as_mounted =
        node->file ? node->file->untouched() != nullptr : node->origin.has_value();
    if (as_mounted) return mounted(*node);
    // A file with many names is imported once.
    if (const auto known = imported_.find(node.get()); known != imported_.end()) {
      return Written{known->second, false};
    }
    std::optional<unixfs::Imported> imported;
    if (node->file) {
      ContentSource source(*node->file);
      TR_ASSIGN(imported, unixfs::import_file(source, {.layout = layout_, .progress = {}}, sink_));
    } else {
      TR_ASSIGN(imported, unixfs::import_symlink(node->target, layout_, sink_));
    }
    if (node->links > 1) imported_.emplace(node.get(), *imported);
    return Written{std::move(*imported), false};
  }

  Tree& tree_;
  const unixfs::Layout& layout_;
  const unixfs::BlockSink& sink_;
  std::vector<Frame> frames_;
  std::unordered_map<const Node*, unixfs::Imported> imported_;
};

}  // namespace

Result<unixfs::Imported> write_directory(Tree& tree, const NodePtr& directory,
                                         const unixfs::Layout& layout,
                                         const unixfs::BlockSink& sink) {
  return Writer(tree, layout, sink).write(directory);
}

}  // namespace timerose::wasi::vfs
