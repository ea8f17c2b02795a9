#include "sim/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace timerose::sim {
namespace {

struct Recorder final : Participant {
  void connected(NodeNumber peer) override { peers.insert(peer); }
  void disconnected(NodeNumber peer) override { peers.erase(peer); }
  void received(NodeNumber from, SharedBytes frame) override {
    frames[from].push_back(frame.data()[0]);
    order.push_back(from);
  }
  std::set<NodeNumber> peers;
  std::map<NodeNumber, std::vector<uint8_t>> frames;
  std::vector<NodeNumber> order;
};

struct ThreeNodes : testing::Test {
  ThreeNodes() {
    for (Recorder& recorder : recorders) {
      network.set_participant(network.add(1'000'000), recorder);
    }
    network.connect(0, 1);
    network.connect(2, 1);
  }
  void send(NodeNumber from, NodeNumber to, uint8_t frame, uint64_t bytes = 100) {
    network.send(from, to, SharedBytes(Bytes{frame}), bytes);
  }
  void run() {
    while (events.run_one()) {
    }
  }
  EventQueue events;
  Network network{events, 5};
  std::array<Recorder, 3> recorders;
};

TEST_F(ThreeNodes, KeepTheOrderOfOnePeersFrames) {
  for (uint8_t i = 0; i < 100; ++i) send(0, 1, i);
  run();
  std::vector<uint8_t> expected(100);
  for (uint8_t i = 0; i < 100; ++i) expected[i] = i;
  EXPECT_EQ(recorders[1].frames[0], expected);
}

TEST_F(ThreeNodes, LetFramesOfDifferentPeersOvertakeEachOther) {
  send(0, 1, 1, 5'000'000);  // five seconds of its upload
  send(2, 1, 2);
  run();
  EXPECT_THAT(recorders[1].order, testing::ElementsAre(2, 0));
}

TEST_F(ThreeNodes, LoseWhatIsUnderWayWhenAConnectionEnds) {
  bool written = false;
  network.send(0, 1, SharedBytes(Bytes{1}), 100, [&] { written = true; });
  network.disconnect(0, 1);
  network.connect(0, 1);
  send(0, 1, 2);
  run();
  EXPECT_TRUE(written);
  EXPECT_THAT(recorders[1].frames[0], testing::ElementsAre(2));
}

TEST_F(ThreeNodes, TakeNoConnectionFromTheAbsentOrTheDenied) {
  network.set_present(0, false);
  EXPECT_TRUE(recorders[1].peers.count(0) == 0);
  network.connect(0, 1);
  EXPECT_FALSE(network.are_connected(0, 1));
  network.deny(1, 2);
  network.connect(2, 1);
  EXPECT_FALSE(network.are_connected(1, 2));
}

}  // namespace
}  // namespace timerose::sim
