#include "http/car_body.h"

#include "blockstore/car_writer.h"
#include "multiformats/varint.h"

namespace timerose::http {
namespace {

Result<SharedBytes> car_header(const Cid& root) {
  Bytes header;
  CarWriter writer(
      [&](ByteView bytes) {
        header.insert(header.end(), bytes.begin(), bytes.end());
        return success();
      },
      std::span(&root, 1));
  TR_TRY(writer.finish());
  return SharedBytes(std::move(header));
}

// What stands before a block's data.
SharedBytes section_head(const Block& block) {
  const ByteView cid = block.cid().bytes();
  Bytes head;
  varint_append(head, cid.size() + block.size());
  head.insert(head.end(), cid.begin(), cid.end());
  return SharedBytes(std::move(head));
}

}  // namespace

Result<std::vector<SharedBytes>> CarBody::next() {
  if (failed_) return *failed_;
  std::vector<SharedBytes> pieces;
  size_t bytes = 0;
  if (!begun_) {
    TR_ASSIGN(SharedBytes header, car_header(root_));
    bytes += header.size();
    pieces.push_back(std::move(header));
    begun_ = true;
  }
  while (bytes < kPiecesBytes) {
    auto block = walk_.next();
    if (!block.ok()) {
      if (pieces.empty()) return std::move(block).error();
      failed_ = std::move(block).error();
      break;
    }
    if (!*block) break;
    pieces.push_back(section_head(**block));
    if (!(*block)->data().empty()) pieces.push_back((*block)->data());
    bytes += pieces.back().size();
  }
  return pieces;
}

}  // namespace timerose::http
