// For tests: content that any test makes the same way, and trees of it that are deep soon.
#pragma once

#include "base/random.h"
#include "unixfs/importer.h"

namespace timerose::unixfs {

inline Bytes random_bytes(size_t size) {
  Bytes data(size);
  SeededRandom(size).fill(data);
  return data;
}

inline Layout small_layout(bool raw_leaves = true) {
  Layout layout;
  layout.chunk_bytes = 1000;
  layout.links_max = 4;
  layout.raw_leaves = raw_leaves;
  return layout;
}

}  // namespace timerose::unixfs
