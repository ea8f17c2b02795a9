#include "mesh/memory_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include "base/random.h"
#include "multiformats/peer_testing.h"

namespace timerose::mesh {
namespace {

constexpr uint32_t kFrameMax = 1U << 20;
const std::string kChat = "/chat/1";

bool readable(int descriptor) {
  pollfd question{descriptor, POLLIN, 0};
  return poll(&question, 1, 0) == 1;
}

class MemoryNetworkTest : public ::testing::Test {
 protected:
  MemoryNetworkTest() {
    for (Host* host : {a_.get(), b_.get()}) {
      host->handle_protocol({kChat, kFrameMax, 2});
      EXPECT_TRUE(host->listen("/memory/0").ok());
    }
    take(*a_);
    take(*b_);
  }

  static std::vector<Event> take(Host& host, size_t max = SIZE_MAX) {
    std::vector<Event> events;
    host.take_events(events, max);
    return events;
  }
  // The events of one kind; the others are passed over.
  template <typename Kind>
  static std::vector<Kind> take_all(Host& host) {
    std::vector<Kind> found;
    for (Event& event : take(host)) {
      if (auto* one = std::get_if<Kind>(&event)) found.push_back(std::move(*one));
    }
    return found;
  }
  template <typename Kind>
  static Kind take_one(Host& host) {
    auto found = take_all<Kind>(host);
    EXPECT_EQ(found.size(), 1U);
    return found.empty() ? Kind{} : std::move(found[0]);
  }

  // A stream from a to b: its two ends.
  std::pair<StreamId, StreamId> open() {
    const StreamId stream = a_->open_stream(b_->self(), {"/other", kChat});
    EXPECT_EQ(take_one<StreamOpened>(*a_).protocol, kChat);
    return {stream, take_one<StreamOpened>(*b_).stream};
  }
  static Sent send_text(Host& host, StreamId stream, std::string_view text) {
    return host.send(stream, {as_bytes(text)});
  }
  static std::vector<std::string> texts(Host& host) {
    std::vector<std::string> found;
    for (const StreamFrame& frame : take_all<StreamFrame>(host)) {
      found.emplace_back(as_text(frame.frame.view()));
    }
    return found;
  }

  MemoryNetwork network_;
  std::unique_ptr<Host> a_ = network_.add_host(numbered_peer(1));
  std::unique_ptr<Host> b_ = network_.add_host(numbered_peer(2));
  std::unique_ptr<Host> c_ =
      network_.add_host(numbered_peer(3), MemoryNetwork::Driven::kByDescriptor);
};

TEST_F(MemoryNetworkTest, BothSidesLearnOfAConnectionAndWhoIsThere) {
  ASSERT_TRUE(a_->connect({b_->self(), {}}).ok());
  const auto events = take(*b_);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(std::get<ConnectionOpened>(events[0]).direction, Direction::kInbound);
  EXPECT_THAT(std::get<Identified>(events[1]).protocols, testing::ElementsAre(kChat));
  EXPECT_EQ(take_one<ConnectionOpened>(*a_).direction, Direction::kOutbound);

  ASSERT_TRUE(a_->connect({b_->self(), {}}).ok());
  EXPECT_TRUE(take(*a_).empty());

  a_->disconnect(b_->self());
  take_one<ConnectionClosed>(*a_);
  take_one<ConnectionClosed>(*b_);
}

TEST_F(MemoryNetworkTest, ADialThatCannotSucceedSaysWhy) {
  network_.refuse_dials(b_->self(), true);
  ASSERT_TRUE(a_->connect({b_->self(), {}}).ok());
  EXPECT_THAT(take_one<DialFailed>(*a_).why, testing::HasSubstr("refused"));
  b_->deny(c_->self(), true);
  network_.refuse_dials(b_->self(), false);
  ASSERT_TRUE(c_->connect({b_->self(), {}}).ok());
  EXPECT_EQ(take_one<DialFailed>(*c_).why, "denied");
  ASSERT_TRUE(c_->connect({numbered_peer(9), {}}).ok());
  EXPECT_EQ(take_one<DialFailed>(*c_).why, "nobody there");
  EXPECT_FALSE(c_->connect({b_->self(), {"nonsense"}}).ok());
}

TEST_F(MemoryNetworkTest, FramesKeepTheirOrder) {
  const auto [from, to] = open();
  for (const char* text : {"one", "two", "three"}) {
    EXPECT_EQ(send_text(*a_, from, text), Sent::kTaken);
  }
  EXPECT_THAT(texts(*b_), testing::ElementsAre("one", "two", "three"));
}

TEST_F(MemoryNetworkTest, AStreamThatIsFullBecomesWritableOnceItIsRead) {
  const auto [from, to] = open();
  const std::string frame(kFrameMax, 'x');
  for (size_t sent = 0; sent < Host::kSendQueueBytes; sent += kFrameMax) {
    EXPECT_EQ(send_text(*a_, from, frame), Sent::kTaken);
  }
  EXPECT_EQ(send_text(*a_, from, "x"), Sent::kFull);
  EXPECT_TRUE(take(*a_).empty());
  EXPECT_EQ(take(*b_, 1).size(), 1U);
  EXPECT_TRUE(take_all<StreamWritable>(*a_).empty());
  EXPECT_EQ(take(*b_, 1).size(), 1U);
  EXPECT_EQ(take_one<StreamWritable>(*a_).stream, from);
  EXPECT_EQ(send_text(*a_, from, "x"), Sent::kTaken);
}

TEST_F(MemoryNetworkTest, WhatIsNotReadWaitsAtTheSender) {
  const auto [from, to] = open();
  b_->set_reading(to, false);
  EXPECT_EQ(send_text(*a_, from, "later"), Sent::kTaken);
  EXPECT_TRUE(texts(*b_).empty());
  b_->set_reading(to, true);
  EXPECT_THAT(texts(*b_), testing::ElementsAre("later"));
}

TEST_F(MemoryNetworkTest, AFrameOverTheLimitEndsItsStream) {
  const auto [from, to] = open();
  send_text(*a_, from, std::string(kFrameMax + 1, 'x'));
  EXPECT_THAT(take_one<StreamClosed>(*b_).why, testing::HasSubstr("over the limit"));
  take_one<StreamClosed>(*a_);
  EXPECT_EQ(send_text(*a_, from, "x"), Sent::kClosed);
}

TEST_F(MemoryNetworkTest, RefusesOneStreamMoreThanTheLimit) {
  open();
  open();
  a_->open_stream(b_->self(), {kChat});
  EXPECT_THAT(take_one<StreamClosed>(*a_).why, testing::HasSubstr("too many"));
  a_->open_stream(b_->self(), {"/unknown"});
  EXPECT_THAT(take_one<StreamClosed>(*a_).why, testing::HasSubstr("speaks none of"));
}

TEST_F(MemoryNetworkTest, AClosedStreamIsReadToItsEnd) {
  const auto [from, to] = open();
  send_text(*a_, from, "last words");
  a_->close_stream(from);
  const auto events = take(*b_);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(as_text(std::get<StreamFrame>(events[0]).frame.view()), "last words");
  EXPECT_EQ(std::get<StreamClosed>(events[1]).why, "");
  EXPECT_TRUE(take(*a_).empty());
}

TEST_F(MemoryNetworkTest, APeerThatEndsItsSideIsSentToWhereTheProtocolHasItSo) {
  const std::string one_way = "/one-way/1";
  for (Host* host : {a_.get(), b_.get()}) {
    host->handle_protocol({.name = one_way, .frame_bytes_max = kFrameMax, .sends_after_end = true});
  }
  network_.end_side_at_once(b_->self(), true);
  const StreamId chat = a_->open_stream(b_->self(), {kChat});
  EXPECT_EQ(take_one<StreamClosed>(*a_).stream, chat);
  EXPECT_EQ(send_text(*a_, chat, "x"), Sent::kClosed);
  take_one<StreamClosed>(*b_);

  const StreamId stream = a_->open_stream(b_->self(), {one_way});
  EXPECT_EQ(take_one<StreamEnded>(*a_).stream, stream);
  EXPECT_EQ(send_text(*a_, stream, "still"), Sent::kTaken);
  const auto at_b = take(*b_);
  ASSERT_EQ(at_b.size(), 2U);
  b_->close_stream(std::get<StreamOpened>(at_b[0]).stream);
  EXPECT_EQ(send_text(*a_, stream, "to nobody"), Sent::kTaken);
  EXPECT_TRUE(take(*a_).empty());
  network_.cut(a_->self(), b_->self(), true);
  EXPECT_EQ(take_one<StreamClosed>(*a_).stream, stream);
}

TEST_F(MemoryNetworkTest, ACutLinkEndsStreamsAndConnectionUntilItIsMended) {
  const auto [from, to] = open();
  network_.cut(a_->self(), b_->self(), true);
  const auto events = take(*b_);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(std::get<StreamClosed>(events[0]).stream, to);
  EXPECT_EQ(std::get<ConnectionClosed>(events[1]).why, "connection lost");
  take(*a_);
  ASSERT_TRUE(a_->connect({b_->self(), {}}).ok());
  take_one<DialFailed>(*a_);
  network_.cut(a_->self(), b_->self(), false);
  ASSERT_TRUE(a_->connect({b_->self(), {}}).ok());
  take_one<ConnectionOpened>(*a_);
}

TEST_F(MemoryNetworkTest, FramesWaitOnADelayedWay) {
  const auto [from, to] = open();
  network_.delay(a_->self(), b_->self(), true);
  send_text(*a_, from, "slow");
  a_->close_stream(from);
  EXPECT_TRUE(take(*b_).empty());
  network_.delay(a_->self(), b_->self(), false);
  EXPECT_EQ(take(*b_).size(), 2U);
}

TEST_F(MemoryNetworkTest, OthersGoOnWhenAHostLeaves) {
  const auto [from, to] = open();
  a_->close_stream(from);
  b_->set_reading(to, false);
  a_.reset();
  take_one<ConnectionClosed>(*b_);
  EXPECT_EQ(send_text(*b_, to, "x"), Sent::kClosed);
  network_.reset_streams(b_->self(), numbered_peer(1));
}

TEST_F(MemoryNetworkTest, ProvidersAreFoundByTheirMultihash) {
  const Bytes key = {0x12, 0x01, 0x02};
  b_->provide(key);
  take_one<QueryEnded>(*b_);
  const QueryId query = a_->find_providers(key, 10);
  const auto events = take(*a_);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(std::get<ProvidersFound>(events[0]).providers.at(0).peer, b_->self());
  EXPECT_EQ(std::get<QueryEnded>(events[1]).query, query);
  network_.silence_routing(true);
  a_->find_providers(key, 10);
  EXPECT_TRUE(take(*a_).empty());
}

TEST_F(MemoryNetworkTest, AValueIsKeptByWhoAcceptsIt) {
  ASSERT_TRUE(a_->connect({b_->self(), {}}).ok());
  const Bytes key = {1};
  const Bytes value = {2};
  a_->put_value(key, value);
  b_->accept_record(take_one<RecordOffered>(*b_).offer);
  a_.reset();
  c_->get_value(key);
  const auto found = take_all<ValueFound>(*c_);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].value, value);
  EXPECT_EQ(found[0].from, b_->self());
}

TEST_F(MemoryNetworkTest, AMessageGoesOnOnlyOnceItIsAccepted) {
  for (Host* host : {a_.get(), b_.get(), c_.get()}) host->subscribe("news");
  ASSERT_TRUE(a_->connect({b_->self(), {}}).ok());
  ASSERT_TRUE(b_->connect({c_->self(), {}}).ok());
  ASSERT_TRUE(a_->publish("news", as_bytes("first")).ok());
  ASSERT_TRUE(a_->publish("news", as_bytes("second")).ok());
  const auto at_b = take_all<MessageReceived>(*b_);
  ASSERT_EQ(at_b.size(), 2U);
  EXPECT_TRUE(take_all<MessageReceived>(*c_).empty());
  b_->judge(at_b[0].message, Verdict::kAccept);
  b_->judge(at_b[1].message, Verdict::kReject);
  const auto at_c = take_one<MessageReceived>(*c_);
  EXPECT_EQ(as_text(at_c.data.view()), "first");
  EXPECT_EQ(at_c.publisher, a_->self());
  EXPECT_FALSE(a_->publish("other", as_bytes("x")).ok());
  EXPECT_FALSE(a_->publish("news", Bytes(MemoryNetwork::kMessageBytesMax + 1)).ok());
}

TEST_F(MemoryNetworkTest, TheDescriptorIsReadableWhileThereAreEvents) {
  EXPECT_FALSE(readable(c_->event_descriptor()));
  ASSERT_TRUE(c_->connect({b_->self(), {}}).ok());
  EXPECT_TRUE(readable(c_->event_descriptor()));
  take(*c_, 1);
  EXPECT_TRUE(readable(c_->event_descriptor()));
  take(*c_);
  EXPECT_FALSE(readable(c_->event_descriptor()));
}

}  // namespace
}  // namespace timerose::mesh
