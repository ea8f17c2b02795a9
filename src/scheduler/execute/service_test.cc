#include "scheduler/execute/service.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ipld/dag_cbor.h"
#include "ipld/dag_pb.h"
#include "scheduler/execute/answer.h"
#include "scheduler/execute/testing.h"

namespace timerose::scheduler::execute {
namespace {

using testing_support::command;
using testing_support::kEcho;
using testing_support::kForever;
using testing_support::offer_of;
using testing_support::TestNode;

class ExecuteServiceTest : public ::testing::Test {
 protected:
  ExecuteServiceTest() { a_.connect(b_.id()); }

  // A call of kEcho, whose module is at `at`, on `input`.
  static compute::Invocation echo(TestNode& at, const Cid& input) {
    compute::Invocation call = command(at.add_module(kEcho));
    call.inputs = {input};
    return call;
  }
  Result<compute::Answer> check(const Finish& finish, const Offer& offer) {
    return check_finish(
        finish,
        {Cid::of_sha256(Codec::kDagCbor, offer.invocation), b_.key().public_key(), offer.receipt},
        a_.store());
  }
  static std::string text_of(const compute::Answer& answer) {
    return std::string(as_text(answer.outcome->stdout_written.bytes));
  }

  mesh::MemoryNetwork network_;
  TestNode a_{network_, 1, {}};   // asks
  TestNode b_{network_, 2, {1}};  // executes for a
};

TEST_F(ExecuteServiceTest, CarriesOutACallWhoseDataTravelsWithIt) {
  const auto call = echo(a_, a_.add(as_bytes("hello")));
  Offer offer = offer_of(call);
  offer.receipt = true;
  offer.blocks = small_blocks(a_.store(), roots_of(call));
  ASSERT_EQ(offer.blocks.size(), 2U);
  const auto finish = a_.ask(b_.id(), offer)->next<Finish>();
  ASSERT_TRUE(finish);
  const auto answer = check(*finish, offer);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(text_of(*answer), "hello");
  EXPECT_EQ(answer->circumstances.executor, b_.key().public_key());
  EXPECT_TRUE(a_.store().has(*answer->outcome->output).value()) << "the output came along";
}

TEST_F(ExecuteServiceTest, FetchesFromTheRequesterWhatIsLarge) {
  const std::string text(3 << 20, 'x');
  const auto call = echo(a_, a_.add(as_bytes(text)));
  const auto finish = a_.ask(b_.id(), offer_of(call))->next<Finish>();
  ASSERT_TRUE(finish);
  const auto outcome = compute::Outcome::decode(finish->outcome);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->stdout_written.file, call.inputs[0]) << "the same content";
}

TEST_F(ExecuteServiceTest, WorksOnDataThatOnlyTheExecutorHas) {
  const auto call = echo(b_, b_.add(as_bytes("at b")));
  const auto finish = a_.ask(b_.id(), offer_of(call))->next<Finish>();
  ASSERT_TRUE(finish);
  EXPECT_EQ(text_of(check(*finish, offer_of(call)).value()), "at b");
}

TEST_F(ExecuteServiceTest, ANodeAsksItselfAsItAsksOthers) {
  const auto call = echo(a_, a_.add(as_bytes("mine")));
  Offer offer = offer_of(call);
  offer.receipt = true;
  const auto finish = a_.ask(a_.id(), offer)->next<Finish>();
  ASSERT_TRUE(finish);
  const auto answer = check_finish(
      *finish, {Cid::of_sha256(Codec::kDagCbor, offer.invocation), a_.key().public_key(), true},
      a_.store());
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(text_of(*answer), "mine");

  const auto updates = a_.ask(a_.id(), offer_of(command(a_.add_module(kForever))));
  EXPECT_TRUE(a_.wait_until([&] {
    const auto queue = a_.service().queue();
    return queue.size() == 1 && std::string_view(queue[0].stage) == "running";
  }));
  const auto queue = a_.on_loop([&] { return a_.service().queue(); });
  ASSERT_EQ(queue.size(), 1U);
  EXPECT_EQ(queue[0].requesters, std::vector{a_.id()});
  a_.service().give_up(a_.last_call);
  EXPECT_TRUE(a_.wait_until([&] { return a_.service().load().running == 0; }));
}

TEST_F(ExecuteServiceTest, RemembersUnlessAFreshExecutionIsAskedFor) {
  Offer offer = offer_of(echo(b_, b_.add(as_bytes("again"))));
  EXPECT_FALSE(a_.ask(b_.id(), offer)->next<Finish>()->cached);
  EXPECT_TRUE(a_.ask(b_.id(), offer)->next<Finish>()->cached);
  offer.receipt = true;
  const auto with_receipt = a_.ask(b_.id(), offer)->next<Finish>();
  EXPECT_FALSE(with_receipt->receipt.empty());
  offer.fresh = true;
  EXPECT_FALSE(a_.ask(b_.id(), offer)->next<Finish>()->cached);
}

TEST_F(ExecuteServiceTest, EstimatesWhatACallWouldNeed) {
  const std::string text(3 << 20, 'x');
  const Cid input = a_.add(as_bytes(text));
  const auto call = echo(a_, input);
  const auto estimate = a_.ask(b_.id(), Probe{0, call.encode().value(), {}})->next<Estimate>();
  ASSERT_TRUE(estimate);
  EXPECT_EQ(estimate->lacking.size(), 2U) << "module and input";
  EXPECT_FALSE(estimate->warm);
  EXPECT_FALSE(estimate->known);
  ASSERT_TRUE(a_.ask(b_.id(), offer_of(call))->next<Finish>());
  const auto again = a_.ask(b_.id(), Probe{0, call.encode().value(), {}})->next<Estimate>();
  EXPECT_EQ(again->lacking.size() + again->lacking_bytes, 0U);
  EXPECT_TRUE(again->warm);
  EXPECT_TRUE(again->known);
}

TEST_F(ExecuteServiceTest, EstimatesPartsThatAreMissing) {
  const std::string text(3 << 20, 'x');
  const auto call = echo(b_, b_.add(as_bytes(text)));
  const auto root = b_.store().get(call.inputs[0]);
  ASSERT_TRUE(root.ok());
  uint64_t bytes = 0;
  std::optional<Cid> leaf;
  ASSERT_TRUE(dag_pb::for_each_link(root->view(), [&](const dag_pb::LinkView& link) {
                leaf = link.cid;
                bytes = link.size;
                return success();
              }).ok());
  ASSERT_TRUE(b_.store().remove(*leaf).ok());
  const auto estimate = a_.ask(b_.id(), Probe{0, call.encode().value(), {}})->next<Estimate>();
  ASSERT_TRUE(estimate);
  EXPECT_TRUE(estimate->lacking.empty());
  EXPECT_GE(estimate->lacking_bytes, bytes);
}

TEST_F(ExecuteServiceTest, TellsKnownAnswersWithTheirReceiptsOnly) {
  Offer offer = offer_of(echo(b_, b_.add(as_bytes("known"))));
  const Cid name = Cid::of_sha256(Codec::kDagCbor, offer.invocation);
  EXPECT_TRUE(a_.ask(b_.id(), Known{0, name, {}})->next<Unknown>());
  ASSERT_TRUE(a_.ask(b_.id(), offer)->next<Finish>());
  EXPECT_TRUE(a_.ask(b_.id(), Known{0, name, {}})->next<Unknown>()) << "without a receipt";
  offer.receipt = true;
  const auto given = a_.ask(b_.id(), offer)->next<Finish>();
  const auto known = a_.ask(b_.id(), Known{0, name, {}})->next<Finish>();
  ASSERT_TRUE(known);
  EXPECT_TRUE(known->cached);
  EXPECT_EQ(known->receipt, given->receipt);
  EXPECT_EQ(check_finish(*known, {name, std::nullopt, true}, a_.store()).value().outcome_cid,
            Cid::of_sha256(Codec::kDagCbor, given->outcome));
}

TEST_F(ExecuteServiceTest, CommitsBeforeItAnswers) {
  Offer offer = offer_of(echo(b_, b_.add(as_bytes("committed"))));
  ASSERT_TRUE(a_.ask(b_.id(), offer)->next<Finish>());
  offer.commit = true;
  const auto updates = a_.ask(b_.id(), offer);
  const CallNumber call = a_.last_call;
  const auto commit = updates->next<Commit>();
  ASSERT_TRUE(commit);
  const Cid name = Cid::of_sha256(Codec::kDagCbor, offer.invocation);
  EXPECT_TRUE(a_.ask(b_.id(), Known{0, name, {}})->next<Unknown>());
  a_.service().reveal({call});
  const auto finish = updates->next<Finish>();
  ASSERT_TRUE(finish);
  EXPECT_FALSE(finish->cached);
  EXPECT_EQ(sha256(finish->receipt), commit->digest);
  EXPECT_TRUE(a_.ask(b_.id(), Known{0, name, {}})->next<Finish>());
}

TEST_F(ExecuteServiceTest, RefusesAStranger) {
  const auto call = echo(a_, a_.add(as_bytes("x")));
  const auto refuse = b_.ask(a_.id(), offer_of(call))->next<Refuse>();
  ASSERT_TRUE(refuse);
  EXPECT_EQ(refuse->reason, RefuseReason::kStranger);
  TrustList trust(a_.id());
  ASSERT_TRUE(trust.add(b_.id(), Role::kRequester).ok());
  a_.service().set_trust(trust);
  EXPECT_TRUE(b_.ask(a_.id(), offer_of(call))->next<Finish>());
}

TEST_F(ExecuteServiceTest, StreamsWhatAGuestWritesAndEndsItWhenItIsCancelled) {
  Offer offer = offer_of(command(b_.add_module(kForever)));
  offer.logs = true;
  const auto updates = a_.ask(b_.id(), offer);
  const auto log = updates->next<Log>();
  ASSERT_TRUE(log);
  EXPECT_EQ(as_text(log->bytes), "started\n");
  a_.service().give_up(a_.last_call);
  EXPECT_EQ(updates->next<Failure>()->kind, FailureKind::kCancelled);
  EXPECT_TRUE(b_.wait_until([&] { return b_.service().load().running == 0; }));
}

// Else garbage could never be collected again.
TEST_F(ExecuteServiceTest, HoldsNoBlocksForACallThatWaitedToRunAndWasCancelled) {
  ServiceOptions narrow;
  narrow.executor.running_of_requester_max = 1;
  TestNode c(network_, 3, {1}, narrow);
  a_.connect(c.id());
  Offer long_one = offer_of(command(c.add_module(kForever)));
  long_one.logs = true;
  const auto running = a_.ask(c.id(), long_one);
  const CallNumber first = a_.last_call;
  ASSERT_TRUE(running->next<Log>());
  const auto waiting = a_.ask(c.id(), offer_of(echo(a_, a_.add(as_bytes("waits")))));
  ASSERT_TRUE(waiting->next<Accept>());
  EXPECT_TRUE(c.wait_until([&] {
    const auto queue = c.service().queue();
    return std::ranges::any_of(
        queue, [](const auto& one) { return std::string_view(one.stage) == "waiting"; });
  })) << "its inputs have been fetched";
  a_.service().give_up(a_.last_call);
  a_.service().give_up(first);
  EXPECT_TRUE(c.wait_until([&] { return c.service().queue().empty(); }));
  EXPECT_TRUE(c.store().begin_collection(std::chrono::seconds(5)).ok());
}

TEST_F(ExecuteServiceTest, EndsACallAtItsDeadline) {
  Offer offer = offer_of(command(b_.add_module(kForever)));
  offer.deadline_ms = 100;
  EXPECT_EQ(a_.ask(b_.id(), offer)->next<Failure>()->kind, FailureKind::kDeadline);
  EXPECT_TRUE(b_.wait_until([&] { return b_.service().load().running == 0; }));
}

TEST_F(ExecuteServiceTest, TellsHowAFunctionCannotRunOrStops) {
  EXPECT_EQ(
      a_.ask(b_.id(), offer_of(command(b_.add(as_bytes("no module")))))->next<Failure>()->kind,
      FailureKind::kUnsupported);
  Offer poor = offer_of(command(b_.add_module(kForever)));
  poor.fuel = 1000;
  EXPECT_EQ(a_.ask(b_.id(), poor)->next<Failure>()->kind, FailureKind::kFuel);
}

TEST_F(ExecuteServiceTest, GoesOnOverANewStream) {
  Offer offer = offer_of(command(b_.add_module(kForever)));
  offer.logs = true;
  const auto updates = a_.ask(b_.id(), offer);
  ASSERT_TRUE(updates->next<Log>());
  network_.reset_streams(a_.id(), b_.id());
  EXPECT_TRUE(updates->next<Accept>()) << "it is known there";
  EXPECT_EQ(b_.on_loop([&] { return b_.service().load().running; }), 1U);
  a_.service().give_up(a_.last_call);
  EXPECT_TRUE(updates->next<Failure>());
}

TEST_F(ExecuteServiceTest, LosesAnExecutorThatIsGone) {
  ServiceOptions impatient;
  impatient.requester.lease_ms = 1000;
  TestNode c(network_, 3, {}, impatient);
  c.connect(b_.id());
  TrustList trust(b_.id());
  ASSERT_TRUE(trust.add(c.id(), Role::kRequester).ok());
  b_.service().set_trust(trust);
  Offer offer = offer_of(command(b_.add_module(kForever)));
  offer.logs = true;
  const auto updates = c.ask(b_.id(), offer);
  ASSERT_TRUE(updates->next<Log>());
  network_.cut(c.id(), b_.id(), true);
  EXPECT_TRUE(updates->next<Lost>());
  EXPECT_TRUE(b_.wait_until([&] { return b_.service().load().running == 0; }))
      << "the orphan is cancelled";
}

TEST_F(ExecuteServiceTest, HandsBackWhatRunsWhenItStops) {
  Offer offer = offer_of(command(b_.add_module(kForever)));
  offer.logs = true;
  const auto updates = a_.ask(b_.id(), offer);
  ASSERT_TRUE(updates->next<Log>());
  b_.on_loop([&] { b_.service().stop(); });
  EXPECT_EQ(updates->next<Refuse>()->reason, RefuseReason::kStopping);
}

TEST_F(ExecuteServiceTest, AnswersWhatIsAskedWhenItHasStopped) {
  a_.on_loop([&] { a_.service().stop(); });
  const auto updates = a_.ask(b_.id(), offer_of(command(b_.add_module(kEcho))));
  const auto failure = updates->next<Failure>();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind, FailureKind::kCancelled);
  EXPECT_EQ(failure->call, a_.last_call);
}

TEST_F(ExecuteServiceTest, CarriesOutAThousandCallsAtATime) {
  const Cid module = b_.add_module(kEcho);
  std::vector<std::shared_ptr<testing_support::Updates>> asked;
  for (int i = 0; i < 1000; ++i) {
    compute::Invocation call = command(module);
    call.seed = {static_cast<uint8_t>(i), static_cast<uint8_t>(i >> 8)};
    asked.push_back(a_.ask(b_.id(), offer_of(call)));
  }
  for (const auto& updates : asked) ASSERT_TRUE(updates->next<Finish>());
  EXPECT_TRUE(b_.wait_until([&] { return b_.service().load().kept == 0; })) << "acknowledged";
}

// --- Peers that misbehave ---

class HostilePeer {
 public:
  HostilePeer(mesh::MemoryNetwork& network, uint8_t number)
      : host_(network.add_host(numbered_peer(number))) {
    host_->handle_protocol({std::string(kProtocol), kFrameBytesMax, 4});
    EXPECT_TRUE(host_->listen("/memory/0").ok());
  }
  mesh::Host& host() { return *host_; }

  template <typename T>
  std::optional<T> next() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < end) {
      std::vector<mesh::Event> events;
      host_->take_events(events, 1);
      if (events.empty()) {
        std::this_thread::yield();
      } else if (auto* found = std::get_if<T>(&events[0])) {
        return std::move(*found);
      }
    }
    return std::nullopt;
  }
  std::vector<Message> next_messages() {
    const auto frame = next<mesh::StreamFrame>();
    return frame ? decode_frame(frame->frame.view()).value() : std::vector<Message>();
  }
  void say(mesh::StreamId stream, const Message& message) {
    host_->send(stream, {encode_frame({message})});
  }

 private:
  std::unique_ptr<mesh::Host> host_;
};

TEST_F(ExecuteServiceTest, EndsAStreamThatSendsWhatIsNoFrame) {
  HostilePeer peer(network_, 7);
  ASSERT_TRUE(peer.host().connect({b_.id(), {}}).ok());
  const auto stream = peer.host().open_stream(b_.id(), {std::string(kProtocol)});
  const Bytes garbage{0xff, 0x00};
  peer.host().send(stream, {garbage});
  EXPECT_TRUE(peer.next<mesh::StreamClosed>());
}

TEST_F(ExecuteServiceTest, EndsAStreamWhoseRequesterSendsResults) {
  HostilePeer peer(network_, 7);
  ASSERT_TRUE(peer.host().connect({b_.id(), {}}).ok());
  peer.say(peer.host().open_stream(b_.id(), {std::string(kProtocol)}), Finish{});
  EXPECT_TRUE(peer.next<mesh::StreamClosed>());
}

TEST_F(ExecuteServiceTest, SeesThatAReceiptIsOfAnotherCallOrAnotherKey) {
  const auto call = echo(b_, b_.add(as_bytes("one")));
  Offer offer = offer_of(call);
  offer.receipt = true;
  const auto finish = a_.ask(b_.id(), offer)->next<Finish>();
  ASSERT_TRUE(finish);
  ASSERT_TRUE(check(*finish, offer).ok());

  const auto refused = [&](const Finish& changed, const Expected& expected) {
    const auto answer = check_finish(changed, expected, a_.store());
    return answer.ok() ? ErrorCode::kInternal : answer.error().code;
  };
  const Cid name = Cid::of_sha256(Codec::kDagCbor, offer.invocation);
  const Expected expected{name, b_.key().public_key(), true};
  Expected other_call = expected;
  other_call.invocation = call.module;
  EXPECT_EQ(refused(*finish, other_call), ErrorCode::kMismatch);
  Expected other_key = expected;
  other_key.executor = a_.key().public_key();
  EXPECT_EQ(refused(*finish, other_key), ErrorCode::kMismatch);

  Finish none = *finish;
  none.receipt.clear();
  EXPECT_EQ(refused(none, expected), ErrorCode::kMismatch);

  auto receipt = compute::Receipt::decode(finish->receipt).value();
  receipt.metering.fuel_used += 1;
  Finish forged = *finish;
  forged.receipt = receipt.encode().value();
  EXPECT_EQ(refused(forged, expected), ErrorCode::kMismatch) << "the metering is signed";
  ASSERT_TRUE(receipt.sign(a_.key()).ok());
  forged.receipt = receipt.encode().value();
  EXPECT_EQ(refused(forged, expected), ErrorCode::kMismatch) << "by the wrong key";

  auto outcome = compute::Outcome::decode(finish->outcome).value();
  outcome.ending = uint32_t{1};
  Finish other_outcome = *finish;
  other_outcome.outcome = outcome.encode().value();
  EXPECT_EQ(refused(other_outcome, expected), ErrorCode::kMismatch);

  Finish bad_block = *finish;
  bad_block.blocks = {{call.module, {1, 2, 3}}};
  EXPECT_EQ(refused(bad_block, expected), ErrorCode::kMismatch);
}

TEST_F(ExecuteServiceTest, TakesNoAnswersToWhatItDidNotAsk) {
  HostilePeer peer(network_, 7);
  a_.connect(peer.host().self());
  const auto updates = a_.ask(peer.host().self(), offer_of(command(a_.add_module(kEcho))));
  const auto opened = peer.next<mesh::StreamOpened>();
  ASSERT_TRUE(opened);
  const auto messages = peer.next_messages();
  ASSERT_EQ(messages.size(), 1U);
  const CallNumber call = std::get<Offer>(messages[0]).call;
  peer.say(opened->stream, Finish{call + 1, false, {1}, {}, {}});
  peer.say(opened->stream, Log{call, Written::kStdout, 0, {'x'}});
  peer.say(opened->stream, Refuse{call, RefuseReason::kLimit, "enough"});
  EXPECT_EQ(updates->next<Refuse>()->message, "enough");
}

TEST_F(ExecuteServiceTest, OutlivesAFloodOfOffersWhoseAnswersNobodyReads) {
  HostilePeer peer(network_, 1 + 6);
  TrustList trust(b_.id());
  ASSERT_TRUE(trust.add(peer.host().self(), Role::kRequester).ok());
  ASSERT_TRUE(trust.add(a_.id(), Role::kRequester).ok());
  b_.service().set_trust(trust);
  ASSERT_TRUE(peer.host().connect({b_.id(), {}}).ok());
  const auto stream = peer.host().open_stream(b_.id(), {std::string(kProtocol)});
  const Cid nowhere = Cid::of_sha256(Codec::kRaw, as_bytes("nobody has this"));
  bool full = false;
  for (CallNumber call = 0; call < 10'000 && !full; ++call) {
    compute::Invocation wanted = command(nowhere);
    wanted.seed = {static_cast<uint8_t>(call), static_cast<uint8_t>(call >> 8)};
    Offer offer = offer_of(wanted);
    offer.call = call;
    offer.lease_ms = 5000;
    full = peer.host().send(stream, {encode_frame({offer})}) != mesh::Sent::kTaken;
  }
  const auto call = echo(b_, b_.add(as_bytes("others go on")));
  EXPECT_TRUE(a_.ask(b_.id(), offer_of(call))->next<Finish>());
  const auto load = b_.on_loop([&] { return b_.service().load(); });
  EXPECT_LE(load.waiting, ExecutorLimits().calls_of_requester_max);
  EXPECT_LE(load.running, ExecutorLimits().fetching_of_requester_max);
}

}  // namespace
}  // namespace timerose::scheduler::execute
