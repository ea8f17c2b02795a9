// Files into DAGs. Bytes stream through: memory used does not depend on the file's length.
#pragma once

#include <functional>
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
};

class SpanSource final : public ByteSource {
 public:
  explicit SpanSource(ByteView data) : rest_(data) {}
  Result<size_t> read(std::span<uint8_t> out) override;

 private:
  ByteView rest_;
};

class FileSource final : public ByteSource {  // an open file, pipe or socket; not owned
 public:
  explicit FileSource(int fd) : fd_(fd) {}
  Result<size_t> read(std::span<uint8_t> out) override;

 private:
  int fd_;
};

// Where finished blocks go: a store, or nowhere (--only-hash).
using BlockSink = std::function<Status(std::span<const Block>)>;
BlockSink sink_into(Blockstore& store);
BlockSink discard();

// What a directory entry or a parent node needs to know of an imported DAG.
struct Imported {
  Cid cid;
  uint64_t file_bytes = 0;  // content
  uint64_t dag_bytes = 0;   // Tsize: all blocks, each counted as often as it is linked
};

// `hash_threads` > 1 hashes chunks in parallel; the result is the same. `progress` is told of
// content bytes as they are taken.
struct ImportOptions {
  Layout layout;
  unsigned hash_threads = 1;
  std::function<void(uint64_t bytes)> progress;
};
Result<Imported> import_file(ByteSource& source, const ImportOptions& options,
                             const BlockSink& sink);
Result<Imported> import_bytes(ByteView data, const Layout& layout, const BlockSink& sink);
Result<Imported> import_symlink(std::string_view target, const Layout& layout,
                                const BlockSink& sink);

}  // namespace timerose::unixfs
