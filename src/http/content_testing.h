// For the tests of this folder: content in memory, and the blocks of a CAR.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/check.h"
#include "blockstore/car_reader.h"
#include "blockstore/memory_blockstore.h"
#include "unixfs/directory.h"
#include "unixfs/importer.h"

namespace timerose::http::testing_support {

// Files of 256-byte chunks, four to a node.
inline unixfs::Layout small_layout() {
  unixfs::Layout layout;
  layout.chunk_bytes = 256;
  layout.links_max = 4;
  return layout;
}

inline unixfs::Imported add_file(Blockstore& store, std::string_view content) {
  return unixfs::import_bytes(as_bytes(content), small_layout(), unixfs::sink_into(store)).value();
}

inline unixfs::Imported add_directory(Blockstore& store,
                                      const std::map<std::string, unixfs::Imported>& entries,
                                      bool sharded = false) {
  unixfs::Layout layout = small_layout();
  if (sharded) layout.directory_bytes_max = 0;
  unixfs::DirectoryBuilder builder(layout);
  for (const auto& [name, child] : entries) CHECK(builder.add(name, child).ok());
  return builder.finish(unixfs::sink_into(store)).value();
}

// `bytes` bytes that differ from chunk to chunk.
inline std::string varied(size_t bytes) {
  std::string text;
  for (size_t line = 0; text.size() < bytes; ++line) text += "line " + std::to_string(line) + "\n";
  text.resize(bytes);
  return text;
}

// The blocks of a whole CAR, each verified; an error for one that is cut short.
inline Result<std::vector<Cid>> cids_in_car(ByteView car) {
  TR_ASSIGN(CarReader reader, CarReader::open([&car](std::span<uint8_t> out) -> Result<size_t> {
              const size_t size = std::min(out.size(), car.size());
              std::copy_n(car.begin(), size, out.begin());
              car = car.subspan(size);
              return size;
            }));
  std::vector<Cid> cids;
  for (;;) {
    TR_ASSIGN(const auto block, reader.next());
    if (!block) return cids;
    cids.push_back(block->cid());
  }
}

}  // namespace timerose::http::testing_support
