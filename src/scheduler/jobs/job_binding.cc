// A seat's nodes in order: one after another is offered the call, until one has begun it.
#include <algorithm>
#include <utility>

#include "scheduler/jobs/job.h"

namespace timerose::scheduler::jobs {

void Job::bind(uint32_t seat) {
  Seat& at = seats_[seat];
  at.state = SeatState::kBinding;
  std::vector<NodeRef> nodes;
  nodes.reserve(at.order.size());
  for (const Candidate& candidate : at.order) nodes.push_back(candidate.node);
  // To be offered the call is to begin it: one at a time.
  at.binding.emplace(now_ms_, nodes, patience_ms(at), 1);
  carry_out(seat, at.binding->start(now_ms_));
}

void Job::tell_binding(uint32_t seat, const BindingEvent& event) {
  Seat& at = seats_[seat];
  if (at.state == SeatState::kBinding && at.binding)
    carry_out(seat, at.binding->step(now_ms_, event));
}

void Job::carry_out(uint32_t seat, const std::vector<BindingAction>& actions) {
  const bool gave_up = !actions.empty() && std::holds_alternative<GiveUp>(actions.back());
  for (const BindingAction& action : actions) {
    if (ended_) return;
    if (const auto* ask = std::get_if<Ask>(&action)) {
      ask_node(seat, ask->node);
    } else if (std::holds_alternative<Bind>(action)) {
      bound(seat);
    } else if (const auto* release = std::get_if<Release>(&action)) {
      if (Attempt* attempt = open_at(seat, release->node)) {
        withdraw(*attempt, gave_up ? "it has not said whether it takes the call" : "");
        if (gave_up) miss(*attempt);
      }
    } else {
      given_up(seat);
    }
  }
}

// The order is as old as the decision: since then a node may have left, or taken another run.
void Job::ask_node(uint32_t seat, NodeRef node) {
  if (!mesh_.nodes.is_live(node)) {
    return tell_binding(seat, Unreachable{node, "it has left the mesh"});
  }
  const std::vector<NodeRef> others = nodes_in_use(seat);
  if (std::ranges::find(others, node) != others.end()) {
    return tell_binding(seat, Refused{node, "it has another run of this call"});
  }
  const auto candidate = std::ranges::find(seats_[seat].order, node, &Candidate::node);
  offer(seat, mesh_.nodes.advert(node).peer(), node, candidate->cost);
}

// At the end of its patience nobody would be asked: a new binding would give up at once.
void Job::given_up(uint32_t seat) {
  const uint64_t until_ms = std::min(seats_[seat].place_by_ms, patience_ms(seats_[seat]));
  if (now_ms_ < until_ms) return place(seat);
  const bool all_busy = std::ranges::any_of(
      attempts_, [](const Attempt& attempt) { return attempt.state == AttemptState::kOccupied; });
  vacate(seat, all_busy ? ErrorCode::kBusy : ErrorCode::kNotFound, "no node has taken the call");
}

void Job::bound(uint32_t seat) {
  Seat& at = seats_[seat];
  at.state = SeatState::kBound;
  at.place_by_ms = 0;
  at.unbound_ms.reset();
  if (!options_.hedge || at.is_hedge || at.fixed) return;
  const auto usual =
      mesh_.times.quantile_ms(call_.function, call_.input_bytes(), kStragglerQuantile);
  if (usual) at.hedge_ms = now_ms_ + std::max(*usual, kHedgeMin_ms);
}

void Job::place_again(const Attempt& attempt) {
  avoid(attempt);
  const uint32_t seat = attempt.seat;
  seats_[seat].binding.reset();
  seats_[seat].hedge_ms.reset();
  seats_[seat].place_by_ms = 0;
  place(seat);
}

}  // namespace timerose::scheduler::jobs
