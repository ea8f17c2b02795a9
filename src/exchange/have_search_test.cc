#include "exchange/have_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "exchange/testing.h"

namespace timerose::exchange {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing_support::block_number;
using testing_support::ScriptedPeer;
using testing_support::TestNode;

class HaveSearchTest : public ::testing::Test {
 protected:
  using Found = std::future<std::vector<PeerId>>;

  // Connected, and heard of as one that speaks Bitswap.
  static void meet(TestNode& asker, const TestNode& other) {
    asker.connect(other);
    ASSERT_TRUE(asker.service().fetch_block(block_number(1).cid(), {}).ok());
  }
  void SetUp() override {
    ASSERT_TRUE(one_.store.put(block_number(1)).ok());
    meet(asker_, one_);
  }

  Found find(const Cid& cid, const std::vector<PeerId>& peers, uint64_t within_ms) {
    const auto told = std::make_shared<std::promise<std::vector<PeerId>>>();
    asker_.post([this, told, cid, peers, within_ms] {
      asker_.service().find_holders(
          cid, peers, within_ms,
          [told](const std::vector<PeerId>& holders) { told->set_value(holders); });
    });
    return told->get_future();
  }

  // Answers a first question, so that it is known to speak Bitswap.
  void meet(ScriptedPeer& peer) {
    peer.connect(asker_.id());
    const mesh::StreamId stream = peer.open(asker_.id());
    ASSERT_TRUE(peer.next<mesh::StreamOpened>());
    bitswap::Outgoing hello;
    hello.wants.push_back({.cid = block_number(99).cid()});
    ASSERT_EQ(peer.send(stream, hello), mesh::Sent::kTaken);
    ASSERT_TRUE(asker_.wait_until([&] { return !asker_.service().served().empty(); }));
    stream_ = stream;
  }

  static constexpr uint64_t kLong_ms = 60'000;
  mesh::MemoryNetwork network_;
  TestNode asker_{network_, 0};
  TestNode one_{network_, 1};
  mesh::StreamId stream_{};
};

TEST_F(HaveSearchTest, TellsWhoOfThoseAskedHasIt) {
  const Block large = block_number(2, 100'000);
  ASSERT_TRUE(one_.store.put(large).ok());
  EXPECT_THAT(find(large.cid(), {one_.id()}, kLong_ms).get(), ElementsAre(one_.id()));
  EXPECT_THAT(find(block_number(3).cid(), {one_.id()}, kLong_ms).get(), IsEmpty());
  EXPECT_FALSE(*asker_.store.has(large.cid())) << "nothing is fetched";
}

TEST_F(HaveSearchTest, ABlockThatComesForAnAnswerIsOneAndCountsForNothingElse) {
  const Block small = block_number(4, 10);
  ASSERT_TRUE(one_.store.put(small).ok());
  EXPECT_THAT(find(small.cid(), {one_.id()}, kLong_ms).get(), ElementsAre(one_.id()));
  const auto stat = asker_.service().stat();
  ASSERT_EQ(stat.asked.size(), 1U);
  EXPECT_EQ(stat.asked[0].unwanted_blocks, 0U);
}

TEST_F(HaveSearchTest, NobodyIsAskedWhoDoesNotSpeakIt) {
  EXPECT_THAT(find(block_number(5).cid(), {numbered_peer(77)}, kLong_ms).get(), IsEmpty());
}

TEST_F(HaveSearchTest, WhoSaysNothingIsNotWaitedForAndTheQuestionIsWithdrawn) {
  ScriptedPeer silent(network_, 7);
  meet(silent);
  auto found = find(block_number(6).cid(), {silent.id()}, 50);
  const auto asked = silent.next_wants();
  ASSERT_TRUE(asked);
  ASSERT_EQ(asked->wants.size(), 1U);
  EXPECT_EQ(asked->wants[0].type, bitswap::WantType::kHave);
  EXPECT_TRUE(asked->wants[0].send_dont_have);
  EXPECT_THAT(found.get(), IsEmpty());
  const auto withdrawn = silent.next_wants();
  ASSERT_TRUE(withdrawn);
  EXPECT_TRUE(withdrawn->wants[0].cancel);
}

TEST_F(HaveSearchTest, OneWhoHasItEndsTheWaitForThoseWhoSayNothing) {
  const Block block = block_number(8, 100'000);
  ASSERT_TRUE(one_.store.put(block).ok());
  ScriptedPeer silent(network_, 7);
  meet(silent);
  EXPECT_THAT(find(block.cid(), {silent.id(), one_.id()}, kLong_ms).get(), ElementsAre(one_.id()));
}

TEST_F(HaveSearchTest, APeerThatGoesIsNotWaitedFor) {
  ScriptedPeer silent(network_, 7);
  meet(silent);
  auto found = find(block_number(9).cid(), {silent.id()}, kLong_ms);
  ASSERT_TRUE(silent.next_wants());
  silent.host().disconnect(asker_.id());
  EXPECT_THAT(found.get(), IsEmpty());
}

TEST_F(HaveSearchTest, WhatIsFetchedAlreadyIsNotAskedForBeside) {
  ScriptedPeer silent(network_, 7);
  meet(silent);
  const Cid cid = block_number(10).cid();
  auto fetching = std::async(std::launch::async, [&] {
    FetchOptions options;
    options.timeout_ms = 300;
    return asker_.service().fetch_block(cid, options).ok();
  });
  ASSERT_TRUE(silent.next_wants());
  EXPECT_THAT(find(cid, {silent.id()}, kLong_ms).get(), IsEmpty());
  EXPECT_FALSE(fetching.get());
}

}  // namespace
}  // namespace timerose::exchange
