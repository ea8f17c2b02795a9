// Streams of real hosts: what happens when one side does not keep up, or does not keep to the
// rules.
#include <gtest/gtest.h>

#include "mesh/bridge_testing.h"

namespace timerose::mesh {
namespace {

using namespace testing_hosts;  // NOLINT(google-build-using-namespace)

constexpr size_t kFrameBytes = 256U << 10;
// What may lie between a sender and a receiver that takes nothing: the send queue, what waits for
// the receiver's owner, and the windows of the multiplexer and of the sockets.
constexpr size_t kBetweenMax = 48U << 20;

class BridgeStreamOver : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Transports, BridgeStreamOver,
                         testing::Values("/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"));

TEST_P(BridgeStreamOver, HoldsBackTheSenderOfOneWhoDoesNotTake) {
  Node a(1, GetParam());
  Node b(2, GetParam());
  join(a, b);
  const StreamId stream = open(a, b).near;
  const Bytes frame = pattern(kFrameBytes, 5);
  size_t sent = 0;
  const auto fill = [&] {
    while (a->send(stream, {frame}) == Sent::kTaken) ++sent;
  };
  fill();
  EXPECT_GE(sent * kFrameBytes, Host::kSendQueueBytes - kFrameBytes);
  // Only the sender takes events; until it hears no more that it may send.
  const auto writable = [&] { return a.pop<StreamWritable>().has_value(); };
  while (run({&a}, writable, std::chrono::milliseconds(300))) {
    fill();
    ASSERT_LT(sent * kFrameBytes, kBetweenMax);
  }
  // All of it comes once it is taken, and the sender may go on.
  size_t received = 0;
  EXPECT_TRUE(run({&a, &b},
                  [&] {
                    while (const auto got = b.pop<StreamFrame>()) {
                      EXPECT_TRUE(equal(got->frame.view(), frame));
                      ++received;
                    }
                    return received == sent;
                  }))
      << received << " of " << sent;
  EXPECT_TRUE(wait<StreamWritable>(a, {&a, &b}));
}

TEST_P(BridgeStreamOver, ReadsNothingWhileToldNotTo) {
  Node a(1, GetParam());
  Node b(2, GetParam());
  join(a, b);
  const auto [near, far] = open(a, b);
  b->set_reading(far, false);
  EXPECT_EQ(a->send(near, {pattern(1, 1)}), Sent::kTaken);
  // A second stream of the same connection shows that the first frame would have come by now.
  const Pair second = open(a, b);
  EXPECT_EQ(a->send(second.near, {pattern(2, 1)}), Sent::kTaken);
  const auto first_to_come = wait<StreamFrame>(b, {&a, &b});
  EXPECT_TRUE(first_to_come && first_to_come->stream == second.far);
  b->set_reading(far, true);
  const auto then = wait<StreamFrame>(b, {&a, &b});
  EXPECT_TRUE(then && then->stream == far);
}

TEST(BridgeStream, EndsWithAFrameThatIsLongerThanItsProtocolAllows) {
  Node a(1);
  Node b(2);
  join(a, b);
  const auto [near, far] = open(a, b);
  EXPECT_EQ(a->send(near, {Bytes(kEcho.frame_bytes_max + 1)}), Sent::kTaken);
  const auto closed = wait<StreamClosed>(b, {&a, &b});
  ASSERT_TRUE(closed && closed->stream == far);
  EXPECT_NE(closed->why.find("longer than the 4194304 bytes"), std::string::npos) << closed->why;
  EXPECT_TRUE(wait<StreamClosed>(a, {&a, &b}));
  EXPECT_EQ(a->send(near, {}), Sent::kClosed);
}

TEST(BridgeStream, KeepsTheOrderOfManySmallFrames) {
  constexpr uint32_t kCount = 20000;
  Node a(1);
  Node b(2);
  join(a, b);
  const StreamId stream = open(a, b).near;
  uint32_t sent = 0;
  uint32_t received = 0;
  EXPECT_TRUE(run({&a, &b}, [&] {
    for (; sent < kCount; ++sent) {
      const Bytes frame{uint8_t(sent), uint8_t(sent >> 8), uint8_t(sent >> 16)};
      if (a->send(stream, {frame}) != Sent::kTaken) break;
    }
    while (const auto got = b.pop<StreamFrame>()) {
      const ByteView bytes = got->frame.view();
      EXPECT_EQ(bytes[0] | (bytes[1] << 8) | (bytes[2] << 16), int(received));
      ++received;
    }
    return received == kCount;
  })) << received;
}

// A stream that falls asleep between two frames must be woken by the second.
TEST(BridgeStream, NeverStopsWhileBothSidesGoOn) {
  constexpr size_t kCount = 400;
  Node a(1);
  Node b(2);
  join(a, b);
  const StreamId stream = open(a, b).near;
  const Bytes frame = pattern(kFrameBytes, 4);
  size_t sent = 0;
  size_t received = 0;
  EXPECT_TRUE(run({&a, &b}, [&] {
    while (sent < kCount && a->send(stream, {frame}) == Sent::kTaken) ++sent;
    while (b.pop<StreamFrame>()) ++received;
    return received == kCount;
  })) << received;
}

TEST(BridgeStream, RefusesOneMoreOfAPeerThanItsProtocolAllows) {
  Node a(1);
  Node b(2);
  join(a, b);
  std::vector<StreamId> streams;
  for (uint32_t i = 0; i < kEcho.inbound_streams_max; ++i) streams.push_back(open(a, b).near);
  const StreamId refused = a->open_stream(b.id(), {kEcho.name});
  const auto closed = wait<StreamClosed>(a, {&a, &b});
  EXPECT_TRUE(closed && closed->stream == refused);
  a->close_stream(streams.front());
  ASSERT_TRUE(wait<StreamClosed>(b, {&a, &b}));
  EXPECT_FALSE(b.pop<StreamOpened>());
  open(a, b);
}

TEST(BridgeStream, GoesOnWhenThePeerEndsItsSideUntilThePeerIsGone) {
  Node a(1);
  Node b(2);
  join(a, b);
  const auto [near, far] = open(a, b, kOneWay);
  b->close_stream(far);
  const auto ended = wait<StreamEnded>(a, {&a, &b});
  EXPECT_TRUE(ended && ended->stream == near);
  EXPECT_EQ(a->send(near, {pattern(10, 1)}), Sent::kTaken);
  EXPECT_FALSE(a.pop<StreamClosed>());
  b->disconnect(a.id());
  const auto closed = wait<StreamClosed>(a, {&a, &b});
  EXPECT_TRUE(closed && closed->stream == near && !closed->why.empty());
  EXPECT_EQ(a->send(near, {pattern(10, 1)}), Sent::kClosed);
}

// QUIC says so, Yamux does not.
TEST(BridgeStream, IsClosedOverQuicOnceThePeerReadsNoMore) {
  Node a(1, "/ip4/127.0.0.1/udp/0/quic-v1");
  Node b(2, "/ip4/127.0.0.1/udp/0/quic-v1");
  join(a, b);
  const auto [near, far] = open(a, b, kOneWay);
  b->close_stream(far);
  const auto closed = wait<StreamClosed>(a, {&a, &b});
  EXPECT_TRUE(closed && closed->stream == near && !closed->why.empty());
}

TEST_P(BridgeStreamOver, IsClosedWhenThePeerResetsItThoughItMayEndItsSide) {
  Node a(1, GetParam());
  Node b(2, GetParam());
  join(a, b);
  for (uint32_t i = 0; i < kOneWay.inbound_streams_max; ++i) open(a, b, kOneWay);
  const StreamId refused = a->open_stream(b.id(), {kOneWay.name});
  const auto closed = wait<StreamClosed>(a, {&a, &b});
  EXPECT_TRUE(closed && closed->stream == refused && !closed->why.empty());
}

TEST(BridgeStream, SaysWhyItDoesNotOpen) {
  Node a(1);
  Node b(2);
  join(a, b);
  const StreamId unknown = a->open_stream(b.id(), {"/not/spoken/1.0.0"});
  const auto closed = wait<StreamClosed>(a, {&a, &b});
  EXPECT_TRUE(closed && closed->stream == unknown && !closed->why.empty());
  a->open_stream(PeerId::of(key_of(9).public_key()), {kEcho.name});
  const auto nowhere = wait<StreamClosed>(a, {&a, &b});
  EXPECT_TRUE(nowhere && nowhere->why.find("address") != std::string::npos) << nowhere->why;
}

TEST(BridgeStream, TakesFramesBeforeItIsOpenAndDialsItself) {
  Node a(1);
  Node b(2);
  join(b, a);
  ASSERT_TRUE(wait<Identified>(a, {&a, &b}));
  b->disconnect(a.id());
  ASSERT_TRUE(wait<ConnectionClosed>(a, {&a, &b}));
  const StreamId stream = a->open_stream(b.id(), {kEcho.name});
  EXPECT_EQ(a->send(stream, {pattern(10, 1)}), Sent::kTaken);
  const auto got = wait<StreamFrame>(b, {&a, &b});
  EXPECT_TRUE(got && equal(got->frame.view(), pattern(10, 1)));
}

TEST(BridgeStream, EndsWithItsConnection) {
  Node a(1);
  Node b(2);
  join(a, b);
  const auto [near, far] = open(a, b);
  b->set_reading(far, false);
  a->disconnect(b.id());
  const auto here = wait<StreamClosed>(a, {&a, &b});
  const auto there = wait<StreamClosed>(b, {&a, &b});
  EXPECT_TRUE(here && here->stream == near && !here->why.empty());
  EXPECT_TRUE(there && there->stream == far);
}

}  // namespace
}  // namespace timerose::mesh
