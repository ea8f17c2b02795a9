#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "base/check.h"
#include "scheduler/jobs/job.h"

namespace timerose::scheduler::jobs {

uint32_t Job::live_seats() const {
  return static_cast<uint32_t>(std::ranges::count_if(
      seats_, [this](const Seat& seat) { return is_live(seat) && !seat.is_hedge; }));
}

uint64_t Job::deadline_ms() const {
  return options_.deadline_ms == 0 ? UINT64_MAX : started_ms_ + options_.deadline_ms;
}

uint64_t Job::give_up_ms() const {
  const bool waits = std::ranges::any_of(attempts_, [this](const Attempt& attempt) {
    return attempt.is_open() && seats_[attempt.seat].fixed;
  });
  return waits && options_.deadline_ms != 0 ? deadline_ms() + kLastWord_ms : deadline_ms();
}

// --- Attempts ---

Attempt& Job::begin(uint32_t seat, const PeerId& peer, std::optional<NodeRef> node,
                    AttemptState state) {
  Attempt attempt{.id = AttemptId{++attempts_begun_},
                  .peer = peer,
                  .node = node,
                  .seat = seat,
                  .state = state,
                  .begun_ms = now_ms_,
                  .why = {}};
  attempts_.push_back(std::move(attempt));
  return attempts_.back();
}

void Job::offer(uint32_t seat, const PeerId& peer, std::optional<NodeRef> node, const Cost& cost) {
  Attempt& attempt = begin(seat, peer, node, AttemptState::kOffered);
  // Nobody else learns of this node's own answer.
  attempt.commit = options_.verify.is_quorum() && peer != mesh_.self_peer;
  if (attempt.commit) round_.asked(static_cast<uint64_t>(attempt.id));
  attempt.given_s = cost.run + cost.compile;
  if (node) mesh_.nodes.give(*node, attempt.given_s);
  const uint64_t left_ms = options_.deadline_ms == 0 ? 0 : deadline_ms() - now_ms_;
  actions_.emplace_back(
      OfferCall{attempt.id, peer, attempt.commit, seats_[seat].fixed.has_value(), left_ms});
}

void Job::close(Attempt& attempt, AttemptState state, std::string why) {
  attempt.state = state;
  attempt.ended_ms = now_ms_;
  attempt.why = std::move(why);
  if (attempt.commit) round_.ended(static_cast<uint64_t>(attempt.id));
  if (attempt.node) mesh_.nodes.take_back(*attempt.node, attempt.given_s);
}

void Job::withdraw(Attempt& attempt, std::string why) {
  close(attempt, AttemptState::kWithdrawn, std::move(why));
  actions_.emplace_back(Withdraw{attempt.id});
}

const Attempt& Job::attempt(AttemptId id) const {
  const auto found = std::ranges::lower_bound(attempts_, id, std::less(), &Attempt::id);
  CHECK(found != attempts_.end() && found->id == id);
  return *found;
}

Attempt* Job::open(AttemptId id) {
  const auto found = std::ranges::lower_bound(attempts_, id, std::less(), &Attempt::id);
  const bool is_open = found != attempts_.end() && found->id == id && found->is_open();
  return is_open ? &*found : nullptr;
}

// A node that is busy for an hour is asked thousands of times.
void Job::forget_when_busy_before(const Attempt& attempt) {
  std::erase_if(attempts_, [now = attempt](const Attempt& one) {
    return one.state == AttemptState::kOccupied && one.seat == now.seat && one.peer == now.peer &&
           one.id < now.id;
  });
}

Attempt* Job::open_at(uint32_t seat, NodeRef node) {
  const auto found = std::ranges::find_if(attempts_, [&](const Attempt& attempt) {
    return attempt.is_open() && attempt.seat == seat && attempt.node == node;
  });
  return found == attempts_.end() ? nullptr : &*found;
}

void Job::avoid(const Attempt& attempt) {
  if (attempt.node) avoided_.push_back(*attempt.node);
}

// It cannot be reached now, which says nothing of later.
void Job::miss(const Attempt& attempt) {
  if (!attempt.node) return;
  avoid(attempt);
  missed_.push_back(*attempt.node);
}

// Those of which nothing was tried for longest. Who has left the mesh may still come back to it.
// Where as many were asked as may be, these make room for themselves.
void Job::ask_missed_again() {
  const bool is_full = attempts_.size() >= kAttemptsMax;
  size_t asked = 0;
  std::erase_if(missed_, [&](NodeRef node) {
    if (asked == kAskedAgain || !mesh_.nodes.is_live(node)) return false;
    std::erase(avoided_, node);
    ++asked;
    if (is_full) {
      std::erase_if(attempts_, [node](const Attempt& one) {
        return one.node == node && !one.is_open() && one.state != AttemptState::kAnswered;
      });
    }
    return true;
  });
}

// --- Seats ---

uint32_t Job::add_seat(std::optional<PeerId> fixed) {
  Seat seat;
  seat.fixed = std::move(fixed);
  seats_.push_back(std::move(seat));
  return static_cast<uint32_t>(seats_.size() - 1);
}

void Job::open_seats(uint32_t wanted) {
  answers_wanted_ = std::max(1U, wanted);
  if (options_.where != Where::kMesh) {
    if (live_seats() > 0) return;
    if (!answers_.empty()) {
      return fail(ErrorCode::kPermission,
                  fmt::format("the answer of {} alone does not count (--verify); trust it "
                              "(`timerose trust add`), or run with --verify none",
                              answers_.back().executor.to_string()));
    }
    return place(add_seat(named_peer()));
  }
  const uint32_t seats = answers_.empty() ? std::max(wanted, options_.copies) : wanted;
  for (uint32_t live = live_seats(); !ended_ && live < seats; ++live) place(add_seat(std::nullopt));
}

std::vector<NodeRef> Job::nodes_in_use(uint32_t except_seat) const {
  std::vector<NodeRef> nodes = memo_nodes_;
  for (const Attempt& attempt : attempts_) {
    const bool used = attempt.is_open() || attempt.state == AttemptState::kAnswered;
    if (used && attempt.node && attempt.seat != except_seat) nodes.push_back(*attempt.node);
  }
  return nodes;
}

CallToPlace Job::call_to_place(std::span<const NodeRef> copies) const {
  CallToPlace call;
  call.function = call_.function;
  call.function_mark = call_.function_mark;
  call.function_bytes = call_.function_bytes;
  call.inputs = call_.inputs;
  call.memory_bytes = call_.memory_bytes;
  call.required = options_.required.terms.empty() ? nullptr : &options_.required;
  call.preferred = options_.preferred.terms.empty() ? nullptr : &options_.preferred;
  call.trusted_only = trusted_only_;
  call.drawn = options_.drawn;
  call.avoided = avoided_;
  call.copies = copies;
  call.apart = options_.apart ? &*options_.apart : nullptr;
  return call;
}

void Job::place(uint32_t seat) {
  if (ended_) return;
  if (now_ms_ >= deadline_ms()) {  // which is about to be told
    seats_[seat].state = SeatState::kVacant;
    return;
  }
  if (attempts_.size() >= kAttemptsMax) {
    return vacate(seat, ErrorCode::kLimitExceeded,
                  fmt::format("{} nodes were asked, and none has done it", attempts_.size()));
  }
  if (seats_[seat].fixed) return offer_fixed(seat);
  const std::vector<NodeRef> copies = nodes_in_use(seat);
  const CallToPlace call = call_to_place(copies);
  Decision decision;
  mesh_.placer.decide(call, decision);
  if (decision.fitting == 0 && is_any_probing()) return stand_by(seat);
  const bool is_first = attempts_.empty();
  if (is_first && (options_.explain || decision.fitting == 0)) {
    explanation_ = explain(call, decision, mesh_.nodes, mesh_.self);
    if (decision.fitting > 0) explain_shortage(*explanation_);
  }
  if (decision.fitting == 0) {
    return vacate(seat, ErrorCode::kLimitExceeded,
                  explain(call, decision, mesh_.nodes, mesh_.self).refusal());
  }
  const auto fit = decision.fit();
  seats_[seat].order.assign(fit.begin(), fit.end());
  if (seats_[seat].place_by_ms == 0) {
    seats_[seat].place_by_ms = now_ms_ + Binding::kDecideWithin_ms;
  }
  if (!seats_[seat].unbound_ms) seats_[seat].unbound_ms = now_ms_;
  const uint64_t bytes = call_.input_bytes() + call_.function_bytes;
  if (fit.size() > 1 && bytes >= kProbeFromBytes) return probe(seat);
  bind(seat);
}

void Job::offer_fixed(uint32_t seat) {
  const PeerId peer = *seats_[seat].fixed;
  if (options_.explain && attempts_.empty()) explain_only();
  seats_[seat].state = SeatState::kBinding;
  offer(seat, peer, peer == mesh_.self_peer ? std::optional(mesh_.self) : std::nullopt, {});
}

// No node for it. Without enough others it is the end.
void Job::vacate(uint32_t seat, ErrorCode code, std::string why) {
  if (ended_) return;
  seats_[seat].state = SeatState::kVacant;
  if (const auto twin = seats_[seat].twin; twin && is_live(seats_[*twin])) {
    seats_[*twin].is_hedge = false;  // it is the one that is left
    return;
  }
  const uint32_t enough = options_.verify.is_quorum() ? answers_wanted_ : 1;
  if (const uint32_t live = live_seats(); live >= enough) {
    if (answers_.empty() && live < options_.copies) {
      fewer_ = Fewer{options_.copies, live, std::move(why)};
      tell_fewer_ = true;
    }
    return;
  }
  if (is_worth_waiting(seats_[seat])) return wait(seats_[seat]);
  if (last_failure_) return stop(last_failure_->kind, last_failure_->why);
  const std::string said = what_nodes_said();
  if (!said.empty()) why += (why.empty() ? "" : "; ") + said;
  if (enough > 1) {
    const auto with_node = std::ranges::count_if(
        seats_, [this](const Seat& one) { return is_live(one) && !one.is_to_be_placed(); });
    why = fmt::format("{} answers are wanted, and there are nodes for {}: {}", enough, with_node,
                      why);
  }
  fail(code, std::move(why));
}

uint64_t Job::patience_ms(const Seat& seat) const {
  if (options_.deadline_ms != 0) return deadline_ms();
  return seat.unbound_ms.value_or(now_ms_) + kPatience_ms;
}

// Of a call that no node fits, or that all refuse, the user hears at once. But a node that fits and
// is out of reach may be there in a moment.
bool Job::is_worth_waiting(const Seat& seat) const {
  return !missed_.empty() && now_ms_ + kPlaceAgain_ms < patience_ms(seat);
}

void Job::wait(Seat& seat) {
  if (!seat.unbound_ms) seat.unbound_ms = now_ms_;
  const uint64_t share_ms = (now_ms_ - *seat.unbound_ms) / kPlaceAgainShare;
  seat.state = SeatState::kWaiting;
  seat.binding.reset();
  seat.again_ms = std::min(now_ms_ + std::max(kPlaceAgain_ms, share_ms), patience_ms(seat) - 1);
  seat.place_by_ms = 0;
}

// Its run is not needed any more.
void Job::leave(uint32_t seat) {
  for (Attempt& attempt : attempts_) {
    if (attempt.seat == seat && attempt.is_open()) withdraw(attempt);
  }
  seats_[seat].state = SeatState::kDone;
}

// --- Time ---

void Job::hedge(uint32_t seat) {
  seats_[seat].hedge_ms.reset();
  const uint32_t other = add_seat(std::nullopt);
  seats_[other].is_hedge = true;
  seats_[other].twin = seat;
  seats_[seat].twin = other;
  place(other);
}

void Job::on_time(uint32_t seat) {
  const Seat& at = seats_[seat];
  if (at.state == SeatState::kWaiting && now_ms_ >= at.again_ms) {
    ask_missed_again();
    return place(seat);
  }
  if (at.state == SeatState::kProbing && now_ms_ >= at.probe_until_ms) return end_probing(seat);
  if (at.state == SeatState::kStandingBy && now_ms_ >= at.again_ms) return place(seat);
  if (at.state == SeatState::kBound && at.hedge_ms && now_ms_ >= *at.hedge_ms) return hedge(seat);
  const auto binding = at.binding ? at.binding->next_ms() : std::nullopt;
  if (at.state == SeatState::kBinding && binding && now_ms_ >= *binding) {
    tell_binding(seat, TimePassed{});
  }
}

std::optional<uint64_t> Job::next_ms() const {
  if (ended_) return std::nullopt;
  uint64_t next = std::min(give_up_ms(), memo_until_ms_.value_or(UINT64_MAX));
  next = std::min(next, tell_wait_ms_.value_or(UINT64_MAX));
  for (const Seat& seat : seats_) {
    if (seat.is_to_be_placed()) next = std::min(next, seat.again_ms);
    if (seat.state == SeatState::kProbing) next = std::min(next, seat.probe_until_ms);
    if (seat.state == SeatState::kBound && seat.hedge_ms) next = std::min(next, *seat.hedge_ms);
    if (seat.state != SeatState::kBinding || !seat.binding) continue;
    next = std::min(next, seat.binding->next_ms().value_or(UINT64_MAX));
  }
  return next == UINT64_MAX ? std::nullopt : std::optional(next);
}

}  // namespace timerose::scheduler::jobs
