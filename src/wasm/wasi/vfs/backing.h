// What all nodes of one tree share: where content comes from and what they may take.
#pragma once

#include "wasm/wasi/vfs/reader_pool.h"
#include "wasm/wasi/vfs/recent_blocks.h"
#include "wasm/wasi/vfs/space.h"

namespace timerose::wasi::vfs {

struct Backing {
  Backing(Blockstore& store, uint64_t bytes_max, uint64_t nodes_max, wasm::HeldOutput& held)
      : blocks(store), readers(blocks), space(bytes_max, nodes_max, held) {}

  RecentBlocks blocks;
  ReaderPool readers;
  Space space;
};

}  // namespace timerose::wasi::vfs
