// What the tests of a Job share: a small mesh of made-up nodes, and actions as text.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "scheduler/jobs/job.h"
#include "scheduler/testing.h"

namespace timerose::scheduler::jobs::testing_jobs {

inline Cid cid_of(std::string_view text) { return Cid::of_sha256(Codec::kRaw, as_bytes(text)); }

// Node 0 is this one. The farther a node, the higher its number: 10 ms each. The function is warm
// on the first four, so that they are candidates and no dice decide.
class JobTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kMegabyte = 1U << 20;

  JobTest() {
    options_.fresh = true;
    call_.function_mark = WarmSet::mark_of(cid_of("function"));
  }

  void mesh_of(uint32_t nodes) {
    for (uint32_t number = 0; number < nodes; ++number) join(number, advert(number));
  }
  static Advert advert(uint32_t number) {
    Advert out = testing::advert_of(number);
    out.coordinate.height_us = 0;
    out.coordinate.at_us = {static_cast<int32_t>(number) * 10'000, 0, 0};
    if (number < 4) out.warm = WarmSet(std::vector{cid_of("function")});
    return out;
  }
  NodeRef join(uint32_t number, const Advert& advert, bool trusted = true) {
    const NodeRef node = nodes_.update(number, std::make_shared<Advert>(advert));
    nodes_.set_trusted(node, trusted);
    return node;
  }
  static PeerId peer(uint32_t number) { return PeerId::of(testing::key_of(number).public_key()); }

  // Of the call, which `holder` has.
  void input(uint32_t holder, uint64_t bytes) {
    const ContentKey key = ContentKey::of(cid_of("input"));
    holders_.add(key, NodeRef(holder, 0));
    call_.inputs.push_back({key, bytes});
  }

  std::string start() {
    job_.emplace(MeshKnowledge{nodes_, placer_, work_, times_, NodeRef(0, 0), peer(0)}, call_,
                 options_);
    return written(job_->start(now_ms_));
  }
  std::string step(const JobEvent& event) { return written(job_->step(now_ms_, event)); }
  // Lets time pass, with all that falls due.
  std::string pass(uint64_t ms) {
    const uint64_t until = now_ms_ + ms;
    std::string out;
    while (job_->next_ms() && *job_->next_ms() <= until) {
      now_ms_ = std::max(now_ms_, *job_->next_ms());
      const std::string more = step(TimeIsUp{});
      if (!out.empty() && !more.empty()) out += ", ";
      out += more;
    }
    now_ms_ = until;
    return out;
  }

  static AttemptId id(uint32_t number) { return AttemptId{number}; }
  verify::Answer says(uint32_t node, std::string_view outcome) const {
    verify::Answer answer{.executor = peer(node),
                          .operator_name = {},
                          .standing = verify::Standing::kTrusted,
                          .outcome = cid_of(outcome),
                          .receipt = {},
                          .metering = {}};
    if (node == 0) answer.standing = verify::Standing::kSelf;
    answer.metering.fuel_used = 1000;
    return answer;
  }
  std::string answer(uint32_t attempt, uint32_t node, std::string_view outcome = "good") {
    return step(Answered{id(attempt), says(node, outcome)});
  }

  static std::string name(const PeerId& peer_id) {
    for (uint32_t number = 0; number < 32; ++number) {
      if (peer_id == peer(number)) return std::to_string(number);
    }
    return "?";
  }
  static std::string written(const JobAction& action) {
    const auto number = [](AttemptId attempt) { return static_cast<uint32_t>(attempt); };
    if (std::holds_alternative<AskMemo>(action)) return "ask memo";
    if (const auto* probe = std::get_if<ProbeNode>(&action)) return "probe " + name(probe->peer);
    if (const auto* offer = std::get_if<OfferCall>(&action)) {
      return fmt::format("offer {}{}", name(offer->peer), offer->commit ? " to commit" : "");
    }
    if (const auto* one = std::get_if<Withdraw>(&action)) {
      return fmt::format("withdraw #{}", number(one->attempt));
    }
    if (const auto* reveal = std::get_if<RevealAnswers>(&action)) {
      std::string out = "reveal";
      for (const AttemptId attempt : reveal->attempts) out += fmt::format(" #{}", number(attempt));
      return out;
    }
    if (const auto* tell = std::get_if<TellWaiting>(&action)) {
      const Waiting& waiting = tell->waiting;
      std::string out = fmt::format("waits for {} busy, {} out of reach", waiting.busy.size(),
                                    waiting.out_of_reach.size());
      if (waiting.queued_at) {
        out += fmt::format(", behind {} at {}", waiting.ahead, name(*waiting.queued_at));
      }
      return out;
    }
    if (const auto* tell = std::get_if<TellFewer>(&action)) {
      return fmt::format("runs {} of {} copies", tell->fewer.run, tell->fewer.wanted);
    }
    const Ending& ending = std::get<EndJob>(action).ending;
    switch (ending.how) {
      case How::kAnswered:
        return ending.from_memo ? "memo" : fmt::format("answered by #{}", number(ending.attempt));
      case How::kStopped:
        return fmt::format("stopped ({}): {}", failure_kind_name(ending.stop),
                           ending.error.message);
      case How::kFailed:
        return "failed: " + ending.error.message;
      case How::kCancelled:
        return "cancelled";
      case How::kExplained:
        return "explained";
    }
    return "?";
  }
  static std::string written(const std::vector<JobAction>& actions) {
    std::string out;
    for (const JobAction& action : actions) out += (out.empty() ? "" : ", ") + written(action);
    return out;
  }

  uint64_t now_ms_ = 1'000'000;
  NodeIndex nodes_;
  Holders holders_{1, 1024};
  WorkHistory work_{1, 1024};
  RunTimes times_{1, 1024};
  Placer placer_{nodes_, holders_, work_, NodeRef(0, 0), 7};
  JobCall call_{cid_of("invocation")};
  JobOptions options_;
  std::optional<Job> job_;
};

}  // namespace timerose::scheduler::jobs::testing_jobs
