#include "names/record_router.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "mesh/memory_network.h"
#include "names/names_testing.h"

namespace timerose::names {
namespace {

using testing::key_number;
using testing::kHourNs;
using testing::kNoonNs;
using testing::kSecondNs;
using testing::name_of;
using testing::peer_number;
using testing::signed_by;

// One node: a host and what it knows.
struct RouterNode {
  RouterNode(mesh::MemoryNetwork& network, uint8_t number, Clock& clock)
      : host(network.add_host(peer_number(number))), router(*host, clock, known) {}

  std::unique_ptr<mesh::Host> host;
  KnownRecords known;
  RecordRouter router;

  bool run() {
    std::vector<mesh::Event> events;
    host->take_events(events, 64);
    for (const mesh::Event& event : events) (void)router.on_event(event);
    return !events.empty();
  }
};

class RecordRouterTest : public ::testing::Test {
 protected:
  RecordRouterTest() {
    EXPECT_TRUE(a_.host->connect({b_.host->self(), {}}).ok());
    run();
  }
  void run() {
    while (a_.run() || b_.run()) {
    }
  }
  Found find(RouterNode& node, const FindOptions& options = {}) {
    std::optional<Found> found;
    node.router.find(name_, options, [&](Found answer) { found = std::move(answer); });
    run();
    EXPECT_TRUE(found.has_value());
    return found.value_or(Found{});
  }
  Delivered deliver(RouterNode& node, const SignedRecord& record) {
    std::optional<Delivered> delivered;
    node.router.deliver(name_, record, 1000, [&](Delivered given) { delivered = given; });
    run();
    EXPECT_TRUE(delivered.has_value());
    return delivered.value_or(Delivered{});
  }
  // As a hostile host would: whatever bytes, straight into the DHT.
  void put_raw(RouterNode& node, const Bytes& bytes) {
    (void)node.host->put_value(routing_key(name_), bytes);
    run();
  }

  ManualClock clock_{kNoonNs};
  mesh::MemoryNetwork network_;
  RouterNode a_{network_, 100, clock_};
  RouterNode b_{network_, 101, clock_};
  const PrivateKey key_ = key_number(1);
  const PeerId name_ = name_of(key_);
  const SignedRecord first_ = signed_by(key_, "/ipfs/bafkqaaa", 1);
  const SignedRecord second_ = signed_by(key_, "/ipfs/bafkqaaa/b", 2);
};

TEST_F(RecordRouterTest, FindsWhatAnotherNodeHasDelivered) {
  const Delivered delivered = deliver(a_, first_);
  EXPECT_TRUE(delivered.stored);
  const Found found = find(b_);
  EXPECT_EQ(found.newest, first_);
  EXPECT_EQ(b_.known.find(name_, kNoonNs), first_);
}

TEST_F(RecordRouterTest, TakesTheNewestOfWhatItFinds) {
  put_raw(a_, second_.bytes);
  put_raw(b_, first_.bytes);
  put_raw(a_, second_.bytes);
  RouterNode c(network_, 102, clock_);
  std::optional<Found> found;
  c.router.find(name_, {}, [&](Found answer) { found = std::move(answer); });
  c.run();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->newest, second_);
}

TEST_F(RecordRouterTest, SaysWhyNothingWasFound) {
  const Found found = find(b_);
  EXPECT_EQ(found.newest, std::nullopt);
  EXPECT_EQ(found.peers_asked, 1U);
  const Delivered delivered = deliver(a_, first_);
  EXPECT_TRUE(delivered.reached_others());
}

TEST_F(RecordRouterTest, RefusesExpiredMissignedAndOversizeRecords) {
  const SignedRecord expired = signed_by(key_, "/ipfs/bafkqaaa", 9, kNoonNs);
  const SignedRecord of_another = signed_by(key_number(2), "/ipfs/bafkqaaa", 9);
  for (const Bytes& bytes :
       {expired.bytes, of_another.bytes, Bytes(kRecordBytesMax + 1), Bytes()}) {
    put_raw(a_, bytes);
    const Found found = find(b_);
    EXPECT_EQ(found.newest, std::nullopt);
    EXPECT_EQ(found.refused, 1U);  // of the host that sent it; the other one did not keep it
    EXPECT_FALSE(found.why.empty());
  }
}

TEST_F(RecordRouterTest, DoesNotKeepAReplayedRecordForOthers) {
  put_raw(a_, second_.bytes);
  put_raw(a_, first_.bytes);
  const Found found = find(b_);
  EXPECT_EQ(found.records, 2U);  // the second of b, which it kept, and the first of a
  EXPECT_EQ(found.newest, second_);
}

TEST_F(RecordRouterTest, KeepsALowerRecordOnceTheHigherHasExpired) {
  put_raw(a_, signed_by(key_, "/ipfs/bafkqaaa", 9, kNoonNs + kHourNs).bytes);
  clock_.advance_ns(kHourNs);
  put_raw(a_, first_.bytes);
  EXPECT_EQ(find(b_).records, 2U);
}

TEST_F(RecordRouterTest, TellsListenersByPubSub) {
  (void)find(b_);  // from now on it listens
  EXPECT_TRUE(deliver(a_, first_).announced);
  EXPECT_EQ(b_.known.find(name_, kNoonNs), first_);
}

TEST_F(RecordRouterTest, PassesOnNewRecordsOnly) {
  (void)find(b_);
  const auto c = network_.add_host(peer_number(102));  // judges nothing
  EXPECT_TRUE(c->connect({b_.host->self(), {}}).ok());
  c->subscribe(topic_of(name_));
  run();
  const auto is_passed_on = [&](const Bytes& bytes) {
    EXPECT_TRUE(a_.host->publish(topic_of(name_), bytes).ok());
    run();
    std::vector<mesh::Event> events;
    c->take_events(events, 64);
    return std::any_of(events.begin(), events.end(), [](const mesh::Event& event) {
      return std::holds_alternative<mesh::MessageReceived>(event);
    });
  };
  EXPECT_FALSE(is_passed_on(signed_by(key_, "/ipfs/bafkqaaa", 9, kNoonNs).bytes));
  EXPECT_FALSE(is_passed_on(signed_by(key_number(2), "/ipfs/bafkqaaa", 9).bytes));
  EXPECT_FALSE(is_passed_on(Bytes(kRecordBytesMax + 1)));
  EXPECT_TRUE(is_passed_on(second_.bytes));
  EXPECT_FALSE(is_passed_on(second_.bytes));
  EXPECT_FALSE(is_passed_on(first_.bytes));
}

TEST_F(RecordRouterTest, LooksAtABoundedNumberOfRecordsOfAPeer) {
  for (uint64_t i = 0; i < PeerAllowance::kBurst; ++i) put_raw(a_, {0});
  put_raw(a_, first_.bytes);
  EXPECT_FALSE(b_.known.find(name_, kNoonNs).has_value());
  clock_.advance_ns(kSecondNs);
  put_raw(a_, first_.bytes);
  EXPECT_TRUE(b_.known.find(name_, clock_.unix_ns()).has_value());
}

TEST_F(RecordRouterTest, EndsASearchAtEnoughGoodRecords) {
  put_raw(a_, first_.bytes);
  put_raw(b_, first_.bytes);
  RouterNode c(network_, 102, clock_);
  std::optional<Found> found;
  c.router.find(name_, {.records_max = 1}, [&](Found answer) { found = std::move(answer); });
  c.run();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->records, 1U);
  EXPECT_EQ(c.router.wake_at_ns(), UINT64_MAX);
}

TEST_F(RecordRouterTest, EndsASearchAtItsDeadline) {
  network_.silence_routing(true);
  std::optional<Found> found;
  a_.router.find(name_, {.timeout_ms = 1000}, [&](Found answer) { found = std::move(answer); });
  run();
  EXPECT_EQ(a_.router.wake_at_ns(), kNoonNs + kSecondNs);
  a_.router.on_time();
  EXPECT_FALSE(found.has_value());
  clock_.advance_ns(kSecondNs);
  a_.router.on_time();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->newest, std::nullopt);
  EXPECT_EQ(found->why, "the time was up");
  EXPECT_EQ(a_.router.wake_at_ns(), UINT64_MAX);
}

TEST_F(RecordRouterTest, HasALimitOfSearchesAtOnce) {
  network_.silence_routing(true);
  size_t ended = 0;
  for (size_t i = 0; i < RecordRouter::kQueriesMax; ++i) {
    a_.router.find(name_, {}, [&](const Found&) { ++ended; });
  }
  EXPECT_EQ(ended, 0U);
  a_.router.find(name_, {}, [&](const Found&) { ++ended; });
  EXPECT_EQ(ended, 1U);
  a_.router.end_all("the node stops");
  EXPECT_EQ(ended, RecordRouter::kQueriesMax + 1);
}

TEST_F(RecordRouterTest, StopsListeningToTheFirstNamesAtItsLimit) {
  (void)find(b_);
  for (size_t i = 0; i < RecordRouter::kTopicsMax; ++i) {
    PublicKey key;
    key.bytes[0] = static_cast<uint8_t>(i);
    key.bytes[1] = static_cast<uint8_t>(i >> 8);
    b_.router.find(PeerId::of(key), {}, [](const Found&) {});
    run();
  }
  EXPECT_FALSE(deliver(a_, first_).announced);
}

TEST_F(RecordRouterTest, LeavesEventsOfOthersAlone) {
  EXPECT_FALSE(a_.router.on_event(mesh::QueryEnded{mesh::QueryId{12345}, 0, ""}));
  EXPECT_FALSE(a_.router.on_event(
      mesh::RecordOffered{mesh::QueryId{1}, peer_number(9), to_bytes(as_bytes("/pk/x")), {}}));
  EXPECT_FALSE(a_.router.on_event(mesh::MessageReceived{mesh::MessageId{1}, "chat", peer_number(9),
                                                        std::nullopt, SharedBytes()}));
  EXPECT_FALSE(a_.router.on_event(mesh::Listening{"/memory/1"}));
}

TEST(RecordTopic, IsTheRoutingKeyInBase64Url) {
  const PeerId name = peer_number(1);
  const std::string topic = topic_of(name);
  EXPECT_TRUE(topic.starts_with("/record/L2lwbnMv"));
  EXPECT_EQ(topic.find('='), std::string::npos);
  EXPECT_EQ(*name_of_topic(topic), name);
  EXPECT_FALSE(name_of_topic("/record/").ok());
  EXPECT_FALSE(name_of_topic("/record/" + std::string(1 << 20, 'A')).ok());
  EXPECT_FALSE(name_of_topic("/other/L2lwbnMv").ok());
}

}  // namespace
}  // namespace timerose::names
