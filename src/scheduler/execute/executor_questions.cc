// What is asked without an offer: what a call would cost here, and whether its Outcome is known.
#include <fmt/format.h>

#include <algorithm>

#include "base/duration.h"
#include "scheduler/execute/executor_side.h"

namespace timerose::scheduler::execute {

// Nothing if as many are looked into as may be; then that was said.
std::optional<QuestionId> ExecutorSide::begin_question(Question question) {
  Requester& requester = requesters_.at(question.peer);
  const size_t questions_max = question.standing == Standing::kStranger
                                   ? limits_.strangers.questions_of_each_max
                                   : limits_.questions_of_requester_max;
  if (questions_.size() >= limits_.questions_max || requester.questions >= questions_max ||
      !has_room(question.standing, requester, question.bytes)) {
    send(question.link,
         Busy{question.call, kRetryMs, questions_.size(),
              fmt::format("{} questions of yours are looked into already, of {} in all; with your "
                          "calls they hold {} bytes",
                          requester.questions, questions_.size(), requester.bytes)});
    return std::nullopt;
  }
  ++requester.questions;
  count_bytes(requester, question.standing, question.bytes);
  const QuestionId id{++ids_};
  questions_.emplace(id, std::move(question));
  return id;
}

std::optional<ExecutorSide::Question> ExecutorSide::end_question(QuestionId id) {
  const auto found = questions_.find(id);
  if (found == questions_.end()) return std::nullopt;
  Question question = std::move(found->second);
  questions_.erase(found);
  Requester& requester = requesters_.at(question.peer);
  --requester.questions;
  count_bytes(requester, question.standing, 0 - question.bytes);
  drop_if_idle(question.peer);
  return question;
}

void ExecutorSide::take(mesh::StreamId link, Link& from, const Probe& probe) {
  auto invocation = compute::Invocation::decode(probe.invocation);
  if (!invocation.ok()) {
    return send(link, Refuse{probe.call, RefuseReason::kMalformed, invocation.error().message});
  }
  const auto standing =
      hear(link, from, probe.call, {from.peer, probe.authority, &*invocation, {}});
  if (!standing) return;
  const Cid name = Cid::of_sha256(Codec::kDagCbor, probe.invocation);
  const auto id = begin_question(
      {from.peer, link, probe.call, name, *standing, held_bytes(probe.invocation, *invocation)});
  if (!id) return;
  auto job = std::make_shared<Job>(name, *std::move(invocation));
  job->requester = from.peer;
  actions_.emplace_back(Survey{*id, std::move(job)});
}

void ExecutorSide::take(mesh::StreamId link, Link& from, const Known& known) {
  const auto standing = hear(link, from, known.call, {from.peer, known.authority, nullptr, {}});
  if (!standing) return;
  if (is_secret(known.invocation)) return send(link, Unknown{known.call});
  const auto id = begin_question({from.peer, link, known.call, known.invocation, *standing, 0});
  if (id) actions_.emplace_back(LookUp{*id, known.invocation});
}

void ExecutorSide::on(Surveyed& event) {
  const auto question = end_question(event.question);
  if (!question) return;
  event.estimate.call = question->call;
  event.estimate.wait_ms = wait_ms();
  event.estimate.known = event.estimate.known && !is_secret(question->invocation);
  send(question->link, std::move(event.estimate));
}

void ExecutorSide::on(LookedUp& event) {
  const auto question = end_question(event.question);
  if (!question) return;
  if (!event.found || is_secret(question->invocation)) {
    return send(question->link, Unknown{question->call});
  }
  event.found->call = question->call;
  event.found->cached = true;
  send(question->link, *std::move(event.found));
}

// As if every call took as long as the last ones did, and their ends came evenly.
uint64_t ExecutorSide::wait_ms() const {
  const size_t before = running_ + to_run_.size() + to_fetch_.size();
  if (before < limits_.run_threads) return 0;
  const uint64_t ends = before - limits_.run_threads + 1;
  return std::min(ends * mean_run_ns_ / limits_.run_threads / kNsPerMs, kMillisecondsMax);
}

}  // namespace timerose::scheduler::execute
