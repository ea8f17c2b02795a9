// Peers that lie, flood, do not read, or send what is no message: others are served as before.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exchange/testing.h"

namespace timerose::exchange {
namespace {

using testing_support::block_number;
using testing_support::ScriptedPeer;
using testing_support::TestNode;

class HostilePeerTest : public ::testing::Test {
 protected:
  HostilePeerTest() {
    EXPECT_TRUE(node_.store.put(ours_).ok());
    EXPECT_TRUE(honest_.store.put(theirs_).ok());
    hostile_.connect(node_.id());
  }

  // The node gives and takes blocks as ever.
  void expect_service_as_before() {
    node_.connect(honest_);
    const auto taken = node_.service().fetch_block(theirs_.cid(), {});
    EXPECT_TRUE(taken.ok()) << taken.error().message;
    const auto given = honest_.service().fetch_block(ours_.cid(), {});
    EXPECT_TRUE(given.ok()) << given.error().message;
  }
  // Lets the node fetch something, and gives the call's outcome at the end of the test.
  std::future<Result<SharedBytes>> fetch_later(const Cid& cid, uint64_t timeout_ms) {
    FetchOptions options;
    options.timeout_ms = timeout_ms;
    return std::async(std::launch::async,
                      [this, cid, options] { return node_.service().fetch_block(cid, options); });
  }

  const Block ours_ = block_number(1, 3000);
  const Block theirs_ = block_number(2, 3000);
  mesh::MemoryNetwork network_;
  TestNode node_{network_, 1};
  TestNode honest_{network_, 2};
  ScriptedPeer hostile_{network_, 66};
};

TEST_F(HostilePeerTest, BytesThatAreNoMessageEndTheirStream) {
  const mesh::StreamId stream = hostile_.open(node_.id());
  hostile_.host().send(stream, {as_bytes("\xff\xff this is no message")});
  EXPECT_TRUE(hostile_.next<mesh::StreamClosed>().has_value());
  expect_service_as_before();
}

TEST_F(HostilePeerTest, HalfAMessageEndsItsStream) {
  bitswap::Outgoing message;
  message.blocks = {block_number(5, 10'000)};
  const bitswap::Encoded encoded = bitswap::encode(message, bitswap::Version::k120);
  Bytes frame;
  for (const ByteView piece : encoded.pieces) frame.insert(frame.end(), piece.begin(), piece.end());
  const mesh::StreamId stream = hostile_.open(node_.id());
  hostile_.host().send(stream, {ByteView(frame).first(frame.size() / 2)});
  EXPECT_TRUE(hostile_.next<mesh::StreamClosed>().has_value());
  expect_service_as_before();
}

TEST_F(HostilePeerTest, AFrameOverTheLimitEndsItsStream) {
  const mesh::StreamId stream = hostile_.open(node_.id());
  hostile_.host().send(stream, {Bytes(bitswap::kFrameBytesMax + 1)});
  EXPECT_TRUE(hostile_.next<mesh::StreamClosed>().has_value());
  expect_service_as_before();
}

TEST_F(HostilePeerTest, BlocksThatNobodyAskedForAreNotStored) {
  const mesh::StreamId stream = hostile_.open(node_.id());
  bitswap::Outgoing message;
  message.blocks = {block_number(5), block_number(6)};
  hostile_.send(stream, message);
  expect_service_as_before();
  EXPECT_FALSE(*node_.store.has(block_number(5).cid()));
}

TEST_F(HostilePeerTest, AFloodOfUnwantedBlocksEndsTheConnection) {
  const mesh::StreamId stream = hostile_.open(node_.id());
  for (uint64_t i = 0; i < 5000; ++i) {
    bitswap::Outgoing message;
    message.blocks = {block_number(100 + i)};
    if (hostile_.send(stream, message) != mesh::Sent::kTaken) break;
  }
  EXPECT_TRUE(hostile_.next<mesh::ConnectionClosed>().has_value());
  expect_service_as_before();
}

TEST_F(HostilePeerTest, AnotherPeerIsAskedWhenOneSendsWrongBytes) {
  const Block wanted = block_number(7, 3000);
  ASSERT_TRUE(honest_.store.put(wanted).ok());
  auto fetched = fetch_later(wanted.cid(), 10'000);
  ASSERT_TRUE(hostile_.next_wants().has_value());
  bitswap::Outgoing lie;
  lie.blocks = {Block::trusted(wanted.cid(), Bytes(3000))};
  hostile_.send(hostile_.open(node_.id()), lie);
  node_.connect(honest_);
  const auto result = fetched.get();
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_TRUE(equal(result->view(), wanted.data().view()));
}

TEST_F(HostilePeerTest, AFloodOfWantsIsAnsweredAndOthersAreServed) {
  const mesh::StreamId stream = hostile_.open(node_.id());
  for (uint64_t round = 0; round < 5; ++round) {
    bitswap::Outgoing message;
    for (uint64_t i = 0; i < 10'000; ++i) {
      Bytes digest(32);
      SeededRandom(round * 10'000 + i).fill(digest);
      Sha256Digest named{};
      std::copy(digest.begin(), digest.end(), named.begin());
      message.wants.push_back({.cid = Cid::from_sha256(Codec::kRaw, named),
                               .priority = 1,
                               .type = bitswap::WantType::kBlock,
                               .cancel = false,
                               .send_dont_have = true});
    }
    if (hostile_.send(stream, message) != mesh::Sent::kTaken) break;
  }
  expect_service_as_before();
  const auto ledgers = node_.service().stat().served;
  for (const bitswap::Ledger& ledger : ledgers) {
    EXPECT_LE(ledger.wants_waiting, bitswap::ServerLimits().peer_wants_max);
  }
}

TEST_F(HostilePeerTest, APeerThatNeverReadsHoldsUpNobodyElse) {
  // More than its stream takes, wanted at once and never read.
  bitswap::Outgoing message;
  for (uint64_t i = 0; i < 40; ++i) {
    const Block block = block_number(1000 + i, 1U << 20);
    ASSERT_TRUE(node_.store.put(block).ok());
    message.wants.push_back({.cid = block.cid()});
  }
  hostile_.send(hostile_.open(node_.id()), message);
  ASSERT_TRUE(node_.wait_until([&] {
    const auto served = node_.service().served();
    return !served.empty() && served[0].bytes_sent > 0;
  }));
  expect_service_as_before();
  EXPECT_LE(node_.service().stat().bytes_sent, (12U << 20) + ours_.size());
}

TEST_F(HostilePeerTest, APeerThatComesAndGoesLeavesNothing) {
  for (int i = 0; i < 50; ++i) {
    hostile_.connect(node_.id());
    const mesh::StreamId stream = hostile_.open(node_.id());
    bitswap::Outgoing message;
    message.wants.push_back({.cid = ours_.cid()});
    hostile_.send(stream, message);
    if (i % 2 == 0) network_.reset_streams(hostile_.id(), node_.id());
    hostile_.host().disconnect(node_.id());
  }
  network_.cut(hostile_.id(), node_.id(), true);  // or it is dialed for the answer to its want
  expect_service_as_before();
  EXPECT_TRUE(node_.wait_until([&] { return node_.service().served().size() == 1; }));
}

TEST_F(HostilePeerTest, AStreamThatIsResetIsOpenedAgain) {
  const Block wanted = block_number(7, 3000);
  auto fetched = fetch_later(wanted.cid(), 10'000);
  ASSERT_TRUE(hostile_.next_wants().has_value());
  network_.reset_streams(hostile_.id(), node_.id());
  ASSERT_TRUE(hostile_.next_wants().has_value());
  bitswap::Outgoing message;
  message.blocks = {wanted};
  hostile_.send(hostile_.open(node_.id()), message);
  EXPECT_TRUE(fetched.get().ok());
}

// As Helia does with every stream to it.
TEST_F(HostilePeerTest, OneThatEndsItsSideAtOnceIsSentAllOnOneStream) {
  const Block more = block_number(3, 3000);
  ASSERT_TRUE(node_.store.put(more).ok());
  network_.end_side_at_once(hostile_.id(), true);
  const mesh::StreamId stream = hostile_.open(node_.id());
  std::set<mesh::StreamId> answered_on;
  for (const Block& block : {ours_, more}) {
    bitswap::Outgoing message;
    message.wants.push_back({.cid = block.cid()});
    hostile_.send(stream, message);
    const auto answer = hostile_.next<mesh::StreamFrame>();
    ASSERT_TRUE(answer.has_value());
    answered_on.insert(answer->stream);
  }
  EXPECT_EQ(answered_on.size(), 1U);
}

// As jvm-libp2p's Bitswap does.
TEST_F(HostilePeerTest, AnAnswerMayComeOnTheStreamOfTheQuestion) {
  const Block wanted = block_number(7, 3000);
  auto fetched = fetch_later(wanted.cid(), 10'000);
  const auto question = hostile_.next<mesh::StreamFrame>();
  ASSERT_TRUE(question.has_value());
  bitswap::Outgoing message;
  message.blocks = {wanted};
  hostile_.send(question->stream, message);
  EXPECT_TRUE(fetched.get().ok());
}

TEST_F(HostilePeerTest, OneThatOpensAStreamForEachMessageAndEndsNoneIsAnswered) {
  for (int i = 0; i < 200; ++i) {
    bitswap::Outgoing message;
    const Block wanted = block_number(1000 + i);
    ASSERT_TRUE(node_.store.put(wanted).ok());
    message.wants.push_back({.cid = wanted.cid()});
    hostile_.send(hostile_.open(node_.id()), message);
    ASSERT_TRUE(hostile_.next<mesh::StreamFrame>().has_value()) << i;
  }
}

TEST_F(HostilePeerTest, AnAnswerThatIsNoMessageLeadsToAnotherStream) {
  const Block wanted = block_number(7, 3000);
  auto fetched = fetch_later(wanted.cid(), 10'000);
  const auto question = hostile_.next<mesh::StreamFrame>();
  ASSERT_TRUE(question.has_value());
  hostile_.host().send(question->stream, {as_bytes("\xff\xff this is no message")});
  const auto again = hostile_.next<mesh::StreamFrame>();
  ASSERT_TRUE(again.has_value());
  EXPECT_NE(again->stream, question->stream);
  bitswap::Outgoing message;
  message.blocks = {wanted};
  hostile_.send(again->stream, message);
  EXPECT_TRUE(fetched.get().ok());
}

}  // namespace
}  // namespace timerose::exchange
