#include "sim/content.h"

#include <algorithm>

namespace timerose::sim {

uint32_t modelled_bytes(ByteView data) {
  if (data.size() < sizeof(uint32_t)) return kModelledBytesMin;
  uint32_t bytes = 0;
  std::memcpy(&bytes, data.data(), sizeof(bytes));
  return std::clamp(bytes, kModelledBytesMin, kModelledBytesMax);
}

Block Content::make_block(Codec codec, uint32_t stands_for) {
  Bytes data(24);
  std::memcpy(data.data(), &stands_for, sizeof(stands_for));
  for (size_t i = 0; i < 2; ++i) {
    const uint64_t filling = dice_.seed();
    std::memcpy(data.data() + 8 + 8 * i, &filling, sizeof(filling));
  }
  return Block::of_sha256(codec, SharedBytes(std::move(data)));
}

size_t Content::add_file(size_t leaves, uint32_t leaf_bytes_max) {
  const size_t number = files_.size();
  const Block root =
      make_block(Codec::kDagPb, kModelledBytesMin + 50 * static_cast<uint32_t>(leaves));
  files_.push_back({.root = root.cid(), .leaves = {}, .providers = {}});
  blocks_.emplace(root.cid(), Known{.block = root, .file = number});
  for (size_t i = 0; i < leaves; ++i) {
    const auto bytes = static_cast<uint32_t>(
        dice_.between(std::max(kModelledBytesMin, leaf_bytes_max / 2), leaf_bytes_max));
    const Block leaf = make_block(Codec::kRaw, bytes);
    files_.back().leaves.push_back(leaf.cid());
    blocks_.emplace(leaf.cid(), Known{.block = leaf, .file = number});
  }
  return number;
}

Block Content::stray_block() { return make_block(Codec::kRaw, kModelledBytesMin); }

const Block* Content::find(const Cid& cid) const {
  auto entry = blocks_.find(cid);
  return entry == blocks_.end() ? nullptr : &entry->second.block;
}

const File* Content::file_of(const Cid& cid) const {
  auto entry = blocks_.find(cid);
  return entry == blocks_.end() ? nullptr : &files_[entry->second.file];
}

}  // namespace timerose::sim
