#include "scheduler/execute/executor_side.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"

namespace timerose::scheduler::execute {
namespace {

constexpr uint64_t kMs = 1'000'000;
constexpr uint64_t kSecond = 1000 * kMs;

PeerId peer_number(uint64_t number) {
  SeededRandom random(number);
  return PeerId::of(PrivateKey::generate(random).public_key());
}

// What is decided when inputs are here unless a test says otherwise, and strangers are peers that
// were not named.
class TestView final : public ExecutorView {
 public:
  [[nodiscard]] bool may_ask(const PeerId& requester) const override {
    return trusted.contains(requester);
  }
  [[nodiscard]] bool has_inputs(const Job& /*job*/) const override { return inputs_here; }
  std::set<PeerId> trusted;
  bool inputs_here = true;
};

class ExecutorSideTest : public ::testing::Test {
 protected:
  ExecutorSideTest() { view_.trusted = {a_, b_}; }

  void limit(const ExecutorLimits& limits) {
    side_ = std::make_unique<ExecutorSide>(view_, limits);
  }

  // Invocation `number`; each has another name.
  static Bytes invocation(int number) {
    compute::Invocation call(Cid::of_sha256(Codec::kRaw, as_bytes("module")));
    call.entry = "f" + std::to_string(number);
    return call.encode().value();
  }
  static Offer offer(CallNumber call, int number) {
    Offer offer;
    offer.call = call;
    offer.invocation = invocation(number);
    offer.fuel = 1000;
    offer.lease_ms = 5000;
    return offer;
  }

  void step(ExecutorEvent event) { actions_ = side_->step(now_ns_, std::move(event)); }
  void open(uint64_t link, const PeerId& peer) { step(LinkOpened{mesh::StreamId{link}, peer}); }
  void hear(uint64_t link, Message message) {
    step(Received{mesh::StreamId{link}, std::move(message)});
  }
  // Lets time pass, with every tick that falls due.
  void pass(uint64_t ns) {
    const uint64_t until = now_ns_ + ns;
    std::vector<ExecutorAction> all;
    while (side_->next_tick_ns() <= until) {
      now_ns_ = std::max(now_ns_, side_->next_tick_ns());
      step(Tick{});
      all.insert(all.end(), actions_.begin(), actions_.end());
    }
    now_ns_ = until;
    actions_ = std::move(all);
  }

  template <typename T>
  std::vector<T> all() const {
    std::vector<T> found;
    for (const ExecutorAction& action : actions_) {
      if (const auto* one = std::get_if<T>(&action)) found.push_back(*one);
    }
    return found;
  }
  // Messages of one kind to a link.
  template <typename T>
  std::vector<T> sent(uint64_t link) const {
    std::vector<T> found;
    for (const SendTo& send : all<SendTo>()) {
      const auto* message = std::get_if<T>(&send.message);
      if (send.link == mesh::StreamId{link} && message != nullptr) found.push_back(*message);
    }
    return found;
  }
  template <typename T>
  T only() const {
    const auto found = all<T>();
    EXPECT_EQ(found.size(), 1U);
    return found.at(0);
  }
  template <typename T>
  T only_sent(uint64_t link) const {
    const auto found = sent<T>(link);
    EXPECT_EQ(found.size(), 1U);
    return found.at(0);
  }
  static Finish finish(std::string_view text = "outcome") {
    return Finish{0, false, to_bytes(as_bytes(text)), {}, {}};
  }
  // Offers, and gives the execution that is to be run.
  ExecutionId begin(uint64_t link, CallNumber call, int number) {
    hear(link, offer(call, number));
    return only<Launch>().execution;
  }

  const PeerId a_ = peer_number(1);
  const PeerId b_ = peer_number(2);
  uint64_t now_ns_ = 1000 * kSecond;
  TestView view_;
  std::unique_ptr<ExecutorSide> side_ = std::make_unique<ExecutorSide>(view_, ExecutorLimits());
  std::vector<ExecutorAction> actions_;
};

TEST_F(ExecutorSideTest, AnswersASmallCallWithNothingBetween) {
  open(1, a_);
  const ExecutionId id = begin(1, 7, 0);
  EXPECT_TRUE(all<SendTo>().empty());
  step(ExecutionEnded{id, finish(), 1000, 5});
  const Finish answer = only_sent<Finish>(1);
  EXPECT_EQ(answer.call, 7U);
  EXPECT_TRUE(side_->is_idle());
}

TEST_F(ExecutorSideTest, AcceptsACallThatTakesLonger) {
  open(1, a_);
  begin(1, 7, 0);
  pass(60 * kMs);
  const auto accept = only_sent<Accept>(1);
  EXPECT_EQ(accept.call, 7U);
  EXPECT_EQ(accept.lease_ms, 5000U);
  pass(60 * kMs);
  EXPECT_TRUE(sent<Accept>(1).empty());
}

TEST_F(ExecutorSideTest, RefusesAStranger) {
  const PeerId stranger = peer_number(3);
  open(1, stranger);
  hear(1, offer(7, 0));
  const auto refuse = only_sent<Refuse>(1);
  EXPECT_EQ(refuse.reason, RefuseReason::kStranger);
  EXPECT_NE(refuse.message.find(stranger.to_string()), std::string::npos);
  EXPECT_TRUE(all<Launch>().empty());
}

TEST_F(ExecutorSideTest, RefusesWhatIsNoInvocationAndWhatCostsTooMuch) {
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

TEST_F(ExecutorSideTest, RefusesANumberThatIsUsedForAnotherInvocation) {
  open(1, a_);
  begin(1, 7, 0);
  hear(1, offer(7, 1));
  EXPECT_EQ(only_sent<Refuse>(1).reason, RefuseReason::kConflict);
}

TEST_F(ExecutorSideTest, RunsOneInvocationOnceForAllWhoAsk) {
  open(1, a_);
  open(2, b_);
  const ExecutionId id = begin(1, 7, 0);
  hear(2, offer(7, 0));
  EXPECT_TRUE(all<Launch>().empty());
  hear(1, offer(8, 0));
  EXPECT_TRUE(all<Launch>().empty());
  step(ExecutionEnded{id, finish(), 1000, 5});
  EXPECT_EQ(sent<Finish>(1).size(), 2U);
  EXPECT_EQ(sent<Finish>(2).size(), 1U);
}

TEST_F(ExecutorSideTest, RunsAgainForWhomTheSharedAnswerIsNotEnough) {
  open(1, a_);
  open(2, b_);
  const ExecutionId id = begin(1, 7, 0);
  Offer more = offer(9, 0);
  more.fuel = 5000;
  more.receipt = true;
  hear(2, more);
  step(ExecutionEnded{id, Failure{0, FailureKind::kFuel, "too little"}, 1000, 1000});
  EXPECT_EQ(only_sent<Failure>(1).call, 7U);
  EXPECT_TRUE(sent<Failure>(2).empty());
  const Launch again = only<Launch>();
  EXPECT_EQ(again.job->fuel, 5000U);
  EXPECT_TRUE(again.job->receipt);
  step(ExecutionEnded{again.execution, finish(), 1000, 4000});
  EXPECT_TRUE(sent<Finish>(2).empty()) << "it has no receipt";
  Finish with_receipt = finish();
  with_receipt.receipt = {1};
  step(ExecutionEnded{only<Launch>().execution, with_receipt, 1000, 4000});
  EXPECT_EQ(only_sent<Finish>(2).call, 9U);
}

TEST_F(ExecutorSideTest, FetchesInputsBeforeARun) {
  view_.inputs_here = false;
  open(1, a_);
  hear(1, offer(7, 0));
  const auto fetch = only<FetchInputs>();
  EXPECT_EQ(fetch.job->requester, a_);
  EXPECT_TRUE(all<Launch>().empty());
  step(InputsFetched{fetch.execution, std::nullopt});
  EXPECT_EQ(only<Launch>().execution, fetch.execution);
}

TEST_F(ExecutorSideTest, SaysThatInputsCannotBeHad) {
  view_.inputs_here = false;
  open(1, a_);
  hear(1, offer(7, 0));
  step(InputsFetched{only<FetchInputs>().execution,
                     Failure{0, FailureKind::kMissingBlock, "nobody has it"}});
  const auto failure = only_sent<Failure>(1);
  EXPECT_EQ(failure.call, 7U);
  EXPECT_EQ(failure.kind, FailureKind::kMissingBlock);
  EXPECT_TRUE(side_->is_idle());
}

TEST_F(ExecutorSideTest, HoldsOffersWhoseBlocksNeverComeToTheirOwnPlaces) {
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

TEST_F(ExecutorSideTest, SharesItsPlacesBetweenRequesters) {
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

TEST_F(ExecutorSideTest, IsBusyWhenARequesterHasTooManyCalls) {
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

TEST_F(ExecutorSideTest, IsBusyWhenARequestersBytesAreUsedUp) {
  ExecutorLimits limits;
  limits.bytes_of_requester_max = 2 * invocation(1).size();
  limit(limits);
  open(1, a_);
  hear(1, offer(1, 1));
  Offer heavy = offer(2, 2);
  heavy.blocks.push_back({Cid::of_sha256(Codec::kRaw, {}), Bytes(1000)});
  hear(1, heavy);
  EXPECT_EQ(sent<Busy>(1).size(), 1U);
  hear(1, offer(3, 3));
  EXPECT_TRUE(sent<Busy>(1).empty());
}

TEST_F(ExecutorSideTest, IsBusyUntilFuelHasComeBack) {
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

TEST_F(ExecutorSideTest, CountsTheFuelOfWhoHasGone) {
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

TEST_F(ExecutorSideTest, StopsWhatNobodyWantsAnyMore) {
  open(1, a_);
  open(2, b_);
  const ExecutionId id = begin(1, 7, 0);
  hear(2, offer(7, 0));
  hear(1, Cancel{7});
  EXPECT_TRUE(all<Stop>().empty());
  hear(2, Cancel{7});
  EXPECT_EQ(only<Stop>().execution, id);
  hear(2, Cancel{7});
  EXPECT_TRUE(all<Stop>().empty());
  step(ExecutionEnded{id, Failure{0, FailureKind::kCancelled, ""}, 1000, 5});
  EXPECT_TRUE(all<SendTo>().empty());
  EXPECT_TRUE(side_->is_idle());
}

TEST_F(ExecutorSideTest, RunsAnewForWhoAsksWhileItStops) {
  open(1, a_);
  open(2, b_);
  const ExecutionId id = begin(1, 7, 0);
  hear(1, Cancel{7});
  hear(2, offer(9, 0));
  EXPECT_TRUE(all<Launch>().empty()) << "one execution at a time";
  step(ExecutionEnded{id, Failure{0, FailureKind::kCancelled, ""}, 1000, 5});
  step(ExecutionEnded{only<Launch>().execution, finish(), 1000, 5});
  EXPECT_EQ(only_sent<Finish>(2).call, 9U);
}

TEST_F(ExecutorSideTest, ForgetsACancelledCallThatWaits) {
  ExecutorLimits limits;
  limits.running_max = 1;
  limit(limits);
  open(1, a_);
  const ExecutionId first = begin(1, 1, 1);
  hear(1, offer(2, 2));
  hear(1, Cancel{2});
  EXPECT_TRUE(all<Stop>().empty());
  step(ExecutionEnded{first, finish(), 1000, 5});
  EXPECT_TRUE(all<Launch>().empty());
  EXPECT_TRUE(side_->is_idle());
}

TEST_F(ExecutorSideTest, CancelsOrphansWhenTheirLeaseEnds) {
  open(1, a_);
  const ExecutionId id = begin(1, 7, 0);
  step(LinkClosed{mesh::StreamId{1}});
  pass(4900 * kMs);
  EXPECT_TRUE(all<Stop>().empty());
  pass(200 * kMs);
  EXPECT_EQ(only<Stop>().execution, id);
}

TEST_F(ExecutorSideTest, CancelsTheCallsOfALinkThatIsSilent) {
  open(1, a_);
  begin(1, 7, 0);
  pass(4 * kSecond);
  hear(1, Heartbeat{});
  pass(4 * kSecond);
  EXPECT_TRUE(all<Stop>().empty()) << "heartbeats renew the lease";
  pass(1100 * kMs);
  EXPECT_EQ(all<Stop>().size(), 1U);
}

TEST_F(ExecutorSideTest, GivesNoLeaseBeyondItsLimits) {
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

TEST_F(ExecutorSideTest, SaysThatItIsThereWhileARequesterWaits) {
  open(1, a_);
  open(2, b_);
  begin(1, 7, 0);
  pass(1000 * kMs);
  EXPECT_GE(sent<Heartbeat>(1).size(), 2U);
  EXPECT_TRUE(sent<Heartbeat>(2).empty());
}

TEST_F(ExecutorSideTest, AnswersOverTheNextLinkWhatEndedBetween) {
  open(1, a_);
  const ExecutionId id = begin(1, 7, 0);
  step(LinkClosed{mesh::StreamId{1}});
  step(ExecutionEnded{id, finish("kept"), 1000, 5});
  EXPECT_TRUE(all<SendTo>().empty());
  open(2, a_);
  hear(2, offer(7, 0));
  EXPECT_TRUE(all<Launch>().empty());
  EXPECT_EQ(only_sent<Finish>(2).outcome, finish("kept").outcome);
  hear(2, Acknowledge{{7}});
  EXPECT_EQ(side_->load().kept, 0U);
}

TEST_F(ExecutorSideTest, GoesOnWithACallThatIsOfferedAgain) {
  open(1, a_);
  const ExecutionId id = begin(1, 7, 0);
  open(2, a_);
  hear(2, offer(7, 0));
  EXPECT_TRUE(all<Launch>().empty());
  EXPECT_EQ(sent<Accept>(2).size(), 1U);
  step(LinkClosed{mesh::StreamId{1}});
  step(ExecutionEnded{id, finish(), 1000, 5});
  EXPECT_EQ(sent<Finish>(2).size(), 1U);
}

TEST_F(ExecutorSideTest, KeepsAnAnswerForAWhile) {
  open(1, a_);
  step(ExecutionEnded{begin(1, 7, 0), finish(), 1000, 5});
  EXPECT_EQ(side_->load().kept, 1U);
  pass(59 * kSecond);
  EXPECT_EQ(side_->load().kept, 1U);
  pass(2 * kSecond);
  EXPECT_EQ(side_->load().kept, 0U);
  EXPECT_EQ(side_->next_tick_ns(), UINT64_MAX) << "nothing to look after";
}

TEST_F(ExecutorSideTest, IgnoresAnAcknowledgementOfACallThatRuns) {
  open(1, a_);
  const ExecutionId id = begin(1, 7, 0);
  hear(1, Acknowledge{{7, 8, 9}});
  step(ExecutionEnded{id, finish(), 1000, 5});
  EXPECT_EQ(sent<Finish>(1).size(), 1U);
}

TEST_F(ExecutorSideTest, EndsACallAtItsDeadline) {
  open(1, a_);
  Offer hurried = offer(7, 0);
  hurried.deadline_ms = 300;
  hear(1, hurried);
  pass(400 * kMs);
  EXPECT_EQ(only_sent<Failure>(1).kind, FailureKind::kDeadline);
  EXPECT_EQ(all<Stop>().size(), 1U);
}

TEST_F(ExecutorSideTest, SendsLogsToThoseWhoWantThem) {
  open(1, a_);
  open(2, b_);
  Offer curious = offer(7, 0);
  curious.logs = true;
  hear(1, curious);
  const Launch run = only<Launch>();
  EXPECT_TRUE(run.job->logs);
  hear(2, offer(9, 0));
  step(LogWritten{run.execution, Log{0, Written::kStderr, 0, {'x'}}});
  EXPECT_EQ(only_sent<Log>(1).call, 7U);
  EXPECT_TRUE(sent<Log>(2).empty());
}

TEST_F(ExecutorSideTest, ClosesALinkThatSpeaksLikeAnExecutor) {
  open(1, a_);
  hear(1, finish());
  EXPECT_EQ(only<CloseLink>().link, mesh::StreamId{1});
}

TEST_F(ExecutorSideTest, HandsBackWhatWaitsAndFinishesWhatRunsWhenItDrains) {
  ExecutorLimits limits;
  limits.running_max = 1;
  limit(limits);
  open(1, a_);
  const ExecutionId running = begin(1, 1, 1);
  hear(1, offer(2, 2));
  step(Drain{});
  const auto refuse = only_sent<Refuse>(1);
  EXPECT_EQ(refuse.call, 2U);
  EXPECT_EQ(refuse.reason, RefuseReason::kStopping);
  hear(1, offer(3, 3));
  EXPECT_EQ(only_sent<Refuse>(1).reason, RefuseReason::kStopping);
  step(ExecutionEnded{running, finish(), 1000, 5});
  EXPECT_EQ(only_sent<Finish>(1).call, 1U);
  EXPECT_TRUE(side_->is_idle());
}

TEST_F(ExecutorSideTest, HandsBackAllWhenItMustEndAtOnce) {
  open(1, a_);
  begin(1, 1, 1);
  step(Drain{.also_running = true});
  EXPECT_EQ(only_sent<Refuse>(1).call, 1U);
  EXPECT_EQ(all<Stop>().size(), 1U);
}

TEST_F(ExecutorSideTest, PassesOverEventsOfWhatIsGone) {
  step(LinkClosed{mesh::StreamId{9}});
  step(Received{mesh::StreamId{9}, Heartbeat{}});
  step(InputsFetched{ExecutionId{9}, std::nullopt});
  step(LogWritten{ExecutionId{9}, Log{}});
  step(ExecutionEnded{ExecutionId{9}, finish(), 0, 0});
  EXPECT_TRUE(actions_.empty());
}

// Whatever two requesters do, each call is answered at most once a link, nothing is left behind,
// and no Invocation runs twice at a time.
TEST_F(ExecutorSideTest, KeepsItsPromisesInAnyOrderOfEvents) {
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
