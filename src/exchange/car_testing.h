// Small DAGs and their archives, for tests.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "blockstore/block.h"
#include "blockstore/car_writer.h"
#include "ipld/codec.h"

namespace timerose::exchange::car_testing {

inline Block leaf(std::string_view text) {
  return Block::of_sha256(Codec::kRaw, SharedBytes::copy_of(as_bytes(text)));
}

// A block that links to others.
inline Block list_of(const std::vector<Cid>& links) {
  Value::List list;
  for (const Cid& link : links) list.emplace_back(link);
  return Block::of_sha256(Codec::kDagCbor,
                          ipld::encode(Codec::kDagCbor, Value(std::move(list))).value());
}

inline Block list_of(const std::vector<Block>& children) {
  std::vector<Cid> links;
  for (const Block& child : children) links.push_back(child.cid());
  return list_of(links);
}

inline std::string car_of(const std::vector<Block>& blocks) {
  std::string car;
  const Cid root = blocks.empty() ? leaf("root").cid() : blocks.front().cid();
  CarWriter writer(
      [&](ByteView bytes) {
        car += as_text(bytes);
        return success();
      },
      std::span(&root, 1));
  for (const Block& block : blocks) CHECK(writer.put(block.cid(), block.data().view()).ok());
  CHECK(writer.finish().ok());
  return car;
}

}  // namespace timerose::exchange::car_testing
