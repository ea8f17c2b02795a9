#include "node/jobs/running_job.h"

#include <algorithm>
#include <utility>

#include "scheduler/execute/answer.h"

namespace timerose::node {
namespace {

namespace execute = scheduler::execute;
namespace jobs = scheduler::jobs;

std::vector<JobStep> steps_of(const jobs::Job& job, uint64_t started_ms) {
  std::vector<JobStep> steps;
  for (const jobs::Attempt& attempt : job.attempts()) {
    const uint64_t moment = std::max({attempt.begun_ms, attempt.taken_ms, attempt.ended_ms});
    steps.push_back({attempt.peer, attempt_state_name(attempt.state), attempt.why,
                     moment - std::min(moment, started_ms)});
  }
  return steps;
}

}  // namespace

RunningJob::RunningJob(std::shared_ptr<const JobService::Parts> parts, std::string id,
                       std::shared_ptr<const JobAsk> ask, OnEnd on_end)
    : held_parts_(std::move(parts)),
      parts_(*held_parts_),
      id_(std::move(id)),
      ask_(std::move(ask)),
      on_end_(std::move(on_end)),
      started_unix_ms_(parts_.clock.unix_ns() / 1'000'000),
      hold_(parts_.store.hold()) {}

void RunningJob::start() {
  started_ms_ = now_ms();
  timer_ = parts_.loop.timer([this] { on_time(); });
  parts_.mesh.set_own(std::make_shared<scheduler::Advert>(parts_.own_advert()));
  const auto self = parts_.mesh.find(parts_.mesh.self());
  for (const Cid& root : ask_->here) {
    parts_.mesh.holders().add(scheduler::ContentKey::of(root), *self);
  }
  find_holders();
}

// Of what is not here and of which no holder is known.
void RunningJob::find_holders() {
  std::vector<Cid> unknown;
  for (const Cid& root : ask_->elsewhere) {
    const bool known = !parts_.mesh.holders().of(scheduler::ContentKey::of(root)).empty();
    if (!known && ask_->options.where == jobs::Where::kMesh) unknown.push_back(root);
  }
  holders_waited_ = unknown.size();
  if (unknown.empty()) return begin();
  for (const Cid& root : unknown) {
    parts_.find_holders(root, [weak = weak_from_this(), root](const std::vector<PeerId>& peers) {
      const auto self = weak.lock();
      if (!self || self->end_) return;
      for (const PeerId& peer : peers) {
        const auto node = self->parts_.mesh.find(peer);
        if (node) self->parts_.mesh.holders().add(scheduler::ContentKey::of(root), *node);
      }
      if (--self->holders_waited_ == 0) self->begin();
    });
  }
}

void RunningJob::begin() {
  jobs::JobCall placing = ask_->placing;
  placing.avoided = avoided();
  job_.emplace(parts_.mesh.knowledge(), std::move(placing), ask_->options);
  auto actions = std::exchange(job_->start(now_ms()), {});
  tell_explanation();
  carry_out_all(std::move(actions));
  set_timer();
}

void RunningJob::step(const jobs::JobEvent& event) {
  if (!job_ || end_) return;
  auto actions = std::exchange(job_->step(now_ms(), event), {});
  tell_explanation();
  carry_out_all(std::move(actions));
  set_timer();
}

void RunningJob::tell(const JobNews& news) {
  std::erase_if(watchers_, [](const auto& watcher) { return watcher.expired(); });
  for (const auto& watcher : watchers_) {
    if (const auto channel = watcher.lock()) channel->push(news);
  }
}

// Once, as soon as there is one: before the call is run anywhere.
void RunningJob::tell_explanation() {
  if (!ask_->options.explain || explained_ || !job_->explanation()) return;
  explained_ = true;
  tell(std::make_shared<const scheduler::Explanation>(*job_->explanation()));
}

void RunningJob::set_timer() {
  if (!job_ || !timer_) return;
  const auto next_ms = job_->next_ms();
  timer_->set(next_ms ? *next_ms * 1'000'000 : UINT64_MAX);
}

void RunningJob::on_time() {
  const auto next_ms = job_ ? job_->next_ms() : std::nullopt;
  if (next_ms && *next_ms <= now_ms()) return step(jobs::TimeIsUp{});
  set_timer();
}

void RunningJob::cancel() {
  if (job_) return step(jobs::CancelJob{});
  auto end = std::make_shared<JobEnd>();
  end->how = jobs::How::kCancelled;
  end->error = {ErrorCode::kCancelled, "the job was cancelled"};
  conclude(std::move(end));
}

// --- What the job wants ---

void RunningJob::carry_out_all(std::vector<jobs::JobAction> actions) {
  const auto self = shared_from_this();  // its end may be among them
  for (const jobs::JobAction& action : actions) {
    std::visit([this](const auto& one) { carry_out(one); }, action);
  }
}

void RunningJob::carry_out(const jobs::AskMemo& /*action*/) {
  memo_asking_ = std::make_shared<MemoAsking>(
      held_parts_, ask_, [weak = weak_from_this()](std::optional<MemoFound> found) {
        const auto self = weak.lock();
        if (!self || self->end_) return;
        self->memo_found_ = std::move(found);
        self->step(self->memo_said());
      });
  memo_asking_->start();
}

// What others know, and what this node itself does.
jobs::MemoSaid RunningJob::memo_said() const {
  jobs::MemoSaid said;
  if (memo_found_) said.answers = memo_found_->answers;
  const auto add = [&](const scheduler::verify::Answer& answer) {
    const auto is_theirs = [&](const auto& other) { return other.executor == answer.executor; };
    if (std::ranges::none_of(said.answers, is_theirs)) said.answers.push_back(answer);
  };
  if (ask_->known) {
    const PeerId& signer = ask_->known->executor;
    for (const auto& answer :
         who_said(*ask_->known, parts_.mesh.operator_of(signer), parts_.mesh.standing(signer))) {
      add(answer);
    }
  }
  for (const auto& answer : said.answers) {
    if (const auto node = parts_.mesh.find(answer.executor)) said.nodes.push_back(*node);
  }
  return said;
}

// `ask` gives the number of the call; it is called once there is a connection.
template <typename Ask>
void RunningJob::reach_and(const PeerId& peer, AttemptId attempt, Ask ask) {
  asked_.insert_or_assign(attempt, Asked{peer, std::nullopt});
  if (peer == parts_.mesh.self()) {
    asked_.at(attempt).call = ask(*this);
    return;
  }
  parts_.reach(peer, [weak = weak_from_this(), attempt, ask](const Status& reached) {
    const auto self = weak.lock();
    if (!self) return;
    const auto found = self->asked_.find(attempt);
    if (found == self->asked_.end()) return;
    if (reached.ok()) {
      found->second.call = ask(*self);
      return;
    }
    // Not now: the job may be in the middle of something.
    self->parts_.loop.post([weak, attempt, why = reached.error().message] {
      const auto later = weak.lock();
      if (later) later->step(jobs::OutOfReach{attempt, why});
    });
  });
}

void RunningJob::carry_out(const jobs::ProbeNode& action) {
  reach_and(action.peer, action.attempt, [action](RunningJob& job) {
    execute::Probe probe;
    probe.invocation = job.ask_->offer.invocation;
    probe.authority = job.ask_->offer.authority;
    return job.parts_.execution.ask(
        action.peer, std::move(probe),
        [weak = job.weak_from_this(), attempt = action.attempt](Update update) {
          if (const auto self = weak.lock()) self->updated(attempt, std::move(update));
        });
  });
}

void RunningJob::carry_out(const jobs::OfferCall& action) {
  reach_and(action.peer, action.attempt, [action](RunningJob& job) {
    execute::Offer offer = job.ask_->offer;
    offer.commit = action.commit;
    offer.deadline_ms = action.deadline_ms;
    offer.logs = offer.logs && job.is_believed_at_once(action.peer);
    return job.parts_.execution.ask(
        action.peer, std::move(offer),
        [weak = job.weak_from_this(), attempt = action.attempt](Update update) {
          if (const auto self = weak.lock()) self->updated(attempt, std::move(update));
        },
        action.patient ? execute::Patience::kWhileBusy : execute::Patience::kNone);
  });
}

void RunningJob::carry_out(const jobs::Withdraw& action) {
  const auto found = asked_.find(action.attempt);
  if (found == asked_.end()) return;
  if (found->second.call) parts_.execution.give_up(*found->second.call);
  asked_.erase(found);
}

void RunningJob::carry_out(const jobs::RevealAnswers& action) {
  std::vector<execute::CallNumber> calls;
  for (const AttemptId attempt : action.attempts) {
    const auto found = asked_.find(attempt);
    if (found != asked_.end() && found->second.call) calls.push_back(*found->second.call);
  }
  parts_.execution.reveal(std::move(calls));
}

void RunningJob::carry_out(const jobs::TellWaiting& action) { tell(action.waiting); }

void RunningJob::carry_out(const jobs::TellFewer& action) {
  note_ = action.fewer.to_string();
  tell(action.fewer);
}

void RunningJob::carry_out(const jobs::EndJob& action) {
  timer_.reset();
  auto end = end_of(action.ending);
  const bool keep = action.ending.how == jobs::How::kAnswered && end->executor &&
                    *end->executor != parts_.mesh.self() && end->told_by != parts_.mesh.self() &&
                    counts(*end->executor);
  // One answer alone says nothing of who gave it.
  const bool learn = parts_.verification != nullptr && job_->answers().size() > 1;
  if (!keep && !learn) return conclude(std::move(end));
  std::vector<scheduler::verify::Answer> answers;
  if (learn) answers = job_->answers();
  parts_.pool.submit([self = shared_from_this(), end = std::move(end), keep,
                      answers = std::move(answers), wish = job_->options().verify] {
    // An answer that cannot be kept is still an answer.
    if (keep) (void)self->parts_.remember(self->ask_->call, *end->answer);
    if (!answers.empty()) self->learn_of(answers, wish, *end);
    self->parts_.loop.post([self, end] { self->conclude(end); });
  });
}

// On the pool.
void RunningJob::learn_of(const std::vector<scheduler::verify::Answer>& answers,
                          const scheduler::verify::Wish& wish, JobEnd& end) const {
  const auto judgement = scheduler::verify::judge(wish, answers);
  for (const size_t loser : judgement.losers) end.liars.push_back(answers[loser].executor);
  for (const size_t odd : judgement.odd_metering) {
    end.odd_metering.push_back(answers[odd].executor);
  }
  // What cannot be kept is asked for again.
  if (judgement.supporters.size() > 1) {
    (void)parts_.verification->witnessed(ask_->placing.invocation, judgement, answers);
  }
  const auto settled = parts_.verification->settled(ask_->placing.function, judgement, answers);
  if (settled.ok()) end.evidence = *settled;  // what cannot be kept has been seen all the same
}

// --- The end ---

bool RunningJob::counts(const PeerId& executor) const {
  return ask_->options.verify.policy != scheduler::verify::Policy::kNone ||
         parts_.mesh.standing(executor) >= scheduler::verify::Standing::kTrusted;
}

std::shared_ptr<JobEnd> RunningJob::end_of(const jobs::Ending& ending) const {
  auto end = std::make_shared<JobEnd>();
  end->how = ending.how;
  end->error = ending.error;
  end->explanation = job_->explanation();
  if (ending.how == jobs::How::kAnswered) {
    if (ending.from_memo) {
      const bool of_others = memo_found_ && memo_found_->known.outcome_cid == ending.outcome;
      end->answer = of_others ? memo_found_->known : ask_->known->answer;
      end->executor = of_others ? memo_found_->answers.front().executor : ask_->known->executor;
      end->told_by = of_others ? memo_found_->told_by : parts_.mesh.self();
    } else {
      end->answer = answers_.at(ending.attempt);
      end->executor = job_->attempt(ending.attempt).peer;
    }
  }
  if (ending.how == jobs::How::kStopped) {
    auto answer =
        execute::answer_of({0, ending.stop, ending.error.message}, ask_->placing.invocation);
    if (answer.ok()) {
      end->answer = *std::move(answer);
    } else {
      end->how = jobs::How::kFailed;
      end->error = std::move(answer).error();
    }
  }
  return end;
}

void RunningJob::conclude(std::shared_ptr<const JobEnd> end) {
  if (end_) return;
  end_ = std::move(end);
  ended_ms_ = now_ms();
  if (job_) steps_ = steps_of(*job_, started_ms_);
  job_.reset();
  for (const auto& watcher : std::exchange(watchers_, {})) {
    if (const auto channel = watcher.lock()) {
      channel->push(end_);
      channel->end();
    }
  }
  timer_.reset();
  hold_.reset();
  memo_asking_.reset();
  memo_found_.reset();
  asked_.clear();
  answers_.clear();
  // What a guest wrote is in its Outcome.
  if (end_->answer && end_->answer->outcome) written_ = {};
  on_end_(id_);
}

void RunningJob::watch(const std::shared_ptr<JobChannel>& watcher) {
  for (const size_t stream : {size_t{0}, size_t{1}}) {
    const Bytes& kept = written_[stream].kept;
    if (kept.empty()) continue;
    const auto named = stream == 0 ? execute::Written::kStdout : execute::Written::kStderr;
    watcher->push(execute::Log{0, named, 0, kept});
  }
  watchers_.emplace_back(watcher);
}

KeptJob RunningJob::kept() const {
  KeptJob kept(record());
  if (end_) kept.error_code = end_->error.code;
  for (const size_t stream : {size_t{0}, size_t{1}}) {
    const Bytes& all = written_[stream].kept;
    const size_t bytes = std::min(all.size(), KeptJob::kWrittenBytesMax);
    kept.written[stream].assign(all.begin(), all.begin() + static_cast<ptrdiff_t>(bytes));
  }
  return kept;
}

JobRecord RunningJob::record() const {
  JobRecord record{.id = id_,
                   .invocation = ask_->placing.invocation,
                   .function = ask_->call.module,
                   .state = "placing",
                   .started_unix_ms = started_unix_ms_,
                   .took_ms = (end_ ? ended_ms_ : now_ms()) - started_ms_,
                   .ended = end_ != nullptr,
                   .steps = steps_,
                   .executor = {},
                   .error = {},
                   .note = note_,
                   .answer = {}};
  if (!end_) {
    if (!job_) return record;
    record.state = stage_name(job_->stage());
    record.steps = steps_of(*job_, started_ms_);
    for (const jobs::Attempt& attempt : job_->attempts()) {
      if (attempt.state == jobs::AttemptState::kTaken) record.executor = attempt.peer;
    }
    return record;
  }
  record.answer = end_->answer;
  record.executor = end_->executor;
  record.error = end_->error.message;
  const bool answered = end_->how == jobs::How::kAnswered;
  const bool cancelled = end_->how == jobs::How::kCancelled;
  record.state = answered ? "done" : cancelled ? "cancelled" : "failed";
  if (end_->how == jobs::How::kExplained) record.state = "explained";
  return record;
}

}  // namespace timerose::node
