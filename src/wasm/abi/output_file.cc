#include "wasm/abi/output_file.h"

#include <algorithm>

namespace timerose::wasm::abi {

Status OutputFile::write(ByteView piece) {
  while (!piece.empty()) {
    // Written out only when more follows: a file of one chunk is imported as such.
    if (chunk_.size() == layout_.chunk_bytes) TR_TRY(end_chunk());
    const ByteView taken =
        piece.first(std::min<size_t>(piece.size(), layout_.chunk_bytes - chunk_.size()));
    chunk_.insert(chunk_.end(), taken.begin(), taken.end());
    size_ += taken.size();
    piece = piece.subspan(taken.size());
  }
  return success();
}

// A file of one chunk is its leaf.
Status OutputFile::end_chunk() {
  TR_ASSIGN(unixfs::Imported leaf, unixfs::import_bytes(chunk_, layout_, sink_));
  chunk_.clear();
  is_long_ = true;
  return tree_.add_leaf(std::move(leaf));
}

Result<unixfs::Imported> OutputFile::finish() {
  if (!is_long_) return unixfs::import_bytes(chunk_, layout_, sink_);
  TR_TRY(end_chunk());
  TR_ASSIGN(unixfs::Imported root, tree_.finish());
  TR_TRY(parents_.flush());
  return root;
}

}  // namespace timerose::wasm::abi
