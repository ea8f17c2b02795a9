#include "scheduler/execute/service.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "scheduler/execute/credentials.h"
#include "scheduler/execute/mailbox.h"
#include "scheduler/execute/outbox.h"

namespace timerose::scheduler::execute {
namespace {

// Streams that one peer may have open to us: one is enough, another replaces one that is dying.
constexpr uint32_t kInboundStreamsMax = 4;

constexpr uint64_t kNsPerSecond = 1'000'000'000;

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

// The link of this node to itself: no stream of the host has its number.
constexpr mesh::StreamId kOwnLink{UINT64_MAX};

CallNumber first_number(Random& random) {
  CallNumber number = 0;
  random.fill({reinterpret_cast<uint8_t*>(&number), sizeof(number)});
  return number;
}

struct Question {
  CallNumber call;
  Ask ask;
  Service::OnUpdate on_update;
};

class View final : public ExecutorView {
 public:
  View(GateRules rules, Clock& clock, RunnerOf runner_of)
      : gate_(std::move(rules), clock), runner_of_(std::move(runner_of)) {}
  Gate& gate() { return gate_; }
  void look_into(const KnownInputs& known) { known_ = &known; }

  [[nodiscard]] bool may_ask(const PeerId& requester) const override {
    return gate_.may_ask(requester);
  }
  [[nodiscard]] Admission admit(const Asked& asked) const override { return gate_.admit(asked); }
  [[nodiscard]] bool has_inputs(const Job& job) const override {
    return known_->has_all(job.invocation);
  }
  [[nodiscard]] bool shares_answers(const PeerId& requester) const override {
    const auto runner = runner_of_ ? runner_of_(requester) : nullptr;
    return runner == nullptr || !runner->scope();
  }

 private:
  mutable Gate gate_;  // remembers which signatures are right
  const RunnerOf runner_of_;
  const KnownInputs* known_ = nullptr;
};

}  // namespace

// All of it is of the loop's thread, but for the mailboxes and the numbers.
struct Service::State : std::enable_shared_from_this<Service::State> {
  State(const Parts& of, const ServiceOptions& options, GateRules rules);

  void end();

  bool on_event(const mesh::Event& event);
  bool on(const mesh::StreamOpened& event);
  bool on(const mesh::StreamFrame& event);
  bool on(const mesh::StreamWritable& event);
  bool on(const mesh::StreamClosed& event);
  template <typename Other>
  bool on(const Other& /*event*/) {
    return false;
  }

  struct Stream {
    PeerId peer;
    mesh::Direction direction;
    Outbox outbox;
    bool is_waiting_to_send = false;  // in to_send
    bool is_held_back = false;        // not read while its outbox is full
  };

  void executor_step(ExecutorEvent event);
  void requester_step(RequesterEvent event);
  void carry_out(ExecutorAction& action);
  void carry_out(RequesterAction& action);
  void add_credentials(Ask& ask) const;
  void open(const PeerId& executor);
  void open_to_self();
  void later(std::function<void(State&)> task);
  void put(mesh::StreamId stream, const Message& message);
  void send_all();
  void send(mesh::StreamId id, Stream& stream);
  void close(mesh::StreamId stream, const std::string& why, bool broke_protocol = false);
  void ended(mesh::StreamId id, const std::string& why, bool broke_protocol = false);
  void tell(Told& told);
  void set_timer() {
    timer->set(std::min(executor_side.next_tick_ns(), requester_side.next_tick_ns()));
  }

  const Parts parts;
  const PeerId self;
  SystemClock own_clock;
  Clock& clock;
  View view;
  Credentials credentials;
  ExecutorSide executor_side;
  RequesterSide requester_side;
  std::atomic<CallNumber> numbers;
  bool stopped = false;

  std::unordered_map<mesh::StreamId, Stream> streams;
  std::map<PeerId, mesh::StreamId> to_executors;
  std::vector<mesh::StreamId> to_send;
  std::unordered_map<CallNumber, OnUpdate> askers;

  std::shared_ptr<Mailbox<ExecutorEvent>> from_worker;
  std::shared_ptr<Mailbox<Question>> questions;
  std::unique_ptr<EventLoop::Timer> timer;
  std::optional<Worker> worker;
};

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
      .tell = [mailbox = from_worker](ExecutorEvent event) { mailbox->put(std::move(event)); },
      .runner_of = parts.runner_of,
      .run_threads = limits.run_threads,
      .run_threads_max = limits.running_max + limits.running_spare,
      .fetch_threads = limits.fetching_max + limits.fetching_spare});
  view.look_into(worker->known());
  timer = parts.loop.timer([this] {
    executor_step(Tick{});
    requester_step(RequesterTick{});
  });
  parts.host.handle_protocol({std::string(kProtocol), kFrameBytesMax, kInboundStreamsMax});
}

void Service::State::end() {
  if (std::exchange(stopped, true)) return;
  executor_step(Drain{.also_running = true});
  send_all();
  from_worker->close();
  questions->close();
  timer->set(UINT64_MAX);
  for (auto& [number, on_update] : std::exchange(askers, {})) {
    on_update(Failure{number, FailureKind::kCancelled, "the node is stopping"});
  }
}

// --- Streams ---

bool Service::State::on_event(const mesh::Event& event) {
  return !stopped && std::visit([this](const auto& one) { return on(one); }, event);
}

bool Service::State::on(const mesh::StreamOpened& event) {
  if (event.protocol != kProtocol) return false;
  if (event.direction == mesh::Direction::kOutbound) {
    if (!streams.contains(event.stream)) return false;
    requester_step(LinkReady{event.peer});
    return true;
  }
  streams.emplace(event.stream, Stream{event.peer, event.direction, {}});
  executor_step(LinkOpened{event.stream, event.peer});
  return true;
}

bool Service::State::on(const mesh::StreamFrame& event) {
  const auto found = streams.find(event.stream);
  if (found == streams.end()) return false;
  auto messages = decode_frame(event.frame.view());
  if (!messages.ok()) {
    close(event.stream, messages.error().message, true);
    return true;
  }
  const bool asks_us = found->second.direction == mesh::Direction::kInbound;
  const PeerId peer = found->second.peer;
  for (Message& message : *messages) {
    if (asks_us) {
      executor_step(Received{event.stream, std::move(message)});
    } else {
      requester_step(Heard{peer, std::move(message)});
    }
  }
  return true;
}

bool Service::State::on(const mesh::StreamWritable& event) {
  const auto found = streams.find(event.stream);
  if (found == streams.end()) return false;
  send(event.stream, found->second);
  return true;
}

bool Service::State::on(const mesh::StreamClosed& event) {
  if (!streams.contains(event.stream)) return false;
  ended(event.stream, event.why.empty() ? "the peer closed the stream" : event.why);
  return true;
}

void Service::State::close(mesh::StreamId stream, const std::string& why, bool broke_protocol) {
  if (stream == kOwnLink) {
    return later([why](State& state) {
      state.to_executors.erase(state.self);
      state.executor_step(LinkClosed{kOwnLink});
      state.requester_step(LinkLost{state.self, why});
    });
  }
  if (!streams.contains(stream)) return;
  parts.host.close_stream(stream);
  ended(stream, why, broke_protocol);
}

void Service::State::ended(mesh::StreamId id, const std::string& why, bool broke_protocol) {
  const auto found = streams.find(id);
  const PeerId peer = found->second.peer;
  const bool asks_us = found->second.direction == mesh::Direction::kInbound;
  streams.erase(found);
  if (asks_us) return executor_step(LinkClosed{id});
  to_executors.erase(peer);
  if (broke_protocol) {
    return requester_step(LinkLost{peer, "the executor broke the protocol: " + why, true});
  }
  const bool speaks_not = why.find("speaks none of the protocols") != std::string::npos;
  requester_step(
      LinkLost{peer, speaks_not ? "the peer does not execute calls of others (" + why + ")" : why,
               speaks_not});
}

// After what is being handled now.
void Service::State::later(std::function<void(State&)> task) {
  parts.loop.post([weak = weak_from_this(), task = std::move(task)] {
    const auto state = weak.lock();
    if (state && !state->stopped) task(*state);
  });
}

// This node asks itself by the same rules as anyone: its calls stand in the same queue.
void Service::State::open_to_self() {
  to_executors.insert_or_assign(self, kOwnLink);
  later([](State& state) {
    state.executor_step(LinkOpened{kOwnLink, state.self});
    state.requester_step(LinkReady{state.self});
  });
}

void Service::State::open(const PeerId& executor) {
  if (executor == self) return open_to_self();
  const mesh::StreamId stream = parts.host.open_stream(executor, {std::string(kProtocol)});
  streams.emplace(stream, Stream{executor, mesh::Direction::kOutbound, {}});
  to_executors.insert_or_assign(executor, stream);
}

// What is put while events are handled leaves in one frame.
void Service::State::put(mesh::StreamId id, const Message& message) {
  const auto found = streams.find(id);
  if (found == streams.end()) return;
  Stream& stream = found->second;
  stream.outbox.add(message);
  if (std::exchange(stream.is_waiting_to_send, true)) return;
  to_send.push_back(id);
  if (to_send.size() > 1) return;
  parts.loop.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->send_all();
  });
}

void Service::State::send_all() {
  for (const mesh::StreamId id : std::exchange(to_send, {})) {
    const auto found = streams.find(id);
    if (found == streams.end()) continue;
    found->second.is_waiting_to_send = false;
    send(id, found->second);
  }
}

void Service::State::send(mesh::StreamId id, Stream& stream) {
  if (stream.outbox.send(parts.host, id) == mesh::Sent::kClosed) return;  // StreamClosed follows
  const bool hold_back = stream.outbox.is_full();
  if (hold_back == stream.is_held_back) return;
  stream.is_held_back = hold_back;
  parts.host.set_reading(id, !hold_back);
}

// --- Decisions ---

void Service::State::executor_step(ExecutorEvent event) {
  if (parts.observer != nullptr) parts.observer->saw(event);
  if (const auto* fetched = std::get_if<InputsFetched>(&event); fetched && fetched->failure) {
    worker->ended(fetched->execution);
  }
  if (const auto* over = std::get_if<ExecutionEnded>(&event)) worker->ended(over->execution);
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

// --- The service ---

Service::Service(const Parts& parts, const ServiceOptions& options, GateRules rules)
    : state_(std::make_shared<State>(parts, options, std::move(rules))) {}

Service::~Service() { state_->end(); }

bool Service::on_event(const mesh::Event& event) { return state_->on_event(event); }
void Service::stop() { state_->end(); }
ExecutorSide::Load Service::load() const { return state_->executor_side.load(); }
std::vector<ExecutorSide::Queued> Service::queue() const { return state_->executor_side.queue(); }

void Service::set_rules(GateRules rules) {
  state_->parts.loop.post([weak = std::weak_ptr(state_), rules = std::move(rules)]() mutable {
    if (const auto state = weak.lock()) state->view.gate().set(std::move(rules));
  });
}

void Service::set_trust(TrustList trust) {
  state_->parts.loop.post([weak = std::weak_ptr(state_), trust = std::move(trust)]() mutable {
    if (const auto state = weak.lock()) state->view.gate().set_trust(std::move(trust));
  });
}

void Service::set_credentials(std::vector<authority::TokenRef> tokens) {
  state_->parts.loop.post([weak = std::weak_ptr(state_), tokens = std::move(tokens)]() mutable {
    if (const auto state = weak.lock()) state->credentials.set(std::move(tokens));
  });
}

template <typename Question>
CallNumber Service::ask_any(const PeerId& executor, Question question, OnUpdate on_update,
                            Patience patience) {
  const CallNumber number = ++state_->numbers;
  question.call = number;
  state_->questions->put(
      {number, Ask{executor, std::move(question), patience}, std::move(on_update)});
  return number;
}

CallNumber Service::ask(const PeerId& executor, Offer offer, OnUpdate on_update,
                        Patience patience) {
  return ask_any(executor, std::move(offer), std::move(on_update), patience);
}

CallNumber Service::ask(const PeerId& executor, Probe probe, OnUpdate on_update) {
  return ask_any(executor, std::move(probe), std::move(on_update));
}

CallNumber Service::ask(const PeerId& executor, Known known, OnUpdate on_update) {
  return ask_any(executor, std::move(known), std::move(on_update));
}

void Service::reveal(std::vector<CallNumber> calls) {
  state_->parts.loop.post([weak = std::weak_ptr(state_), calls = std::move(calls)]() mutable {
    const auto state = weak.lock();
    if (state && !state->stopped) state->requester_step(RevealCalls{std::move(calls)});
  });
}

void Service::give_up(CallNumber call) {
  state_->parts.loop.post([weak = std::weak_ptr(state_), call] {
    const auto state = weak.lock();
    if (state && !state->stopped) state->requester_step(GiveUp{call});
  });
}

}  // namespace timerose::scheduler::execute
