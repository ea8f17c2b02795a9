// What the tests of an ExecutorSide share.
#pragma once

#include <gtest/gtest.h>

#include <set>

#include "multiformats/peer_testing.h"
#include "scheduler/execute/executor_side.h"
#include "scheduler/execute/time_testing.h"

namespace timerose::scheduler::execute::testing_executor {

// What is decided when inputs are here unless a test says otherwise, and strangers are peers that
// were not named.
class TestView final : public ExecutorView {
 public:
  [[nodiscard]] bool may_ask(const PeerId& requester) const override {
    return open || trusted.contains(requester);
  }
  [[nodiscard]] Admission admit(const Asked& asked) const override {
    ++admissions;
    if (open && !trusted.contains(asked.requester)) return Standing::kStranger;
    return ExecutorView::admit(asked);
  }
  [[nodiscard]] bool has_inputs(const Job& /*job*/) const override { return inputs_here; }
  [[nodiscard]] bool shares_answers(const PeerId& requester) const override {
    return !apart.contains(requester);
  }
  std::set<PeerId> trusted;
  std::set<PeerId> apart;  // whose answers are their own
  bool inputs_here = true;
  mutable int admissions = 0;
  bool open = false;
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

  const PeerId a_ = numbered_peer(1);
  const PeerId b_ = numbered_peer(2);
  uint64_t now_ns_ = 1000 * kSecond;
  TestView view_;
  std::unique_ptr<ExecutorSide> side_ = std::make_unique<ExecutorSide>(view_, ExecutorLimits());
  std::vector<ExecutorAction> actions_;
};

}  // namespace timerose::scheduler::execute::testing_executor
