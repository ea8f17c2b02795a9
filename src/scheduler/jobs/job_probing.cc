// The nodes that look best are asked what the call would need there, before one is bound.
#include <algorithm>
#include <limits>
#include <utility>

#include "scheduler/jobs/job.h"

namespace timerose::scheduler::jobs {

// Of a node that may have the function, or be free again, without this one having heard of it; and
// the time until it says so.
float Job::hoped_for(Candidate candidate) const {
  const float known = candidate.cost.total();
  if (!candidate.has_function && mesh_.nodes.is_live(candidate.node)) {
    candidate.set_lacking(
        candidate.move_bytes - std::min(candidate.move_bytes, call_.function_bytes),
        mesh_.nodes.numbers(candidate.node).per_byte);
  }
  candidate.cost.compile = 0;
  candidate.cost.queue = 0;
  const float hoped = candidate.cost.total();
  return hoped < known ? hoped + candidate.cost.ask : known;
}

// Those that are to be probed come to the front: how many.
size_t Job::order_for_probes(std::vector<Candidate>& order) const {
  const size_t most = std::min(order.size(), kProbedAtOnce);
  if (options_.drawn) return most;
  const NodeRef cheapest = order.front().node;
  std::ranges::stable_sort(order, std::less(),
                           [this](const Candidate& one) { return hoped_for(one); });
  const auto first_left = order.begin() + static_cast<ptrdiff_t>(most);
  const auto found = std::ranges::find(first_left, order.end(), cheapest, &Candidate::node);
  if (found == order.end()) return most;
  std::rotate(first_left, found, found + 1);
  return most + 1;
}

void Job::probe(uint32_t seat) {
  Seat& at = seats_[seat];
  at.state = SeatState::kProbing;
  at.probe_until_ms = now_ms_ + kProbeWithin_ms;
  at.probed.clear();
  const size_t count = order_for_probes(at.order);
  for (size_t i = 0; i < count; ++i) {
    const Candidate& candidate = at.order[i];
    const PeerId peer = mesh_.nodes.advert(candidate.node).peer();
    const AttemptId id = begin(seat, peer, candidate.node, AttemptState::kProbed).id;
    at.probed.push_back({candidate, id});
    actions_.emplace_back(ProbeNode{id, peer});
  }
}

void Job::estimated(uint32_t seat, const Estimated& event) {
  for (Probed& probed : seats_[seat].probed) {
    if (probed.attempt != event.attempt) continue;
    probed.answered = true;
    Candidate& candidate = probed.candidate;
    Cost& cost = candidate.cost;
    if (mesh_.nodes.is_live(candidate.node)) {
      candidate.set_lacking(event.lacking_bytes, mesh_.nodes.numbers(candidate.node).per_byte);
      mesh_.nodes.note_warm(candidate.node, call_.function_mark, event.warm);
    }
    cost.queue = static_cast<float>(static_cast<double>(event.wait_ms) * 1e-3);
    if (event.warm) cost.compile = 0;
    if (event.known) cost.move = cost.burden = cost.queue = cost.compile = cost.run = 0;
  }
  end_probing_if_decided(seat);
}

void Job::probe_failed(uint32_t seat, AttemptId attempt) {
  for (Probed& probed : seats_[seat].probed) probed.out = probed.out || probed.attempt == attempt;
  end_probing_if_decided(seat);
}

// Nobody waits for a node that would not be cheaper than one that has answered, whatever it says.
void Job::end_probing_if_decided(uint32_t seat) {
  const Seat& at = seats_[seat];
  if (at.state != SeatState::kProbing) return;
  float best = std::numeric_limits<float>::infinity();
  for (const Probed& probed : at.probed) {
    if (probed.answered) best = std::min(best, probed.candidate.cost.total());
  }
  const bool waits = std::ranges::any_of(at.probed, [&](const Probed& probed) {
    return !probed.answered && !probed.out &&
           (options_.drawn || hoped_for(probed.candidate) < best);
  });
  if (!waits) end_probing(seat);
}

void Job::end_probing(uint32_t seat) {
  Seat& at = seats_[seat];
  std::vector<Candidate> order;
  for (const Probed& probed : at.probed) {
    if (Attempt* attempt = open(probed.attempt)) withdraw(*attempt);
    if (probed.out) continue;
    order.push_back(probed.candidate);
    // A node that is too slow to say anything is not better than its neighbours.
    if (!probed.answered) order.back().cost.ask += static_cast<float>(kProbeWithin_ms) * 1e-3F;
  }
  for (size_t i = at.probed.size(); i < at.order.size(); ++i) order.push_back(at.order[i]);
  std::ranges::stable_sort(order, [](const Candidate& a, const Candidate& b) {
    return a.cost.total() < b.cost.total();
  });
  if (options_.drawn) mesh_.placer.draw(order);
  at.order = std::move(order);
  if (at.order.empty()) {
    place(seat);
  } else {
    bind(seat);
  }
  place_those_standing_by();
}

bool Job::is_any_probing() const {
  return std::ranges::any_of(seats_,
                             [](const Seat& seat) { return seat.state == SeatState::kProbing; });
}

// Of the nodes that another run asks, it takes one.
void Job::stand_by(uint32_t seat) {
  seats_[seat].state = SeatState::kStandingBy;
  seats_[seat].again_ms = now_ms_ + kProbeWithin_ms;
}

void Job::place_those_standing_by() {
  for (uint32_t seat = 0; !ended_ && seat < seats_.size(); ++seat) {
    if (seats_[seat].state == SeatState::kStandingBy) place(seat);
  }
}

}  // namespace timerose::scheduler::jobs
