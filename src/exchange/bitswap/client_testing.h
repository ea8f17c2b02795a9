// For tests of the client: made-up peers and CIDs, and what a step has asked for in readable form.
#pragma once

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "exchange/bitswap/client.h"

namespace timerose::bitswap {

inline PeerId test_peer(uint32_t number) {
  PublicKey key;
  for (int i = 0; i < 4; ++i) key.bytes[i] = static_cast<uint8_t>(number >> (8 * i));
  return PeerId::of(key);
}

inline Cid test_cid(uint32_t number, Codec codec = Codec::kRaw) {
  Sha256Digest digest{};
  for (int i = 0; i < 4; ++i) digest[28 + i] = static_cast<uint8_t>(number >> (8 * i));
  return Cid::from_sha256(codec, digest);
}

inline const PeerId kAnna = test_peer(1);
inline const PeerId kBert = test_peer(2);
inline const PeerId kCleo = test_peer(3);
inline const Cid kRoot = test_cid(0, Codec::kDagPb);

inline std::vector<Cid> test_cids(uint32_t begin, uint32_t end) {
  std::vector<Cid> cids;
  for (uint32_t i = begin; i < end; ++i) cids.push_back(test_cid(i));
  return cids;
}

// How a CID is printed: by the number that test_cid() made it from.
inline std::string test_name(const Cid& cid) {
  const ByteView bytes = cid.bytes();
  uint32_t number = 0;
  for (int i = 0; i < 4; ++i)
    number |= static_cast<uint32_t>(bytes[bytes.size() - 4 + i]) << (8 * i);
  return std::to_string(number);
}

// The actions of one step.
struct Actions {
  std::vector<ClientAction> all;

  template <typename Action>
  [[nodiscard]] std::vector<Action> of() const {
    std::vector<Action> found;
    for (const ClientAction& action : all) {
      if (const auto* one = std::get_if<Action>(&action)) found.push_back(*one);
    }
    return found;
  }

  // CIDs that `peer` was told of, in order.
  [[nodiscard]] std::vector<Cid> blocks_asked(const PeerId& peer) const {
    return entries(peer, [](const bitswap::Want& want) {
      return !want.cancel && want.type == WantType::kBlock;
    });
  }
  [[nodiscard]] std::vector<Cid> presences_asked(const PeerId& peer) const {
    return entries(peer, [](const bitswap::Want& want) {
      return !want.cancel && want.type == WantType::kHave;
    });
  }
  [[nodiscard]] std::vector<Cid> cancelled(const PeerId& peer) const {
    return entries(peer, [](const bitswap::Want& want) { return want.cancel; });
  }

 private:
  template <typename Filter>
  [[nodiscard]] std::vector<Cid> entries(const PeerId& peer, Filter filter) const {
    std::vector<Cid> found;
    for (const SendWants& message : of<SendWants>()) {
      if (message.peer != peer) continue;
      for (const bitswap::Want& want : message.wants) {
        if (filter(want)) found.push_back(want.cid);
      }
    }
    return found;
  }
};

inline constexpr uint64_t kMs = 1'000'000;
inline constexpr uint64_t kSecond = 1000 * kMs;

// A client, its clock, and the events in short form.
class ClientBench {
 public:
  explicit ClientBench(ClientLimits limits = {}) : client(random_, limits) {}

  Actions step(const ClientEvent& event) { return {client.step(now_ns, event)}; }

  void connect(const PeerId& peer, Version version = Version::k120) {
    step(PeerConnected{.peer = peer, .version = version});
  }
  Actions open(std::vector<PeerId> providers = {}, SessionId session = SessionId{1}) {
    return step(OpenSession{.session = session, .providers = std::move(providers)});
  }
  Actions want(std::vector<Cid> cids, SessionId session = SessionId{1}) {
    return step(
        WantBlocks{.session = session, .cids = std::move(cids), .deadline_ns = deadline_ns});
  }
  Actions arrive(const PeerId& from, const std::vector<Cid>& cids, uint32_t bytes = 1000) {
    BlocksArrived event{.from = from, .blocks = {}, .presences = {}};
    for (const Cid& cid : cids) event.blocks.push_back({.cid = cid, .bytes = bytes});
    return step(event);
  }
  Actions say(const PeerId& from, const Cid& cid, Presence presence) {
    return step(BlocksArrived{
        .from = from, .blocks = {}, .presences = {{.cid = cid, .presence = presence}}});
  }
  // Ticks as often as the client asks for it until `end_ns`.
  Actions run_until(uint64_t end_ns) {
    Actions actions;
    while (client.next_tick_ns() <= end_ns) {
      now_ns = std::max(now_ns, client.next_tick_ns());
      for (ClientAction& action : step(Tick{}).all) actions.all.push_back(std::move(action));
    }
    now_ns = std::max(now_ns, end_ns);
    return actions;
  }

 private:
  SeededRandom random_{1};

 public:
  Client client;
  uint64_t now_ns = 1000 * kSecond;
  uint64_t deadline_ns = now_ns + 60 * kSecond;
};

}  // namespace timerose::bitswap

namespace timerose {
inline void PrintTo(const Cid& cid, std::ostream* out) { *out << bitswap::test_name(cid); }
}  // namespace timerose
