#include "scheduler/execute/fair_queue.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "multiformats/peer_testing.h"

namespace timerose::scheduler::execute {
namespace {

constexpr uint32_t kAny = UINT32_MAX;

class FairQueueTest : public ::testing::Test {
 protected:
  std::optional<uint64_t> pop() { return queue_.pop(kAny); }

  const PeerId a_ = numbered_peer(1);
  const PeerId b_ = numbered_peer(2);
  FairQueue queue_;
};

TEST_F(FairQueueTest, GivesOneRequestersWorkInOrder) {
  for (uint64_t id = 1; id <= 3; ++id) queue_.push(a_, 1, id);
  EXPECT_EQ(queue_.size(), 3U);
  for (uint64_t id = 1; id <= 3; ++id) EXPECT_EQ(pop(), id);
  EXPECT_EQ(pop(), std::nullopt);
}

TEST_F(FairQueueTest, GivesTheGreaterPriorityFirst) {
  queue_.push(a_, 0, 1);
  queue_.push(a_, 2, 2);
  queue_.push(a_, 1, 3);
  EXPECT_EQ(pop(), 2U);
  EXPECT_EQ(pop(), 3U);
  EXPECT_EQ(pop(), 1U);
}

TEST_F(FairQueueTest, TakesTurnsWhateverTheLengthAndThePriorities) {
  for (uint64_t id = 0; id < 100; ++id) queue_.push(a_, 2, id);
  queue_.push(b_, 0, 1000);
  queue_.push(b_, 0, 1001);
  int before = 0;
  while (pop() != 1001U) ++before;
  EXPECT_LE(before, 4);
}

TEST_F(FairQueueTest, GivesLessToWhomItTookLonger) {
  for (uint64_t id = 0; id < 20; ++id) {
    queue_.push(a_, 1, id);
    queue_.push(b_, 1, 100 + id);
  }
  int of_a = 0;
  for (int i = 0; i < 20; ++i) {
    const bool is_a = *pop() < 100;
    of_a += is_a ? 1 : 0;
    queue_.ended(is_a ? a_ : b_, FairQueue::kAssumedNs * (is_a ? 3 : 1));
  }
  EXPECT_EQ(of_a, 5);
}

TEST_F(FairQueueTest, DoesNotSaveUpForAPause) {
  for (uint64_t id = 0; id < 50; ++id) {
    queue_.push(a_, 1, id);
    pop();
    queue_.ended(a_, FairQueue::kAssumedNs);
  }
  for (uint64_t id = 0; id < 10; ++id) {
    queue_.push(a_, 1, id);
    queue_.push(b_, 1, 100 + id);
  }
  int of_b = 0;
  for (int i = 0; i < 10; ++i) of_b += *pop() >= 100 ? 1 : 0;
  EXPECT_LE(of_b, 6);
}

TEST_F(FairQueueTest, HoldsARequesterToItsPlaces) {
  for (uint64_t id = 0; id < 4; ++id) queue_.push(a_, 1, id);
  queue_.push(b_, 1, 100);
  EXPECT_TRUE(queue_.pop(1));
  EXPECT_TRUE(queue_.pop(1));
  EXPECT_EQ(queue_.pop(1), std::nullopt);
  queue_.ended(a_, 0);
  EXPECT_EQ(queue_.pop(1), 1U);
}

TEST_F(FairQueueTest, RemembersNobodyOnceAllIsDone) {
  for (uint8_t number = 1; number <= 100; ++number) {
    queue_.push(numbered_peer(number), 1, number);
    ASSERT_TRUE(pop());
  }
  for (uint8_t number = 1; number <= 100; ++number) {
    EXPECT_GT(queue_.requesters(), 0U);
    queue_.ended(numbered_peer(number), FairQueue::kAssumedNs * 100);
  }
  EXPECT_EQ(queue_.requesters(), 0U);
}

TEST_F(FairQueueTest, RemembersNoMoreThanItMayOfThoseWhoHaveNothingHere) {
  queue_.push(a_, 1, 0);
  ASSERT_TRUE(pop()) << "goes on all the time";
  SeededRandom random(1);
  for (uint64_t id = 1; id <= 3 * FairQueue::kRequestersMax; ++id) {
    const PeerId peer = PeerId::of(PrivateKey::generate(random).public_key());
    queue_.push(peer, 1, id);
    ASSERT_EQ(pop(), id);
    queue_.ended(peer, FairQueue::kAssumedNs * 100);
    ASSERT_LE(queue_.requesters(), FairQueue::kRequestersMax);
  }
  queue_.ended(a_, 0);
}

TEST_F(FairQueueTest, ForgetsWhatIsRemoved) {
  const auto first = queue_.push(a_, 1, 1);
  queue_.push(a_, 1, 2);
  queue_.remove(first);
  queue_.remove(first);
  EXPECT_EQ(queue_.size(), 1U);
  EXPECT_EQ(pop(), 2U);
}

}  // namespace
}  // namespace timerose::scheduler::execute
