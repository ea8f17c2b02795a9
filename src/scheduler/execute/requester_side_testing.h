// For tests of RequesterSide: one side and what it says, with time at hand.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "multiformats/peer_testing.h"
#include "scheduler/execute/requester_side.h"
#include "scheduler/execute/time_testing.h"

namespace timerose::scheduler::execute::requester_testing {

inline Offer numbered(CallNumber call, uint64_t deadline_ms = 0) {
  Offer offer;
  offer.call = call;
  offer.deadline_ms = deadline_ms;
  return offer;
}

class RequesterSideTest : public ::testing::Test {
 protected:
  void step(RequesterEvent event) { actions_ = side_.step(now_ns_, std::move(event)); }
  void ask(CallNumber call, uint64_t deadline_ms = 0) {
    Offer offer;
    offer.call = call;
    offer.invocation = {1, 2, 3};
    offer.deadline_ms = deadline_ms;
    offer.logs = true;
    step(Ask{x_, offer});
  }
  // Asks over a link that is made first.
  void ask_over_a_link(CallNumber call, uint64_t deadline_ms = 0) {
    ask(call, deadline_ms);
    if (!all<OpenLink>().empty()) step(LinkReady{x_});
    EXPECT_EQ(said<Offer>().size(), 1U);
  }
  void hear(Message message) { step(Heard{x_, std::move(message)}); }
  void pass(uint64_t ns) {
    const uint64_t until = now_ns_ + ns;
    std::vector<RequesterAction> all;
    while (side_.next_tick_ns() <= until) {
      now_ns_ = std::max(now_ns_, side_.next_tick_ns());
      step(RequesterTick{});
      all.insert(all.end(), actions_.begin(), actions_.end());
    }
    now_ns_ = until;
    actions_ = std::move(all);
  }
  // The same, while the executor shows that it lives.
  void pass_with_heartbeats(uint64_t ns) {
    std::vector<RequesterAction> all;
    for (uint64_t passed = 0; passed < ns; passed += kSecond) {
      hear(Heartbeat{});
      pass(kSecond);
      all.insert(all.end(), actions_.begin(), actions_.end());
    }
    actions_ = std::move(all);
  }

  template <typename T>
  std::vector<T> all() const {
    std::vector<T> found;
    for (const RequesterAction& action : actions_) {
      if (const auto* one = std::get_if<T>(&action)) found.push_back(*one);
    }
    return found;
  }
  template <typename T>
  std::vector<T> said() const {
    std::vector<T> found;
    for (const Say& say : all<Say>()) {
      if (const auto* one = std::get_if<T>(&say.message)) found.push_back(*one);
    }
    return found;
  }
  template <typename T>
  std::vector<T> told() const {
    std::vector<T> found;
    for (const Told& told : all<Told>()) {
      if (const auto* one = std::get_if<T>(&told.update)) found.push_back(*one);
    }
    return found;
  }

  const PeerId x_ = numbered_peer(1);
  const PeerId y_ = numbered_peer(2);
  uint64_t now_ns_ = 1000 * kSecond;
  RequesterSide side_{RequesterLimits()};
  std::vector<RequesterAction> actions_;
};

}  // namespace timerose::scheduler::execute::requester_testing
