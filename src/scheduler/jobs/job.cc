#include "scheduler/jobs/job.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace timerose::scheduler::jobs {
namespace {

using execute::FailureKind;

// Said of by an error: the latest of those that were asked.
constexpr size_t kNodesNamedMax = 6;

// A failure that is the call's own: on every node with this engine it is the same.
bool is_of_the_call(FailureKind kind) {
  return kind == FailureKind::kFuel || kind == FailureKind::kStack ||
         kind == FailureKind::kUnsupported;
}

}  // namespace

const char* attempt_state_name(AttemptState state) {
  static constexpr std::array kNames{"probed",   "offered", "running",  "committed",    "estimated",
                                     "answered", "busy",    "refused",  "out of reach", "failed",
                                     "wrong",    "lost",    "withdrawn"};
  return kNames[static_cast<size_t>(state)];
}

const char* stage_name(Stage stage) {
  static constexpr std::array kNames{"memo", "placing", "running", "checking", "ended"};
  return kNames[static_cast<size_t>(stage)];
}

Job::Job(const MeshKnowledge& mesh, JobCall call, JobOptions options)
    : mesh_(mesh), call_(std::move(call)), options_(std::move(options)), avoided_(call_.avoided) {
  options_.copies = std::clamp(options_.copies, 1U, JobOptions::kCopiesMax);
  options_.deadline_ms = std::min(options_.deadline_ms, execute::kMillisecondsMax);
}

std::vector<JobAction>& Job::start(uint64_t now_ms) {
  now_ms_ = started_ms_ = now_ms;
  actions_.clear();
  trusted_only_ = verify::judge(options_.verify, {}).trusted_only;
  if (std::string why = why_named_does_not_fit(); !why.empty()) {
    fail(ErrorCode::kLimitExceeded, std::move(why));
  } else if (options_.dry_run) {
    explain_only();
    Ending ending;
    ending.how = How::kExplained;
    end(std::move(ending));
  } else if (options_.where == Where::kMesh && !options_.fresh) {
    memo_until_ms_ = now_ms + kMemoWithin_ms;
    actions_.emplace_back(AskMemo{});
  } else {
    judge();
  }
  tell_waiting();
  tell_fewer();
  return actions_;
}

std::vector<JobAction>& Job::step(uint64_t now_ms, const JobEvent& event) {
  now_ms_ = now_ms;
  actions_.clear();
  if (ended_) return actions_;
  std::visit([this](const auto& one) { on(one); }, event);
  reveal_if_all_committed();
  tell_waiting();
  tell_fewer();
  return actions_;
}

Stage Job::stage() const {
  if (ended_) return Stage::kEnded;
  if (memo_until_ms_) return Stage::kAsksMemo;
  if (!answers_.empty()) return Stage::kChecking;
  const bool runs =
      std::ranges::any_of(seats_, [](const Seat& seat) { return seat.state == SeatState::kBound; });
  return runs ? Stage::kRunning : Stage::kPlacing;
}

// --- What is told ---

void Job::on(const MemoSaid& event) {
  if (!memo_until_ms_) return;
  memo_until_ms_.reset();
  for (const verify::Answer& answer : event.answers) {
    answers_.push_back(answer);
    given_.push_back({kMemoAttempt, true});
  }
  memo_nodes_ = event.nodes;
  judge();
}

void Job::on(const Estimated& event) {
  Attempt* const attempt = open(event.attempt);
  if (attempt == nullptr || attempt->state != AttemptState::kProbed) return;
  close(*attempt, AttemptState::kEstimated);
  estimated(attempt->seat, event);
}

void Job::on(const Declined& event) {
  Attempt* const attempt = open(event.attempt);
  if (attempt == nullptr) return;
  const AttemptState was = attempt->state;
  close(*attempt, AttemptState::kDeclined, event.why);
  if (event.code == ErrorCode::kBusy) {  // it stops, and may be started again
    miss(*attempt);
  } else {
    avoid(*attempt);
  }
  const uint32_t seat = attempt->seat;
  // That no node can take the call is not believed of a stranger, who may say so of any.
  const bool is_for_all = event.code == ErrorCode::kMalformed && is_believed(*attempt);
  if (seats_[seat].fixed || is_for_all) {
    return fail(event.code, fmt::format("{}: {}", attempt->peer.to_string(), event.why));
  }
  if (was == AttemptState::kProbed) return probe_failed(seat, event.attempt);
  if (was == AttemptState::kOffered) return tell_binding(seat, Refused{*attempt->node, event.why});
  place_again(*attempt);  // handed back
}

void Job::on(const OutOfReach& event) {
  Attempt* const attempt = open(event.attempt);
  if (attempt == nullptr) return;
  const AttemptState was = attempt->state;
  close(*attempt, AttemptState::kOutOfReach, event.why);
  miss(*attempt);
  const uint32_t seat = attempt->seat;
  if (seats_[seat].fixed) {
    return fail(ErrorCode::kNotFound, fmt::format("{}: {}", attempt->peer.to_string(), event.why));
  }
  if (was == AttemptState::kProbed) return probe_failed(seat, event.attempt);
  if (was == AttemptState::kOffered) {
    return tell_binding(seat, Unreachable{*attempt->node, event.why});
  }
  place_again(*attempt);
}

void Job::on(const Occupied& event) {
  Attempt* const attempt = open(event.attempt);
  if (attempt == nullptr || attempt->state != AttemptState::kOffered) return;
  close(*attempt, AttemptState::kOccupied, event.why);
  const uint32_t seat = attempt->seat;
  if (seats_[seat].fixed) {
    return fail(ErrorCode::kBusy, fmt::format("{}: {}", attempt->peer.to_string(), event.why));
  }
  const NodeRef node = *attempt->node;
  forget_when_busy_before(*attempt);
  tell_binding(seat, Busy{node, event.retry_ms});
}

void Job::on(const Taken& event) {
  Attempt* const attempt = open(event.attempt);
  if (attempt == nullptr || attempt->state != AttemptState::kOffered) return;
  attempt->state = AttemptState::kTaken;
  attempt->taken_ms = now_ms_;
  attempt->ahead = event.ahead;
  // Whoever runs it has the function from then on.
  if (attempt->node) mesh_.nodes.note_warm(*attempt->node, call_.function_mark, true);
  const uint32_t seat = attempt->seat;
  if (seats_[seat].fixed) return bound(seat);
  tell_binding(seat, Accepted{*attempt->node});
}

void Job::on(const Committed& event) {
  on(Taken{event.attempt});
  Attempt* const attempt = open(event.attempt);
  if (attempt == nullptr || !attempt->commit) return;
  attempt->state = AttemptState::kCommitted;
  round_.committed(static_cast<uint64_t>(attempt->id));
  // It is no straggler, and the one that it hedges is not waited for.
  Seat& seat = seats_[attempt->seat];
  seat.hedge_ms.reset();
  if (!seat.twin) return;
  leave(*seat.twin);
  seat.is_hedge = false;
  seat.twin.reset();
}

void Job::on(const Answered& event) {
  on(Taken{event.attempt});
  Attempt* const attempt = open(event.attempt);
  if (attempt == nullptr) return;
  close(*attempt, AttemptState::kAnswered);
  const uint32_t seat = attempt->seat;
  leave(seat);
  if (seats_[seat].twin) leave(*seats_[seat].twin);
  answers_.push_back(event.answer);
  given_.push_back({event.attempt, event.cached});
  if (event.check) options_.verify = verify::with_spot_check(options_.verify, 1, 0);
  judge();
}

void Job::on(const Failed& event) {
  Attempt* const attempt = open(event.attempt);
  if (attempt == nullptr) return;
  close(*attempt, AttemptState::kFailed, event.why);
  const bool second = last_failure_ && is_of_the_call(last_failure_->kind);
  const bool trusted = is_believed(*attempt);
  const bool believed = is_of_the_call(event.kind) && (second || trusted);
  last_failure_ = event;
  ++failures_;
  // Whether the deadline has passed, this node knows better than a stranger.
  const bool is_late = event.kind == FailureKind::kDeadline && trusted;
  const bool give_up = failures_ >= kFailuresMax || is_late;
  if (seats_[attempt->seat].fixed || believed || give_up) return stop(event.kind, event.why);
  place_again(*attempt);
}

void Job::on(const Wrong& event) {
  Attempt* const attempt = open(event.attempt);
  if (attempt == nullptr) return;
  close(*attempt, AttemptState::kWrong, event.why);
  if (seats_[attempt->seat].fixed || ++failures_ >= kFailuresMax) {
    return fail(ErrorCode::kMismatch, fmt::format("{}: {}", attempt->peer.to_string(), event.why));
  }
  place_again(*attempt);
}

void Job::on(const Lost& event) {
  Attempt* const attempt = open(event.attempt);
  if (attempt == nullptr) return;
  if (attempt->taken_ms == 0) return on(OutOfReach{event.attempt, event.why});
  close(*attempt, AttemptState::kLost, event.why);
  if (seats_[attempt->seat].fixed) {
    return fail(ErrorCode::kNotFound, fmt::format("{}: {}", attempt->peer.to_string(), event.why));
  }
  if (event.ended) ++killed_;
  if (++lost_ >= kLostMax || killed_ >= kKilledMax) {
    return fail(ErrorCode::kLimitExceeded,
                fmt::format("{} nodes were lost while they had this call, so it is not given to "
                            "another: {}",
                            lost_, what_nodes_said()));
  }
  miss(*attempt);
  place_again(*attempt);
}

void Job::on(const CancelJob& /*event*/) {
  Ending ending;
  ending.how = How::kCancelled;
  ending.error = {ErrorCode::kCancelled, "the job was cancelled"};
  end(std::move(ending));
}

void Job::on(const TimeIsUp& /*event*/) {
  if (now_ms_ >= give_up_ms()) {
    const std::string said = what_nodes_said();
    return stop(FailureKind::kDeadline,
                fmt::format("the deadline of {} ms has passed{}{}{}", options_.deadline_ms,
                            what_is_under_way(), said.empty() ? "" : "; ", said));
  }
  if (memo_until_ms_ && now_ms_ >= *memo_until_ms_) return on(MemoSaid{});
  for (uint32_t seat = 0; seat < seats_.size() && !ended_; ++seat) on_time(seat);
}

// --- What is believed ---

bool Job::is_believed(const Attempt& attempt) const {
  if (attempt.peer == mesh_.self_peer) return true;
  return attempt.node && mesh_.nodes.is_live(*attempt.node) &&
         mesh_.nodes.numbers(*attempt.node).trusted;
}

void Job::judge() {
  const verify::Judgement judgement = verify::judge(options_.verify, answers_);
  switch (judgement.next) {
    case verify::Next::kAccept:
      return accept(judgement);
    case verify::Next::kAskMore:
      trusted_only_ = judgement.trusted_only;
      return open_seats(judgement.more);
    case verify::Next::kRunHere:
      answers_wanted_ = 1;
      for (const Seat& seat : seats_) {
        if (is_live(seat) && seat.fixed == mesh_.self_peer) return;
      }
      return place(add_seat(mesh_.self_peer));
    case verify::Next::kUndecided:
      return fail(ErrorCode::kMismatch,
                  fmt::format("{} nodes gave answers that differ, and nothing decides between them",
                              answers_.size()));
  }
}

void Job::accept(const verify::Judgement& judgement) {
  Ending ending;
  ending.how = How::kAnswered;
  ending.disagreement = judgement.disagreement;
  ending.outcome = judgement.outcome;
  // Rather one that came for this job than one that was known.
  const auto came = std::ranges::find_if(
      judgement.supporters, [this](size_t place) { return given_[place].attempt != kMemoAttempt; });
  const bool known = came == judgement.supporters.end();
  ending.attempt = given_[known ? judgement.supporters.front() : *came].attempt;
  ending.from_memo = known;
  if (options_.explain && !explanation_) explain_only();
  const auto named = [this](const std::vector<size_t>& places) {
    std::vector<AttemptId> out;
    out.reserve(places.size());
    for (const size_t place : places) out.push_back(given_[place].attempt);
    return out;
  };
  ending.losers = named(judgement.losers);
  ending.odd_metering = named(judgement.odd_metering);
  ending.supporters = named(judgement.supporters);
  learn(judgement);
  end(std::move(ending));
}

// Only of answers that were believed: whoever lies teaches nothing.
void Job::learn(const verify::Judgement& judgement) {
  const uint64_t bytes = call_.input_bytes();
  for (const size_t place : judgement.supporters) {
    const Given& given = given_[place];
    if (given.cached || given.attempt == kMemoAttempt) continue;
    const Attempt& attempt = this->attempt(given.attempt);
    const bool is_odd =
        std::ranges::find(judgement.odd_metering, place) != judgement.odd_metering.end();
    if (!is_odd) mesh_.work.observe(call_.function, bytes, answers_[place].metering.fuel_used);
    if (attempt.commit) continue;  // it waited for others
    mesh_.times.observe(call_.function, bytes, attempt.ended_ms - attempt.begun_ms);
  }
}

// No seat may still be given to one who could be told of others' answers.
void Job::reveal_if_all_committed() {
  const bool binding = std::ranges::any_of(seats_, [this](const Seat& seat) {
    return is_live(seat) && seat.state != SeatState::kBound;
  });
  if (ended_ || binding || !round_.may_reveal()) return;
  RevealAnswers reveal;
  for (const uint64_t call : round_.reveal()) {
    reveal.attempts.push_back(AttemptId{static_cast<uint32_t>(call)});
  }
  actions_.emplace_back(std::move(reveal));
}

// --- The end ---

std::string Job::what_nodes_said() const {
  std::string out;
  size_t named = 0;
  for (auto attempt = attempts_.rbegin(); attempt != attempts_.rend(); ++attempt) {
    if (attempt->why.empty()) continue;
    if (++named > kNodesNamedMax) return out + "; and others before";
    out += fmt::format("{}{} ({}): {}", out.empty() ? "" : "; ", attempt->peer.to_string(),
                       attempt_state_name(attempt->state), attempt->why);
  }
  return out;
}

// ", while PEER ran it".
std::string Job::what_is_under_way() const {
  std::string out;
  for (const Attempt& attempt : attempts_) {
    if (!attempt.is_open()) continue;
    out += fmt::format("{} {}", out.empty() ? ", while it was with" : " and",
                       attempt.peer.to_string());
    out += fmt::format(" ({}", attempt_state_name(attempt.state));
    if (attempt.ahead > 0) {
      out += fmt::format(", taken {} ms before behind {} other call{}", now_ms_ - attempt.taken_ms,
                         attempt.ahead, attempt.ahead == 1 ? "" : "s");
    }
    out += ")";
  }
  return out;
}

void Job::end(Ending ending) {
  if (std::exchange(ended_, true)) return;
  for (Attempt& attempt : attempts_) {
    if (attempt.is_open()) withdraw(attempt);
  }
  for (Seat& seat : seats_) seat.state = SeatState::kDone;
  memo_until_ms_.reset();
  actions_.emplace_back(EndJob{std::move(ending)});
}

void Job::fail(ErrorCode code, std::string why) {
  Ending ending;
  ending.how = How::kFailed;
  ending.error = {code, std::move(why)};
  end(std::move(ending));
}

void Job::stop(FailureKind kind, std::string why) {
  Ending ending;
  ending.how = How::kStopped;
  ending.stop = kind;
  ending.error = {ErrorCode::kLimitExceeded, std::move(why)};
  end(std::move(ending));
}

}  // namespace timerose::scheduler::jobs
