// Files into DAGs. Bytes stream through: memory used does not depend on the file's length.
#pragma once

#include <functional>
#include <optional>
#include <span>

#include "base/result.h"
#include "blockstore/blockstore.h"
#include "unixfs/layout.h"

namespace timerose::unixfs {

// Where bytes come from. read() fills as much of `out` as it can; 0 means the end.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual Result<size_t> read(std::span<uint8_t> out) = 0;
  // How many bytes are probably left, if that is cheap to know: it only sizes buffers.
  virtual std::optional<uint64_t> size_hint() { return std::nullopt; }
};

class SpanSource final : public ByteSource {
 public:
  explicit SpanSource(ByteView data) : rest_(data) {}
  Result<size_t> read(std::span<uint8_t> out) override;
  std::optional<uint64_t> size_hint() override { return rest_.size(); }

 private:
  ByteView rest_;
};

class FileSource final : public ByteSource {  // an open file, pipe or socket; not owned
 public:
  explicit FileSource(int fd) : fd_(fd) {}
  Result<size_t> read(std::span<uint8_t> out) override;
  std::optional<uint64_t> size_hint() override;

 private:
  int fd_;
};

// Where finished blocks go: a store, or nowhere (--only-hash). Children come before what links to
// them. Called from one thread at a time, with the blocks of one file in batches (see batch.h for
// batches across many small files).
using BlockSink = std::function<Status(std::span<const Block>)>;
BlockSink sink_into(Blockstore& store);
BlockSink discard();

// What a directory entry or a parent node needs to know of an imported DAG.
struct Imported {
  Cid cid;
  uint64_t file_bytes = 0;  // content
  uint64_t dag_bytes = 0;   // Tsize: all blocks, each counted as often as it is linked
};

// `hash_threads` > 1 hashes chunks in parallel, at most kChunksInFlightMax of them in memory; the
// result is the same. `progress` is told of content bytes as they are taken. kInvalidArgument for a
// layout that validate() refuses.
inline constexpr size_t kChunksInFlightMax = 16;
struct ImportOptions {
  Layout layout;
  unsigned hash_threads = 1;
  std::function<void(uint64_t bytes)> progress;
};
Result<Imported> import_file(ByteSource& source, const ImportOptions& options,
                             const BlockSink& sink);
Result<Imported> import_bytes(ByteView data, const Layout& layout, const BlockSink& sink);
// The target is any bytes, not empty, at most kSymlinkBytesMax.
inline constexpr size_t kSymlinkBytesMax = 4096;
Result<Imported> import_symlink(std::string_view target, const Layout& layout,
                                const BlockSink& sink);

}  // namespace timerose::unixfs
