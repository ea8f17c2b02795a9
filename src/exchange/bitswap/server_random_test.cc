// Any order of events: what must hold always, and what must hold once all is quiet.
#include <gtest/gtest.h>

#include <set>

#include "base/random.h"
#include "exchange/bitswap/server_testing.h"

namespace timerose::bitswap {
namespace {

constexpr uint64_t kPeers = 6;
constexpr uint64_t kCids = 60;

class RandomDrive {
 public:
  explicit RandomDrive(uint64_t seed)
      : random_(seed),
        driver_({.peer_wants_max = 40,
                 .wants_max = 150,
                 .message_bytes_max = 30'000,
                 .peer_bytes_in_flight = 60'000,
                 .bytes_in_flight = 150'000,
                 .look_up_max = 7,
                 .stall_ns = 1'000'000}) {
    driver_.answers_at_once = false;
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      driver_.now_ns += below(100);
      one_event();
      check();
    }
    drain();
  }

 private:
  uint64_t below(uint64_t bound) { return random_.next() % bound; }
  PeerId peer() { return peers_[below(kPeers)]; }
  uint64_t number() { return below(kCids); }

  void one_event() {
    switch (below(12)) {
      case 0:
        return driver_.connect(peer(), below(4) == 0 ? Version::k110 : Version::k120);
      case 1:
        if (below(4) == 0) leave(peer());
        return;
      case 2:
      case 3:
      case 4:
      case 5:
        return driver_.want(peer(), wants(), below(8) == 0);
      case 6: {
        const uint64_t added = number();
        driver_.add_block(cids_[added], static_cast<uint32_t>(below(25'000)));
        return driver_.step(BlocksAdded{{cids_[added]}});
      }
      case 7:
        driver_.store.erase(to_bytes(cids_[number()].multihash_bytes()));
        return;
      case 8:
      case 9:
        return driver_.answer();
      default:
        driver_.write_one(peer());
        return;
    }
  }

  std::vector<Want> wants() {
    std::vector<Want> all;
    for (uint64_t i = below(12); i-- > 0;) {
      all.push_back({.cid = cids_[number()],
                     .priority = static_cast<int32_t>(below(5)) - 2,
                     .type = below(2) == 0 ? WantType::kBlock : WantType::kHave,
                     .cancel = below(6) == 0,
                     .send_dont_have = below(2) == 0});
    }
    return all;
  }

  // The host drops what it had for the peer.
  void leave(const PeerId& gone) {
    driver_.disconnect(gone);
    std::erase_if(driver_.on_the_way, [&](const SendBlocks& one) { return one.peer == gone; });
    driver_.in_flight[gone] = 0;
  }

  void check() {
    uint64_t all = 0;
    for (const auto& [id, bytes] : driver_.in_flight) {
      EXPECT_LE(bytes, 60'000U);
      all += bytes;
    }
    EXPECT_LE(all, 150'000U);
    uint64_t kept = 0;
    for (const Ledger& ledger : driver_.server.ledgers()) {
      EXPECT_LE(ledger.wants_waiting, 40U);
      kept += ledger.wants_waiting;
    }
    EXPECT_LE(kept, 150U);
    std::set<PeerId> asked;
    for (const LookUp& look : driver_.look_ups) EXPECT_LE(look.cids.size(), 7U);
    for (const SendBlocks& one : driver_.on_the_way) {
      EXPECT_GT(one.blocks.size() + one.presences.size(), 0U);
    }
  }

  // Once all blocks are there and all is written, no want is left.
  void drain() {
    driver_.answers_at_once = true;
    driver_.answer();
    for (const Cid& cid : cids_) driver_.add_block(cid, 5000);
    driver_.step(BlocksAdded{cids_});
    while (!driver_.on_the_way.empty()) {
      const PeerId next = driver_.on_the_way.front().peer;
      driver_.write_one(next);
    }
    // Wants for a presence that was not wanted of an older version leave with their answer too.
    for (const Ledger& ledger : driver_.server.ledgers()) EXPECT_EQ(ledger.wants_waiting, 0U);
    EXPECT_EQ(driver_.server.next_tick_ns(), UINT64_MAX);
  }

  SeededRandom random_;
  ServerDriver driver_;
  const std::vector<PeerId> peers_ = [] {
    std::vector<PeerId> all;
    for (uint8_t i = 0; i < kPeers; ++i) all.push_back(peer_of(i));
    return all;
  }();
  const std::vector<Cid> cids_ = [] {
    std::vector<Cid> all;
    for (uint64_t i = 0; i < kCids; ++i) all.push_back(cid_of(i));
    return all;
  }();
};

TEST(BitswapServerRandom, HoldsItsLimitsAndAnswersEveryWantInTheEnd) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    RandomDrive(seed).run(1500);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace timerose::bitswap
