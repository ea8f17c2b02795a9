// What the user is told while nobody has the call, or too few have it.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "scheduler/jobs/job.h"

namespace timerose::scheduler::jobs {
namespace {

bool is_out_of_reach(const Attempt& attempt) {
  return attempt.state == AttemptState::kOutOfReach || attempt.state == AttemptState::kLost ||
         (attempt.state == AttemptState::kWithdrawn && !attempt.why.empty());
}

}  // namespace

// A call that has been taken, to be run after others, waits too.
bool Job::is_waiting() const {
  if (ended_ || memo_until_ms_) return false;
  bool any_bound = false;
  bool all_bound = true;
  for (const Seat& seat : seats_) {
    if (!is_live(seat) || seat.is_hedge) continue;
    any_bound = any_bound || seat.state == SeatState::kBound;
    all_bound = all_bound && seat.state == SeatState::kBound;
  }
  if (options_.verify.is_quorum() ? !all_bound : !any_bound) return true;
  return std::ranges::all_of(attempts_, [](const Attempt& attempt) {
    const bool taken = attempt.is_open() && attempt.taken_ms != 0;
    return !taken || (attempt.state == AttemptState::kTaken && attempt.ahead > 0);
  });
}

Waiting Job::waiting() const {
  Waiting out;
  std::set<PeerId> seen;
  std::string why_not_reached;
  // The last that was heard of each; one that is being asked again has not changed yet.
  for (auto attempt = attempts_.rbegin(); attempt != attempts_.rend(); ++attempt) {
    if (attempt->state == AttemptState::kTaken && attempt->ahead > 0 && !out.queued_at) {
      out.queued_at = attempt->peer;
      out.ahead = attempt->ahead;
    }
    if (attempt->is_open() || !seen.insert(attempt->peer).second) continue;
    if (attempt->state == AttemptState::kOccupied) {
      out.busy.push_back(attempt->peer);
      if (out.why.empty()) out.why = attempt->why;
    } else if (is_out_of_reach(*attempt)) {
      out.out_of_reach.push_back(attempt->peer);
      if (why_not_reached.empty()) why_not_reached = attempt->why;
    }
  }
  if (out.busy.empty()) out.why = std::move(why_not_reached);
  for (const Attempt& attempt : attempts_) {
    const bool asked = attempt.state == AttemptState::kOffered;
    if (asked && seen.insert(attempt.peer).second) out.silent.push_back(attempt.peer);
  }
  uint64_t again_ms = UINT64_MAX;
  for (const Seat& seat : seats_) {
    if (!is_live(seat) || seat.state == SeatState::kBound) continue;
    if (seat.state == SeatState::kWaiting) again_ms = std::min(again_ms, seat.again_ms);
    if (seat.state != SeatState::kBinding || !seat.binding) continue;
    again_ms = std::min(again_ms, seat.binding->next_ms().value_or(UINT64_MAX));
    if (options_.deadline_ms == 0) out.patience_ms = patience_ms(seat) - now_ms_;
  }
  if (again_ms != UINT64_MAX) out.again_in_ms = again_ms - std::min(again_ms, now_ms_);
  return out;
}

void Job::tell_waiting() {
  if (!is_waiting()) {
    tell_wait_ms_.reset();
    told_wait_.reset();
    return;
  }
  if (!tell_wait_ms_) tell_wait_ms_ = now_ms_ + kTellWait_ms;
  if (now_ms_ < *tell_wait_ms_) return;
  tell_wait_ms_ = now_ms_ + kTellWaitAgain_ms;
  Waiting now = waiting();
  if (told_wait_ && told_wait_->is_like(now)) return;
  told_wait_ = now;
  actions_.emplace_back(TellWaiting{std::move(now)});
}

std::string Fewer::to_string() const {
  return fmt::format("{} of {} copies run: {}", run, wanted, why);
}

void Job::tell_fewer() {
  if (std::exchange(tell_fewer_, false) && !ended_) actions_.emplace_back(TellFewer{*fewer_});
}

}  // namespace timerose::scheduler::jobs
