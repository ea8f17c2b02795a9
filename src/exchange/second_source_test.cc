// A fetch that has another source beside Bitswap, one that sends whole DAGs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "exchange/car_testing.h"
#include "exchange/testing.h"

namespace timerose::exchange {
namespace {

using car_testing::leaf;
using car_testing::list_of;
using testing_support::TestNode;

// Sends what it is given of the one DAG it has, and says that it has ended.
class StreamSource final : public BlockSource {
 public:
  void start(OnAnswers on_answers, OnDagEnded on_dag_ended) override {
    on_answers_ = std::move(on_answers);
    on_dag_ended_ = std::move(on_dag_ended);
  }
  void add_providers(bitswap::SessionId /*session*/,
                     std::span<const mesh::PeerAddresses> /*providers*/) override {}
  std::vector<Cid> offer(bitswap::SessionId session, std::span<const Cid> cids,
                         const BitswapPace& /*bitswap*/) override {
    if (!has_blocks) return {};
    asked_one_by_one += cids.size();
    std::vector<SourceAnswer> answers;
    for (const Cid& cid : cids) answers.push_back({session, cid, block_of(cid), "source"});
    if (!never_ends) post([this, answers = std::move(answers)] { on_answers_(answers); });
    return {cids.begin(), cids.end()};
  }
  bool offer_dag(bitswap::SessionId session, const Cid& root, const DagPart& /*part*/) override {
    ++streams;
    post([this, session, root] {
      std::vector<SourceAnswer> answers;
      for (const Block& block : sends) answers.push_back({session, block.cid(), block, "source"});
      on_answers_(std::move(answers));
      if (!never_ends) on_dag_ended_(session, root, how_it_ends);
    });
    return true;
  }
  void drop(bitswap::SessionId /*session*/, std::span<const Cid> /*cids*/) override {}
  void close(bitswap::SessionId /*session*/) override {}
  std::vector<SourceStat> stat() override { return {}; }

  std::vector<Block> sends;
  std::vector<Block> has;
  bool has_blocks = false;
  bool never_ends = false;
  Status how_it_ends = success();
  std::function<void(std::function<void()>)> post;
  std::atomic<size_t> streams = 0;
  std::atomic<size_t> asked_one_by_one = 0;

 private:
  Result<Block> block_of(const Cid& cid) {
    for (const Block& block : has) {
      if (block.cid() == cid) return block;
    }
    return Error{ErrorCode::kNotFound, "the source lacks it"};
  }
  OnAnswers on_answers_;
  OnDagEnded on_dag_ended_;
};

class SecondSourceTest : public ::testing::Test {
 protected:
  SecondSourceTest() {
    source_.post = [this](std::function<void()> task) { node_.post(std::move(task)); };
  }
  Status fetch() {
    DagFetchOptions options;
    options.timeout_ms = 5000;
    return node_.service().fetch_dag(root_.cid(), options);
  }
  void expect_whole() {
    for (const Block& block : dag_) EXPECT_TRUE(*node_.store.has(block.cid()));
  }

  const Block branch_ = list_of(std::vector<Block>{leaf("a"), leaf("b")});
  const Block root_ = list_of(std::vector<Block>{branch_, leaf("c")});
  const std::vector<Block> dag_{root_, branch_, leaf("a"), leaf("b"), leaf("c")};
  mesh::MemoryNetwork network_;
  StreamSource source_;
  TestNode node_{network_, 1, {}, UINT64_MAX, &source_};
};

TEST_F(SecondSourceTest, ADagComesAsOneStreamWhereNobodyElseIsThere) {
  source_.sends = dag_;
  source_.has_blocks = true;
  const Status fetched = fetch();
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  expect_whole();
  EXPECT_EQ(source_.streams, 1U);
  EXPECT_EQ(source_.asked_one_by_one, 0U);
}

TEST_F(SecondSourceTest, WhatAStreamLeavesOutIsAskedForBlockByBlock) {
  source_.sends = {root_, branch_, leaf("a")};
  source_.how_it_ends = Error{ErrorCode::kIo, "the stream broke off"};
  source_.has_blocks = true;
  source_.has = dag_;
  const Status fetched = fetch();
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  expect_whole();
  EXPECT_EQ(source_.streams, 1U);
  EXPECT_EQ(source_.asked_one_by_one, 2U);
}

TEST_F(SecondSourceTest, AStreamThatEndsInOrderTooSoonIsGoneOnFrom) {
  source_.sends = {root_};
  source_.has_blocks = true;
  source_.has = dag_;
  const Status fetched = fetch();
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  expect_whole();
}

TEST_F(SecondSourceTest, AFailureNamesWhatTheStreamSaid) {
  source_.how_it_ends = Error{ErrorCode::kNotFound, "source: 404"};
  DagFetchOptions options;
  options.timeout_ms = 200;
  const Status fetched = node_.service().fetch_dag(root_.cid(), options);
  ASSERT_FALSE(fetched.ok());
  EXPECT_THAT(fetched.error().message, ::testing::HasSubstr("source: 404"));
  EXPECT_EQ(source_.streams, 1U) << "it is not asked for the same again";
}

TEST_F(SecondSourceTest, WhatNeverComesEndsAtTheDeadline) {
  source_.never_ends = true;
  source_.sends = {root_};
  DagFetchOptions options;
  options.timeout_ms = 300;
  const Status fetched = node_.service().fetch_dag(root_.cid(), options);
  ASSERT_FALSE(fetched.ok());
  EXPECT_THAT(fetched.error().message, ::testing::HasSubstr("did not bring it in time"));
  source_.has_blocks = true;
  FetchOptions of_block;
  of_block.timeout_ms = 300;
  EXPECT_FALSE(node_.service().fetch_block(leaf("x").cid(), of_block).ok());
}

TEST_F(SecondSourceTest, WhoeverCountedOnAStreamThatIsCancelledAsksForItself) {
  source_.never_ends = true;
  source_.sends = {root_};
  CancelFlag cancel = false;
  DagFetchOptions options;
  options.cancel = &cancel;
  auto streaming = std::async([&] { return node_.service().fetch_dag(root_.cid(), options); });
  // The root is here and the rest is waited for.
  ASSERT_TRUE(node_.wait_until([&] { return node_.store.has(root_.cid()).value(); }));
  auto waiting = std::async([&] { return node_.service().fetch_block(branch_.cid(), {}); });
  TestNode holder(network_, 2);
  for (const Block& block : dag_) ASSERT_TRUE(holder.store.put(block).ok());
  node_.connect(holder);
  ASSERT_TRUE(node_.wait_until([&] { return node_.service().served().size() == 1; }));
  cancel = true;
  EXPECT_FALSE(streaming.get().ok());
  const auto fetched = waiting.get();
  EXPECT_TRUE(fetched.ok()) << fetched.error().message;
}

TEST_F(SecondSourceTest, WhereAPeerHasItTheBlocksAreShared) {
  TestNode holder(network_, 2);
  for (const Block& block : dag_) ASSERT_TRUE(holder.store.put(block).ok());
  node_.connect(holder);
  ASSERT_TRUE(node_.wait_until([&] { return node_.service().served().size() == 1; }));
  const Status fetched = fetch();
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  expect_whole();
  EXPECT_EQ(source_.streams, 0U);
  EXPECT_EQ(holder.service().stat().blocks_sent, dag_.size());
}

TEST_F(SecondSourceTest, APeerThatLacksItIsNoReasonToWait) {
  TestNode other(network_, 2);
  node_.connect(other);
  ASSERT_TRUE(node_.wait_until([&] { return node_.service().served().size() == 1; }));
  source_.sends = dag_;
  const Status fetched = fetch();
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  expect_whole();
  EXPECT_EQ(source_.streams, 1U);
}

}  // namespace
}  // namespace timerose::exchange
