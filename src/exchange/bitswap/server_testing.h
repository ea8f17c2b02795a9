// A server with the store and the host that it is driven by in tests: a table of sizes, and a list
// of messages on the way.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "exchange/bitswap/policy.h"
#include "exchange/bitswap/server.h"

namespace timerose::bitswap {

inline Cid cid_of(const std::string& name) { return Cid::of_sha256(Codec::kRaw, as_bytes(name)); }
inline Cid cid_of(uint64_t number) { return cid_of("block " + std::to_string(number)); }
inline PeerId peer_of(uint8_t number) {
  return PeerId::of(PrivateKey::from_seed({number}).public_key());
}
inline const PeerId kAda = peer_of(1);
inline const PeerId kBob = peer_of(2);
inline Want want_block(const Cid& cid, int32_t priority = 1) {
  return {.cid = cid, .priority = priority, .send_dont_have = true};
}
inline Want want_have(const Cid& cid, int32_t priority = 1) {
  return {.cid = cid, .priority = priority, .type = WantType::kHave, .send_dont_have = true};
}
inline Want cancel(const Cid& cid) { return {.cid = cid, .cancel = true}; }

class ServerDriver {
 public:
  explicit ServerDriver(const ServerLimits& limits = {}) : server(limits, 42) {}

  void add_block(const Cid& cid, uint32_t bytes) { store[to_bytes(cid.multihash_bytes())] = bytes; }
  void connect(const PeerId& peer, Version version = Version::k120) {
    step(ServerPeerConnected{peer, version});
  }
  void disconnect(const PeerId& peer) {
    std::erase_if(look_ups, [&](const LookUp& one) { return one.peer == peer; });
    step(ServerPeerDisconnected{peer});
  }
  void want(const PeerId& peer, std::vector<Want> wants, bool full = false) {
    step(WantsReceived{peer, full, std::move(wants)});
  }

  void step(const ServerEvent& event) {
    for (ServerAction& action : server.step(now_ns, event)) {
      if (auto* look = std::get_if<LookUp>(&action)) {
        look_ups.push_back(std::move(*look));
      } else if (auto* send = std::get_if<SendBlocks>(&action)) {
        in_flight[send->peer] += send->bytes;
        on_the_way.push_back(std::move(*send));
      } else {
        closed.push_back(std::get<ClosePeer>(action).peer);
      }
    }
    if (answers_at_once) answer();
  }

  // Answers every LookUp that waits, and those that follow.
  void answer() {
    while (!look_ups.empty()) {
      const LookUp asked = std::move(look_ups.front());
      look_ups.pop_front();
      looked_up += asked.cids.size();
      LookedUp answer{.peer = asked.peer, .found = {}};
      for (const Cid& cid : asked.cids) {
        const auto found = store.find(to_bytes(cid.multihash_bytes()));
        const bool serves = found != store.end() && policy.serves(asked.peer, cid);
        answer.found.push_back({cid, serves ? std::optional(found->second) : std::nullopt});
      }
      step(answer);
    }
  }

  // The host writes the oldest message for `peer`; what it was, or an empty one if there is none.
  SendBlocks write_one(const PeerId& peer) {
    const auto next = std::find_if(on_the_way.begin(), on_the_way.end(),
                                   [&](const SendBlocks& one) { return one.peer == peer; });
    if (next == on_the_way.end()) return {.peer = peer, .blocks = {}, .presences = {}};
    SendBlocks message = std::move(*next);
    on_the_way.erase(next);
    in_flight[peer] -= message.bytes;
    step(MessageSent{peer, message.bytes});
    return message;
  }

  // All that the peer gets, in order, while the host writes what there is for it.
  SendBlocks receive(const PeerId& peer) {
    SendBlocks all{.peer = peer, .blocks = {}, .presences = {}};
    for (SendBlocks one = write_one(peer); one.bytes != 0; one = write_one(peer)) {
      all.blocks.insert(all.blocks.end(), one.blocks.begin(), one.blocks.end());
      all.presences.insert(all.presences.end(), one.presences.begin(), one.presences.end());
      all.bytes += one.bytes;
    }
    return all;
  }

  Server server;
  ServingPolicy policy;
  uint64_t now_ns = 0;
  bool answers_at_once = true;
  std::map<Bytes, uint32_t> store;  // sizes by multihash
  std::deque<LookUp> look_ups;
  std::deque<SendBlocks> on_the_way;
  std::map<PeerId, uint64_t> in_flight;
  std::vector<PeerId> closed;
  uint64_t looked_up = 0;
};

}  // namespace timerose::bitswap
