#include "sim/hostile_node.h"

namespace timerose::sim {
namespace {

constexpr int kRepetitions = 3;

}  // namespace

void HostileNode::connected(NodeNumber peer) { world_.note(number_, "hostile meets", peer); }
void HostileNode::disconnected(NodeNumber peer) { world_.note(number_, "hostile leaves", peer); }

void HostileNode::received(NodeNumber from, SharedBytes frame) {
  const auto message = bitswap::decode(frame);
  if (!message || message->wants.empty() || vice_ == Vice::kSilent) return;
  if (vice_ == Vice::kGarbles) {
    Bytes noise(64);
    for (uint8_t& byte : noise) byte = static_cast<uint8_t>(world_.dice.below(256));
    return world_.network.send(number_, from, SharedBytes(std::move(noise)), 64);
  }
  bitswap::Outgoing reply;
  for (const bitswap::Want& want : message->wants) {
    if (!want.cancel) answer(want, reply);
  }
  if (reply.blocks.empty() && reply.presences.empty()) return;
  const bitswap::Encoded encoded = bitswap::encode(reply, bitswap::Version::k120);
  Bytes bytes;
  for (ByteView piece : encoded.pieces) bytes.insert(bytes.end(), piece.begin(), piece.end());
  const uint64_t size = bytes.size();
  world_.network.send(number_, from, SharedBytes(std::move(bytes)), size);
}

void HostileNode::answer(const bitswap::Want& want, bitswap::Outgoing& message) {
  const bool for_block = want.type == bitswap::WantType::kBlock;
  const auto say = [&](bitswap::Presence presence) {
    message.presences.push_back({.cid = want.cid, .presence = presence});
  };
  switch (vice_) {
    case Vice::kWrongBytes:
      if (!for_block) return say(bitswap::Presence::kHave);
      message.blocks.push_back(Block::trusted(want.cid, world_.content.stray_block().data()));
      return;
    case Vice::kPromises:
      return say(bitswap::Presence::kHave);
    case Vice::kDenies:
      return say(bitswap::Presence::kDontHave);
    case Vice::kRepeats: {
      const Block* block = world_.content.find(want.cid);
      if (block == nullptr) return;
      for (int i = 0; i < kRepetitions; ++i) message.blocks.push_back(*block);
      message.blocks.push_back(world_.content.stray_block());
      return;
    }
    case Vice::kSilent:
    case Vice::kGarbles:
      return;
  }
}

}  // namespace timerose::sim
