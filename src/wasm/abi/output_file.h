// A UnixFS file that grows by writes: each chunk goes to the sink when it is full, so that memory
// does not depend on the file's length. Its CID is that of the same bytes imported whole.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "unixfs/batch.h"
#include "unixfs/file_tree.h"
#include "unixfs/importer.h"
#include "unixfs/layout.h"

namespace timerose::wasm::abi {

class OutputFile {
 public:
  // Both must outlive it.
  OutputFile(const unixfs::Layout& layout, const unixfs::BlockSink& sink)
      : layout_(layout), sink_(sink), parents_(sink), tree_(layout, parents_) {}

  // An error is the sink's.
  Status write(ByteView piece);
  Result<unixfs::Imported> finish();
  [[nodiscard]] uint64_t size() const { return size_; }

 private:
  Status end_chunk();

  const unixfs::Layout& layout_;
  const unixfs::BlockSink& sink_;
  unixfs::BlockBatch parents_;
  unixfs::FileTree tree_;
  Bytes chunk_;           // not full
  uint64_t size_ = 0;     // written so far
  bool is_long_ = false;  // at least one chunk has been written
};

}  // namespace timerose::wasm::abi
