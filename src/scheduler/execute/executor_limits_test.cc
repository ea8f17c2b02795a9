// What an executor holds requesters to, and whatever they may do.
#include <gtest/gtest.h>

#include <set>

#include "scheduler/execute/executor_side_testing.h"

namespace timerose::scheduler::execute {
namespace {

class ExecutorLimitsTest : public testing_executor::ExecutorSideTest {};

TEST_F(ExecutorLimitsTest, RefusesWhatIsNoInvocationAndWhatCostsTooMuch) {
  ExecutorLimits limits;
  limits.fuel_of_call_max = 1000;
  limit(limits);
  open(1, a_);
  Offer bad = offer(7, 0);
  bad.invocation.pop_back();
  hear(1, bad);
  EXPECT_EQ(only_sent<Refuse>(1).reason, RefuseReason::kMalformed);
  Offer dear = offer(8, 0);
  dear.fuel = 1001;
  hear(1, dear);
  EXPECT_EQ(only_sent<Refuse>(1).reason, RefuseReason::kLimit);
  hear(1, offer(9, 0));
  EXPECT_EQ(all<Launch>().size(), 1U);
}

TEST_F(ExecutorLimitsTest, EndsTheStreamOfWhoGoesOnAskingForWhatItIsRefused) {
  ExecutorLimits limits;
  limits.turned_away_max = 3;
  limit(limits);
  open(1, numbered_peer(3));
  hear(1, offer(1, 1));
  hear(1, Known{2, Cid::of_sha256(Codec::kDagCbor, invocation(1)), {}});
  EXPECT_TRUE(all<CloseLink>().empty());
  hear(1, offer(3, 3));
  EXPECT_EQ(only_sent<Refuse>(1).call, 3U);
  EXPECT_EQ(only<CloseLink>().link, mesh::StreamId{1});
}

TEST_F(ExecutorLimitsTest, HoldsOffersWhoseBlocksNeverComeToTheirOwnPlaces) {
  view_.inputs_here = false;
  open(1, a_);
  open(2, b_);
  size_t fetches = 0;
  for (CallNumber call = 0; call < 100; ++call) {
    hear(1, offer(call, static_cast<int>(call)));
    fetches += all<FetchInputs>().size();
  }
  EXPECT_EQ(fetches, ExecutorLimits().fetching_of_requester_max);
  hear(2, offer(1, 1000));
  EXPECT_EQ(all<FetchInputs>().size(), 1U);
}

TEST_F(ExecutorLimitsTest, SharesItsPlacesBetweenRequesters) {
  ExecutorLimits limits;
  limits.running_max = 1;
  limit(limits);
  open(1, a_);
  open(2, b_);
  ExecutionId running = begin(1, 0, 0);
  for (CallNumber call = 1; call < 50; ++call) hear(1, offer(call, static_cast<int>(call)));
  hear(2, offer(1, 1000));
  int before = 0;
  while (true) {
    step(ExecutionEnded{running, finish(), 100'000, 5});
    if (!sent<Finish>(2).empty()) break;
    running = only<Launch>().execution;
    ASSERT_LT(++before, 4);
  }
}

TEST_F(ExecutorLimitsTest, KeepsAPlaceForWhoHasNoneRunning) {
  ExecutorLimits limits;
  limits.running_max = 2;
  limits.running_spare = 1;
  limit(limits);
  open(1, a_);
  open(2, b_);
  size_t launches = 0;
  for (CallNumber call = 1; call < 9; ++call) {
    hear(1, offer(call, static_cast<int>(call)));
    launches += all<Launch>().size();
  }
  EXPECT_EQ(launches, 2U) << "who has some running gets none of the spare places";
  const ExecutionId of_b = begin(2, 1, 1000);
  hear(2, offer(2, 1001));
  EXPECT_TRUE(all<Launch>().empty());
  step(ExecutionEnded{of_b, finish(), 1, 1});
  EXPECT_EQ(all<Launch>().size(), 1U);
}

TEST_F(ExecutorLimitsTest, KeepsAPlaceForWhoHasNothingBeingFetched) {
  ExecutorLimits limits;
  limits.fetching_max = 2;
  limits.fetching_spare = 1;
  limit(limits);
  view_.inputs_here = false;
  open(1, a_);
  open(2, b_);
  size_t fetches = 0;
  for (CallNumber call = 1; call < 9; ++call) {
    hear(1, offer(call, static_cast<int>(call)));
    fetches += all<FetchInputs>().size();
  }
  EXPECT_EQ(fetches, 2U);
  hear(2, offer(1, 1000));
  EXPECT_EQ(all<FetchInputs>().size(), 1U);
}

TEST_F(ExecutorLimitsTest, IsBusyWhenARequesterHasTooManyCalls) {
  ExecutorLimits limits;
  limits.calls_of_requester_max = 2;
  limit(limits);
  open(1, a_);
  open(2, b_);
  hear(1, offer(1, 1));
  hear(1, offer(2, 2));
  hear(1, offer(3, 3));
  const auto busy = only_sent<Busy>(1);
  EXPECT_EQ(busy.call, 3U);
  EXPECT_GT(busy.retry_ms, 0U);
  hear(2, offer(1, 4));
  EXPECT_TRUE(sent<Busy>(2).empty());
}

TEST_F(ExecutorLimitsTest, IsBusyWhenARequestersBytesAreUsedUp) {
  ExecutorLimits limits;
  limits.bytes_of_requester_max = 2 * kAnswerBytes;
  limit(limits);
  open(1, a_);
  hear(1, offer(1, 1));
  Offer heavy = offer(2, 2);
  heavy.blocks.push_back({Cid::of_sha256(Codec::kRaw, {}), Bytes(kAnswerBytes)});
  hear(1, heavy);
  EXPECT_EQ(sent<Busy>(1).size(), 1U);
  hear(1, offer(3, 3));
  EXPECT_TRUE(sent<Busy>(1).empty());
}

TEST_F(ExecutorLimitsTest, IsBusyWhenTheBytesOfAllRequestersAreUsedUp) {
  ExecutorLimits limits;
  limits.bytes_max = 2 * kAnswerBytes;
  limit(limits);
  open(1, a_);
  open(2, b_);
  begin(1, 1, 1);
  const ExecutionId second = begin(1, 2, 2);
  hear(2, offer(1, 3));
  EXPECT_EQ(sent<Busy>(2).size(), 1U);
  step(ExecutionEnded{second, finish(), 1, 1});  // of fewer bytes than its room
  hear(2, offer(1, 3));
  EXPECT_EQ(sent<Busy>(2).size(), 1U);
  Acknowledge taken;
  taken.calls = {2};
  hear(1, taken);
  hear(2, offer(1, 3));
  EXPECT_TRUE(sent<Busy>(2).empty());
}

TEST_F(ExecutorLimitsTest, KeepsNoAnswerThatIsLargerThanAnyShouldBe) {
  ExecutorLimits limits;
  limits.bytes_of_requester_max = 3 * kAnswerBytes;
  limit(limits);
  open(1, a_);
  const ExecutionId first = begin(1, 1, 1);
  const ExecutionId second = begin(1, 2, 2);
  Finish large = finish();
  large.outcome = Bytes(2 * kAnswerBytes);
  step(ExecutionEnded{first, large, 1, 1});
  EXPECT_EQ(only_sent<Finish>(1).outcome.size(), large.outcome.size());
  step(ExecutionEnded{second, large, 1, 1});
  EXPECT_EQ(only_sent<Failure>(1).kind, FailureKind::kLimit);
}

TEST_F(ExecutorLimitsTest, IsBusyUntilFuelHasComeBack) {
  ExecutorLimits limits;
  limits.fuel_of_requester_a_minute = 60'000;
  limit(limits);
  open(1, a_);
  step(ExecutionEnded{begin(1, 1, 1), finish(), 1000, 60'000});
  hear(1, offer(2, 2));
  EXPECT_EQ(sent<Busy>(1).size(), 1U);
  now_ns_ += 2 * kSecond;
  hear(1, offer(2, 2));
  EXPECT_TRUE(sent<Busy>(1).empty());
}

TEST_F(ExecutorLimitsTest, FuelComesBackHoweverOftenItIsLookedAt) {
  ExecutorLimits limits;
  limits.fuel_of_requester_a_minute = 60'000;  // one a millisecond
  limit(limits);
  open(1, a_);
  step(ExecutionEnded{begin(1, 1, 1), finish(), 1000, 60'000});
  hear(1, offer(2, 2));
  EXPECT_EQ(sent<Busy>(1).size(), 1U);
  for (int looks = 0; looks < 3; ++looks) {
    now_ns_ += 400'000;
    hear(1, offer(2, 2));
  }
  EXPECT_TRUE(sent<Busy>(1).empty());
}

TEST_F(ExecutorLimitsTest, KeepsNoBlocksBeyondTheBytesOfARequester) {
  ExecutorLimits limits;
  limits.bytes_of_requester_max = 3 * kAnswerBytes;
  limit(limits);
  open(1, a_);
  const CarriedBlock block{Cid::of_sha256(Codec::kRaw, {}), Bytes(kAnswerBytes * 3 / 2)};
  const ExecutionId first = begin(1, 1, 1);
  const ExecutionId second = begin(1, 2, 2);
  Finish output = finish();
  output.blocks.push_back(block);
  step(ExecutionEnded{first, output, 1, 1});
  EXPECT_EQ(only_sent<Finish>(1).blocks.size(), 1U);
  step(ExecutionEnded{second, output, 1, 1});
  EXPECT_TRUE(only_sent<Finish>(1).blocks.empty());
}

TEST_F(ExecutorLimitsTest, BeginsNothingForWhoHasUsedItsFuelUp) {
  ExecutorLimits limits;
  limits.running_max = 1;
  limits.fuel_of_requester_a_minute = 60'000;
  limit(limits);
  open(1, a_);
  open(2, b_);
  const ExecutionId first = begin(1, 1, 1);
  hear(1, offer(2, 2));
  hear(2, offer(1, 3));
  step(ExecutionEnded{first, finish(), 1, 60'000});
  const auto next = only<Launch>();
  EXPECT_EQ(next.job->requester, b_) << "others do not wait for him";
  step(ExecutionEnded{next.execution, finish(), 1, 1000});
  EXPECT_TRUE(all<Launch>().empty());
  pass(2 * kSecond);
  EXPECT_EQ(only<Launch>().job->requester, a_);
}

TEST_F(ExecutorLimitsTest, WhatAGuestUsesBeyondTheFuelOfAMinuteIsOwed) {
  ExecutorLimits limits;
  limits.fuel_of_requester_a_minute = 60'000;
  limit(limits);
  open(1, a_);
  step(ExecutionEnded{begin(1, 1, 1), finish(), 1, 120'000});
  now_ns_ += 59 * kSecond;
  hear(1, offer(2, 2));
  EXPECT_EQ(sent<Busy>(1).size(), 1U);
  now_ns_ += 2 * kSecond;
  hear(1, offer(2, 2));
  EXPECT_TRUE(sent<Busy>(1).empty());
}

TEST_F(ExecutorLimitsTest, CountsTheFuelOfWhoHasGone) {
  ExecutorLimits limits;
  limits.fuel_of_requester_a_minute = 60'000;
  limit(limits);
  open(1, a_);
  const ExecutionId id = begin(1, 1, 1);
  hear(1, Cancel{1});
  step(LinkClosed{mesh::StreamId{1}});
  step(ExecutionEnded{id, Failure{0, FailureKind::kCancelled, ""}, 1000, 60'000});
  open(2, a_);
  hear(2, offer(2, 2));
  EXPECT_EQ(sent<Busy>(2).size(), 1U);
}

TEST_F(ExecutorLimitsTest, GivesNoLeaseBeyondItsLimits) {
  open(1, a_);
  Offer greedy = offer(7, 0);
  greedy.lease_ms = kMillisecondsMax;
  hear(1, greedy);
  pass(60 * kMs);
  EXPECT_EQ(only_sent<Accept>(1).lease_ms, ExecutorLimits().lease_ms_max);
  Offer hasty = offer(8, 1);
  hasty.lease_ms = 0;
  hear(1, hasty);
  pass(60 * kMs);
  EXPECT_EQ(only_sent<Accept>(1).lease_ms, ExecutorLimits().lease_ms_min);
}

TEST_F(ExecutorLimitsTest, ClosesALinkThatSpeaksLikeAnExecutor) {
  open(1, a_);
  hear(1, finish());
  EXPECT_EQ(only<CloseLink>().link, mesh::StreamId{1});
}

TEST_F(ExecutorLimitsTest, PassesOverEventsOfWhatIsGone) {
  step(LinkClosed{mesh::StreamId{9}});
  step(Received{mesh::StreamId{9}, Heartbeat{}});
  step(InputsFetched{ExecutionId{9}, std::nullopt});
  step(LogWritten{ExecutionId{9}, Log{}});
  step(ExecutionEnded{ExecutionId{9}, finish(), 0, 0});
  EXPECT_TRUE(actions_.empty());
}

// Whatever two requesters do, each call is answered at most once a link, nothing is left behind,
// and no Invocation runs twice at a time.
TEST_F(ExecutorLimitsTest, KeepsItsPromisesInAnyOrderOfEvents) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SeededRandom random(seed);
    ExecutorLimits limits;
    limits.running_max = 1 + static_cast<uint32_t>(seed % 3);
    limit(limits);
    std::map<ExecutionId, Cid> running;
    std::map<ExecutionId, bool> fetching;
    const auto look = [&] {
      for (const auto& run : all<Launch>()) {
        for (const auto& [id, name] : running) ASSERT_NE(name, run.job->name);
        running.emplace(run.execution, run.job->name);
        ASSERT_LE(running.size(), limits.running_max);
      }
      for (const auto& fetch : all<FetchInputs>()) fetching.emplace(fetch.execution, true);
    };
    std::set<uint64_t> links;
    for (uint64_t i = 1; i < 200; ++i) {
      const uint64_t number = random.next() % 12;
      view_.inputs_here = random.next() % 3 > 0;
      const uint64_t link = links.empty() ? 0 : *links.begin();
      switch (random.next() % 9) {
        case 0:
          links.insert(i);
          open(i, i % 2 == 0 ? a_ : b_);
          break;
        case 1:
          links.erase(link);
          step(LinkClosed{mesh::StreamId{link}});
          break;
        case 2:
          hear(link, Cancel{number});
          break;
        case 3:
          hear(link, Acknowledge{{number}});
          break;
        case 4:
          if (running.empty()) break;
          step(ExecutionEnded{running.begin()->first, finish(), 1000, 5});
          running.erase(running.begin());
          look();
          break;
        case 5:
          if (fetching.empty()) break;
          step(InputsFetched{fetching.begin()->first, std::nullopt});
          fetching.erase(fetching.begin());
          look();
          break;
        case 6:
          pass(random.next() % (3 * kSecond));
          look();
          break;
        default:
          hear(link, offer(number, static_cast<int>(number % 5)));
          look();
      }
      actions_.clear();
    }
    for (const uint64_t link : links) step(LinkClosed{mesh::StreamId{link}});
    for (int i = 0; i < 200 && !(running.empty() && fetching.empty()); ++i) {
      if (!running.empty()) {
        step(ExecutionEnded{running.begin()->first, finish(), 1000, 5});
        running.erase(running.begin());
      } else {
        step(InputsFetched{fetching.begin()->first, std::nullopt});
        fetching.erase(fetching.begin());
      }
      look();
    }
    EXPECT_TRUE(side_->is_idle()) << seed;
    pass(70 * kSecond);
    EXPECT_EQ(side_->load().kept, 0U) << seed;
    EXPECT_EQ(side_->next_tick_ns(), UINT64_MAX) << seed;
  }
}

}  // namespace
}  // namespace timerose::scheduler::execute
