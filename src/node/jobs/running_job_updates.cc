// What executors tell of a job's attempts.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "node/jobs/running_job.h"
#include "scheduler/execute/answer.h"
#include "scheduler/execute/known_inputs.h"

namespace timerose::node {
namespace {

namespace execute = scheduler::execute;
namespace jobs = scheduler::jobs;

ErrorCode code_of(execute::RefuseReason reason) {
  switch (reason) {
    case execute::RefuseReason::kDenied:
    case execute::RefuseReason::kStranger:
      return ErrorCode::kPermission;
    case execute::RefuseReason::kStopping:
      return ErrorCode::kBusy;
    case execute::RefuseReason::kMalformed:
      return ErrorCode::kMalformed;
    case execute::RefuseReason::kConflict:
      return ErrorCode::kInternal;
    default:
      return ErrorCode::kLimitExceeded;
  }
}

}  // namespace

void RunningJob::updated(AttemptId attempt, Update update) {
  const auto found = asked_.find(attempt);
  if (found == asked_.end() || end_) return;
  const auto self = shared_from_this();
  const Asked asked = found->second;
  std::visit([&](const auto& one) { heard(attempt, asked, one); }, update);
}

void RunningJob::heard(AttemptId attempt, const Asked& /*asked*/, const execute::Accept& update) {
  step(jobs::Taken{attempt, update.ahead});
}

// A guest writes the same wherever it runs, so what one node has not told yet another may.
void RunningJob::heard(AttemptId /*attempt*/, const Asked& /*asked*/, const execute::Log& update) {
  Written& written = written_[update.stream == execute::Written::kStdout ? 0 : 1];
  const uint64_t end = update.position + update.bytes.size();
  if (update.position > written.total || end <= written.total) return;
  execute::Log news = update;
  news.position = written.total;
  news.bytes.erase(news.bytes.begin(),
                   news.bytes.begin() + static_cast<ptrdiff_t>(written.total - update.position));
  if (written.kept.size() == written.total && end <= JobService::kLogBytesMax) {
    written.kept.insert(written.kept.end(), news.bytes.begin(), news.bytes.end());
  }
  written.total = end;
  tell(news);
}

void RunningJob::heard(AttemptId attempt, const Asked& /*asked*/,
                       const execute::Commit& /*update*/) {
  step(jobs::Committed{attempt});
}

void RunningJob::heard(AttemptId attempt, const Asked& asked, const execute::Finish& update) {
  const auto key = asked.peer.public_key();
  if (!key.ok()) return step(jobs::Wrong{attempt, key.error().message});
  execute::Expected expected{ask_->placing.invocation, *key, true};
  parts_.pool.submit([self = shared_from_this(), attempt, update, expected] {
    auto answer = execute::check_finish(update, expected, self->parts_.store);
    self->parts_.loop.post([self, attempt, answer = std::move(answer)]() mutable {
      self->answered(attempt, std::move(answer));
    });
  });
}

void RunningJob::answered(AttemptId attempt, Result<compute::Answer> answer) {
  const auto found = asked_.find(attempt);
  if (found == asked_.end() || end_) return;
  const PeerId peer = found->second.peer;
  if (!answer.ok()) {
    const ErrorCode code = answer.error().code;
    if (code == ErrorCode::kMismatch || code == ErrorCode::kMalformed) note_fault(peer);
    return step(jobs::Wrong{attempt, answer.error().message});
  }
  if (const auto node = parts_.mesh.find(peer)) {
    const auto note = [&](const Cid& cid) {
      parts_.mesh.holders().add(scheduler::ContentKey::of(cid), *node);
    };
    if (answer->outcome->output) note(*answer->outcome->output);
    // Whoever has executed a call has fetched all that it reads.
    if (!answer->cached) std::ranges::for_each(execute::roots_of(ask_->call), note);
  }
  jobs::Answered event{
      attempt, said_by(peer, parts_.mesh.operator_of(peer), parts_.mesh.standing(peer), *answer),
      answer->cached, is_to_be_checked(peer)};
  answers_.insert_or_assign(attempt, *std::move(answer));
  step(event);
}

void RunningJob::heard(AttemptId attempt, const Asked& /*asked*/, const execute::Failure& update) {
  step(jobs::Failed{attempt, update.kind, update.message});
}

void RunningJob::heard(AttemptId attempt, const Asked& asked, const execute::Refuse& update) {
  if (update.reason == execute::RefuseReason::kStranger) {
    parts_.mesh.refused(asked.peer, now_ms());
  }
  step(jobs::Declined{
      attempt, code_of(update.reason),
      fmt::format("refused ({}): {}", execute::refuse_reason_name(update.reason), update.message)});
}

void RunningJob::heard(AttemptId attempt, const Asked& /*asked*/, const execute::Busy& update) {
  asked_.erase(attempt);  // it is asked again as another one, for as long as it is busy
  step(jobs::Occupied{attempt, update.retry_ms, "the executor is busy: " + update.message});
}

void RunningJob::heard(AttemptId attempt, const Asked& /*asked*/, const execute::Estimate& update) {
  uint64_t lacking = update.lacking_bytes;
  for (const Cid& root : update.lacking) {
    const auto found = ask_->bytes_of.find(root);
    lacking += found == ask_->bytes_of.end() ? kUnknownBytes : found->second;
  }
  step(jobs::Estimated{attempt, lacking, update.wait_ms, update.warm, update.known});
}

// The answer to what a job does not ask.
void RunningJob::heard(AttemptId attempt, const Asked& /*asked*/,
                       const execute::Unknown& /*update*/) {
  step(jobs::Wrong{attempt, "it answered what was not asked"});
}

void RunningJob::heard(AttemptId attempt, const Asked& /*asked*/, const execute::Lost& update) {
  step(jobs::Lost{attempt, update.message, update.ended});
}

void RunningJob::heard(AttemptId attempt, const Asked& asked, const execute::Fault& update) {
  note_fault(asked.peer);
  step(jobs::Wrong{attempt, update.message});
}

// --- What is thought of others ---

// Those that refuse this node, and those that lied to it.
std::vector<scheduler::NodeRef> RunningJob::avoided() const {
  auto nodes = parts_.mesh.refusing(now_ms());
  if (parts_.verification == nullptr) return nodes;
  for (const PeerId& liar : parts_.verification->avoided()) {
    if (const auto node = parts_.mesh.find(liar)) nodes.push_back(*node);
  }
  return nodes;
}

double RunningJob::check_rate(const PeerId& executor) const {
  if (parts_.verification == nullptr || executor == parts_.mesh.self()) return 0;
  return parts_.verification->check_rate(ask_->options.verify, executor, ask_->placing.function);
}

bool RunningJob::is_believed_at_once(const PeerId& executor) const {
  return counts_alone(ask_->options.verify, parts_.mesh.standing(executor)) &&
         check_rate(executor) <= 0;
}

bool RunningJob::is_to_be_checked(const PeerId& executor) const {
  const double rate = check_rate(executor);
  if (rate <= 0) return false;
  uint32_t dice = 0;
  parts_.random.fill({reinterpret_cast<uint8_t*>(&dice), sizeof(dice)});
  return dice < rate * 0x1p32;
}

void RunningJob::note_fault(const PeerId& executor) const {
  if (parts_.verification == nullptr) return;
  parts_.pool.submit([held = held_parts_, executor, function = ask_->placing.function] {
    // A fault that cannot be kept is known until this process ends.
    (void)held->verification->misbehaved(executor, function);
  });
}

}  // namespace timerose::node
