#include "scheduler/execute/service_state.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/duration.h"

namespace timerose::scheduler::execute {
namespace {

// Streams that one peer may have open to us: one is enough, another replaces one that is dying.
constexpr uint32_t kInboundStreamsMax = 4;

// Guests at a time, unless it is said: the engine has places for more, for calls of this node's
// own.
constexpr size_t kRunThreadsMax = 32;
// Handed over at a time for each thread, so that none waits for the loop between small calls.
constexpr uint32_t kRunningOfThread = 4;
// And so many more than threads at most: each of these may turn out to need a thread for long, and
// with those of other requesters they must find a place in the engine.
constexpr uint32_t kRunningMore = 8;
// For requesters that have nothing running, or nothing being fetched.
constexpr uint32_t kRunningSpare = 16;
constexpr uint32_t kFetchingSpare = 8;

size_t run_threads_of(const Service::Parts& parts) {
  if (parts.run_threads != 0) return parts.run_threads;
  return std::clamp<size_t>(std::thread::hardware_concurrency(), 1, kRunThreadsMax);
}

ExecutorLimits limits_for(ExecutorLimits limits, size_t run_threads) {
  const auto threads = static_cast<uint32_t>(run_threads);
  const uint32_t running = std::min(threads * kRunningOfThread, threads + kRunningMore);
  limits.running_max = std::max(limits.running_max, running);
  limits.running_spare = kRunningSpare;
  limits.fetching_spare = kFetchingSpare;
  limits.run_threads = threads;
  return limits;
}

CallNumber first_number(Random& random) {
  CallNumber number = 0;
  random.fill({reinterpret_cast<uint8_t*>(&number), sizeof(number)});
  return number;
}

// A guest may write byte by byte, faster than the loop tells of it.
Joined join_logs(ExecutorEvent& waiting, ExecutorEvent& event) {
  const auto* next = std::get_if<LogWritten>(&event);
  auto* log = std::get_if<LogWritten>(&waiting);
  if (next == nullptr || log == nullptr) return Joined::kNowhere;
  return append(*log, *next) ? Joined::kDone : Joined::kNotHere;
}

}  // namespace

Service::State::State(const Parts& of, const ServiceOptions& options, GateRules rules)
    : parts(of),
      self(PeerId::of(of.key)),
      clock(of.clock == nullptr ? own_clock : *of.clock),
      view(std::move(rules), clock, of.runner_of),
      credentials(of.key),
      executor_side(view, limits_for(options.executor, run_threads_of(of))),
      requester_side(options.requester),
      numbers(first_number(of.random)) {
  from_worker = std::make_shared<Mailbox<ExecutorEvent>>(
      parts.loop, [this](std::vector<ExecutorEvent>& events) {
        for (ExecutorEvent& event : events) executor_step(std::move(event));
      });
  questions = std::make_shared<Mailbox<Question>>(parts.loop, [this](std::vector<Question>& asked) {
    for (Question& question : asked) {
      if (stopped) {
        tell_stopped(question.call, question.on_update);
        continue;
      }
      askers.insert_or_assign(question.call, std::move(question.on_update));
      add_credentials(question.ask);
      requester_step(std::move(question.ask));
    }
  });
  const ExecutorLimits limits = limits_for(options.executor, run_threads_of(parts));
  worker.emplace(Worker::Parts{
      .executor = parts.executor,
      .store = parts.store,
      .exchange = parts.exchange,
      .key = parts.key,
      .tell = [mailbox =
                   from_worker](ExecutorEvent event) { mailbox->put(std::move(event), join_logs); },
      .runner_of = parts.runner_of,
      .run_threads = limits.run_threads,
      .run_threads_max = limits.running_max + limits.running_spare,
      .fetch_threads = limits.fetching_max + limits.fetching_spare,
      .output = limits.output});
  view.look_into(worker->known());
  timer = parts.loop.timer([this] {
    executor_step(Tick{});
    requester_step(RequesterTick{});
  });
  parts.host.handle_protocol({std::string(kProtocol), kFrameBytesMax, kInboundStreamsMax});
}

Service::State::~State() { questions->close(); }

void Service::State::tell_stopped(CallNumber call, const OnUpdate& on_update) {
  on_update(Failure{call, FailureKind::kCancelled, "the node is stopping"});
}

// What is asked from here on is answered too.
void Service::State::end() {
  if (std::exchange(stopped, true)) return;
  executor_step(Drain{.also_running = true});
  send_all();
  from_worker->close();
  timer->set(UINT64_MAX);
  for (auto& [number, on_update] : std::exchange(askers, {})) tell_stopped(number, on_update);
}

// --- Decisions, carried out ---

void Service::State::executor_step(ExecutorEvent event) {
  if (parts.observer != nullptr) parts.observer->saw(event);
  if (const auto* over = std::get_if<ExecutionEnded>(&event)) worker->let_go(over->execution);
  auto actions = std::exchange(executor_side.step(parts.loop.now_ns(), std::move(event)), {});
  for (ExecutorAction& action : actions) carry_out(action);
  if (!stopped) set_timer();
}

void Service::State::carry_out(ExecutorAction& action) {
  if (parts.observer != nullptr) parts.observer->saw(action);
  if (auto* send = std::get_if<SendTo>(&action)) {
    if (send->link == kOwnLink) {
      return later([message = std::move(send->message)](State& state) {
        state.requester_step(Heard{state.self, message});
      });
    }
    put(send->link, send->message);
  } else if (auto* fetch = std::get_if<FetchInputs>(&action)) {
    worker->fetch(fetch->execution, std::move(fetch->job));
  } else if (auto* run = std::get_if<Launch>(&action)) {
    worker->run(run->execution, std::move(run->job));
  } else if (const auto* stop = std::get_if<Stop>(&action)) {
    worker->stop(stop->execution);
  } else if (const auto* gone = std::get_if<LetGo>(&action)) {
    worker->let_go(gone->execution);
  } else if (auto* survey = std::get_if<Survey>(&action)) {
    worker->survey(survey->question, std::move(survey->job));
  } else if (const auto* look_up = std::get_if<LookUp>(&action)) {
    worker->look_up(look_up->question, look_up->invocation);
  } else if (const auto* close_link = std::get_if<CloseLink>(&action)) {
    close(close_link->link, close_link->why);
  }
}

void Service::State::requester_step(RequesterEvent event) {
  if (parts.observer != nullptr) parts.observer->saw(event);
  auto actions = std::exchange(requester_side.step(parts.loop.now_ns(), std::move(event)), {});
  for (RequesterAction& action : actions) carry_out(action);
  if (!stopped) set_timer();
}

void Service::State::carry_out(RequesterAction& action) {
  if (parts.observer != nullptr) parts.observer->saw(action);
  if (const auto* wanted = std::get_if<OpenLink>(&action)) {
    open(wanted->executor);
  } else if (auto* say = std::get_if<Say>(&action)) {
    if (say->executor == self) {
      return later([message = std::move(say->message)](State& state) {
        state.executor_step(Received{kOwnLink, message});
      });
    }
    const auto stream = to_executors.find(say->executor);
    if (stream != to_executors.end()) put(stream->second, say->message);
  } else if (const auto* end_link = std::get_if<EndLink>(&action)) {
    const auto stream = to_executors.find(end_link->executor);
    if (stream != to_executors.end()) close(stream->second, end_link->why);
  } else {
    tell(std::get<Told>(action));
  }
}

void Service::State::tell(Told& told) {
  const auto asker = askers.find(told.call);
  if (asker == askers.end()) return;
  const bool more = std::holds_alternative<Accept>(told.update) ||
                    std::holds_alternative<Log>(told.update) ||
                    std::holds_alternative<Commit>(told.update);
  if (more) return asker->second(std::move(told.update));
  const OnUpdate on_update = std::move(asker->second);
  askers.erase(asker);
  on_update(std::move(told.update));
}

// We need none to ask ourselves.
void Service::State::add_credentials(Ask& ask) const {
  if (ask.executor == self) return;
  const uint64_t now_s = clock.unix_ns() / kNsPerSecond;
  if (auto* offer = std::get_if<Offer>(&ask.question)) {
    credentials.add_to(*offer, ask.executor, now_s);
  } else if (auto* probe = std::get_if<Probe>(&ask.question)) {
    credentials.add_to(*probe, ask.executor, now_s);
  }
}

}  // namespace timerose::scheduler::execute
