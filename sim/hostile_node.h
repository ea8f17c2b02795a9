// A node that does not play by the rules, each in one way.
#pragma once

#include "exchange/bitswap/message.h"
#include "sim/world.h"

namespace timerose::sim {

enum class Vice : uint8_t {
  kWrongBytes,  // has everything, and sends other bytes
  kSilent,      // reads, and never answers
  kPromises,    // says that it has everything, and sends nothing
  kDenies,      // says that it has nothing
  kRepeats,     // sends real blocks, each several times, and blocks that nobody asked for
  kGarbles,     // sends frames that are no messages
};
inline constexpr uint64_t kVices = 6;

class HostileNode final : public Participant {
 public:
  HostileNode(World& world, NodeNumber number, Vice vice)
      : world_(world), number_(number), vice_(vice) {}

  void connected(NodeNumber peer) override;
  void disconnected(NodeNumber peer) override;
  void received(NodeNumber from, SharedBytes frame) override;

 private:
  void answer(const bitswap::Want& want, bitswap::Outgoing& message);

  World& world_;
  const NodeNumber number_;
  const Vice vice_;
};

}  // namespace timerose::sim
