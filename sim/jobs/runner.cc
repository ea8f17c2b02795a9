#include "sim/jobs/runner.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "compute/receipt.h"
#include "scheduler/execute/requester_side.h"
#include "sim/jobs/mesh_node.h"

namespace timerose::sim::jobs {
namespace {

using namespace scheduler::execute;  // NOLINT(google-build-using-namespace): its messages and
                                     // events

constexpr double kCompilePerByte_fuel = 200;
constexpr uint64_t kKilledAfterNs = 50 * kMillisecond;
constexpr uint64_t kRestartNs = 5 * kSecond;
constexpr uint64_t kStopTakesNs = 5 * kMillisecond;
constexpr uint64_t kWatchNs = kSecond;
// To look into what a call would need, or whether it is known.
constexpr uint64_t kLookMinNs = 100 * kMicrosecond;
constexpr uint64_t kLookMaxNs = 5 * kMillisecond;
constexpr size_t kWarmMax = 64;
constexpr uint64_t kLieOfAll = 1;

ExecutorLimits limits_for(const Limits& given, const Machine& machine) {
  ExecutorLimits limits;
  limits.running_max = static_cast<uint32_t>(machine.cores);
  limits.run_threads = limits.running_max;
  limits.running_of_requester_max = static_cast<uint32_t>(given.running_of_requester);
  limits.fetching_max = static_cast<uint32_t>(given.fetching);
  limits.calls_max = given.calls;
  limits.calls_of_requester_max = given.calls_of_requester;
  limits.bytes_of_requester_max = given.bytes_of_requester;
  limits.fuel_of_requester_a_minute = given.fuel_a_minute;
  return limits;
}

}  // namespace

Runner::Runner(MeshWorld& world, NodeNumber self, Manner manner, double slower)
    : world_(world),
      self_(self),
      manner_(manner),
      slower_(slower),
      cores_(world.geography.machine(self).cores),
      promises_(world.events, limits_for(world.scenario.limits, world.geography.machine(self)),
                [&world, self](const std::string& what) {
                  world.chronicle.fail(fmt::format("node {}: {}", self, what));
                }),
      store_(world, self) {}

Runner::~Runner() = default;

bool Runner::may_ask(const PeerId& /*requester*/) const { return true; }

std::vector<ObjectNumber> Runner::missing(const Job& job) const {
  std::vector<ObjectNumber> out;
  const auto look = [&](const Cid& cid) {
    const auto object = world_.catalogue.find(cid);
    if (object && !store_.holds(*object)) out.push_back(*object);
  };
  look(job.invocation.module);
  for (const Cid& input : job.invocation.inputs) look(input);
  return out;
}

bool Runner::has_inputs(const Job& job) const { return missing(job).empty(); }

ExecutorSide::Load Runner::load() const { return side_ ? side_->load() : ExecutorSide::Load(); }

void Runner::link_opened(mesh::StreamId link, NodeNumber requester) {
  if (!side_) {
    ExecutorLimits limits = limits_for(world_.scenario.limits, world_.geography.machine(self_));
    if (world_.sabotage.limits) world_.sabotage.limits(limits);
    side_ = std::make_unique<ExecutorSide>(*this, limits);
  }
  links_[link] = requester;
  step(LinkOpened{link, world_.id_of(requester)});
}

void Runner::link_closed(mesh::StreamId link) {
  if (links_.erase(link) > 0) step(LinkClosed{link});
}

void Runner::received(mesh::StreamId link, Message message) {
  if (!links_.contains(link)) return;
  if (std::holds_alternative<Offer>(message)) {
    ++world_.books.totals.offers;
    world_.omniscient.arrived(self_);
  }
  step(Received{link, std::move(message)});
}

void Runner::step(ExecutorEvent event) {
  watch_event(event);
  auto& actions = side_->step(world_.events.now_ns(), std::move(event));
  if (world_.sabotage.executor) world_.sabotage.executor(actions);
  for (ExecutorAction& action : actions) {
    watch_action(action);
    carry_out(action);
  }
  promises_.check_limits();
  wake();
}

void Runner::watch_event(const ExecutorEvent& event) {
  if (const auto* opened = std::get_if<LinkOpened>(&event)) {
    promises_.opened(opened->link, opened->peer);
  } else if (const auto* closed = std::get_if<LinkClosed>(&event)) {
    promises_.closed(closed->link);
  } else if (const auto* received = std::get_if<Received>(&event)) {
    promises_.received(received->link, received->message);
  } else if (const auto* surveyed = std::get_if<Surveyed>(&event)) {
    promises_.told(surveyed->question);
  } else if (const auto* looked = std::get_if<LookedUp>(&event)) {
    promises_.told(looked->question);
  } else if (const auto* fetched = std::get_if<InputsFetched>(&event)) {
    promises_.fetched(fetched->execution);
  } else if (const auto* ended = std::get_if<ExecutionEnded>(&event)) {
    promises_.ran(ended->execution, ended->fuel_used);
  }
}

void Runner::watch_action(const ExecutorAction& action) {
  if (const auto* send = std::get_if<SendTo>(&action)) {
    promises_.sent(send->link, send->message);
  } else if (const auto* inputs = std::get_if<FetchInputs>(&action)) {
    promises_.fetches(inputs->execution, *inputs->job);
  } else if (const auto* begun = std::get_if<Launch>(&action)) {
    promises_.runs(begun->execution, *begun->job);
  } else if (const auto* unwanted = std::get_if<Stop>(&action)) {
    promises_.stops(unwanted->execution);
  } else if (const auto* probed = std::get_if<Survey>(&action)) {
    promises_.asked(probed->question);
  } else if (const auto* asked = std::get_if<LookUp>(&action)) {
    promises_.asked(asked->question);
  }
}

void Runner::wake() {
  const uint64_t next_ns = side_->next_tick_ns();
  if (next_ns >= wakes_ns_) return;
  wakes_ns_ = next_ns;
  const uint64_t now_ns = world_.events.now_ns();
  world_.after(self_, next_ns - std::min(next_ns, now_ns), [this, next_ns] {
    if (wakes_ns_ != next_ns) return;
    wakes_ns_ = UINT64_MAX;
    step(Tick{});
  });
}

void Runner::carry_out(ExecutorAction& action) {
  if (auto* send = std::get_if<SendTo>(&action)) {
    world_.wires.reply(send->link, std::move(send->message));
  } else if (const auto* inputs = std::get_if<FetchInputs>(&action)) {
    fetch(inputs->execution, inputs->job);
  } else if (const auto* begun = std::get_if<Launch>(&action)) {
    launch(begun->execution, begun->job);
  } else if (const auto* unwanted = std::get_if<Stop>(&action)) {
    stop(unwanted->execution);
  } else if (const auto* probed = std::get_if<Survey>(&action)) {
    world_.after(self_, world_.dice.between(kLookMinNs, kLookMaxNs),
                 [this, id = probed->question, job = probed->job] {
                   step(Surveyed{id, estimate_of(*job)});
                 });
  } else if (const auto* asked = std::get_if<LookUp>(&action)) {
    world_.after(self_, world_.dice.between(kLookMinNs, kLookMaxNs),
                 [this, id = asked->question, name = asked->invocation] {
                   step(LookedUp{id, answer_known(name)});
                 });
  } else if (const auto* ended = std::get_if<CloseLink>(&action)) {
    links_.erase(ended->link);
    world_.wires.close(ended->link);
    world_.chronicle.fail(fmt::format("node {} ended a link: {}", self_, ended->why));
  }
}

Estimate Runner::estimate_of(const Job& job) const {
  Estimate out;
  if (world_.scenario.faults.praise && world_.nodes[self_]->lies()) {
    out.warm = true;
    return out;
  }
  for (const ObjectNumber object : missing(job)) {
    out.lacking_bytes += world_.catalogue.object(object).bytes;
  }
  out.warm = std::find(warm_.begin(), warm_.end(), job.invocation.module) != warm_.end();
  out.known = world_.memos.find(self_, job.name) != nullptr;
  return out;
}

// Who lies says that it knows whatever it is asked.
std::optional<Finish> Runner::answer_known(const Cid& invocation) const {
  const KnownAnswer* known = world_.memos.find(self_, invocation);
  const bool lies = manner_ == Manner::kLiesAlone || manner_ == Manner::kLiesTogether;
  if (known == nullptr && !lies) return std::nullopt;
  Finish finish;
  finish.cached = true;
  finish.outcome = lies ? lie_about(invocation) : known->outcome;
  finish.receipt = receipt_of(invocation, finish.outcome, lies ? 1 : known->fuel);
  return finish;
}

Bytes Runner::lie_about(const Cid& invocation) const {
  return false_outcome(invocation, manner_ == Manner::kLiesAlone ? 2 + uint64_t{self_} : kLieOfAll);
}

void Runner::fetch(ExecutionId id, const std::shared_ptr<const Job>& job) {
  const std::vector<ObjectNumber> lacking = missing(*job);
  uint64_t bytes = 0;  // that do not come for another call anyway
  for (const ObjectNumber object : lacking) {
    if (!store_.is_fetching(object)) bytes += world_.catalogue.object(object).bytes;
  }
  if (!lacking.empty()) ++world_.books.totals.moving;
  if (bytes > 0) world_.free_holders.moves(job->name, self_, job->invocation, bytes);
  Fetching fetching{.job = job};
  fetching.wait = store_.fetch(lacking, [this, id](bool here) {
    fetching_.erase(id);
    std::optional<Failure> why;
    if (!here) why = Failure{0, FailureKind::kMissingBlock, "nobody has it"};
    step(InputsFetched{id, std::move(why)});
  });
  fetching_.emplace(id, std::move(fetching));
  watch();
}

void Runner::launch(ExecutionId id, const std::shared_ptr<const Job>& job) {
  Running running{.job = job,
                  .begun_ns = world_.events.now_ns(),
                  .number = ++launches_,
                  .memory = job->invocation.memory_bytes_max,
                  .known = !job->fresh && world_.memos.find(self_, job->name) != nullptr,
                  .truth = truth_of(world_.catalogue, job->invocation, job->name)};
  memory_used_ += running.memory;
  if (!running.known) ++world_.books.totals.executions;
  world_.chronicle.note(self_, "runs", static_cast<uint64_t>(id));
  if (running.truth.kills && !running.known) {
    world_.after(self_, kKilledAfterNs, [this] {
      ++world_.books.totals.killed;
      MeshWorld& world = world_;
      const NodeNumber self = self_;
      world.events.after(kRestartNs, [&world, self] { world.nodes[self]->start(); });
      world.nodes[self]->stop(false);
    });
  } else if (manner_ != Manner::kNeverRuns) {
    const uint64_t takes_ns = running.known ? kLookMinNs : duration_ns(*job, running.truth);
    world_.after(self_, takes_ns, [this, id, number = running.number] {
      const auto found = running_.find(id);
      if (found != running_.end() && found->second.number == number) end(id);
    });
  }
  world_.free_holders.begins(job->name, self_, compile_ns(job->invocation.module));
  make_warm(job->invocation.module);
  running_.emplace(id, std::move(running));
  watch();
}

uint64_t Runner::duration_ns(const Job& job, const Truth& truth) const {
  const auto fuel = static_cast<double>(std::min(truth.fuel, job.fuel));
  return ns_for(fuel + compile_fuel(job.invocation.module));
}

uint64_t Runner::compile_ns(const Cid& module) const { return ns_for(compile_fuel(module)); }

double Runner::compile_fuel(const Cid& module) const {
  const bool warm = std::find(warm_.begin(), warm_.end(), module) != warm_.end();
  const Function* function = world_.catalogue.function_of(module);
  if (function == nullptr || warm) return 0;
  return kCompilePerByte_fuel * static_cast<double>(function->kind->module_bytes);
}

uint64_t Runner::ns_for(double fuel) const {
  const double seconds =
      slower_ * fuel / static_cast<double>(world_.geography.machine(self_).fuel_per_s);
  return static_cast<uint64_t>(seconds * 1e9);
}

// As much as a guest uses in that time, at most.
uint64_t Runner::fuel_in(uint64_t ns) const {
  const auto per_s = static_cast<double>(world_.geography.machine(self_).fuel_per_s);
  return static_cast<uint64_t>(static_cast<double>(ns) / 1e9 * per_s / slower_);
}

void Runner::make_warm(const Cid& module) {
  if (!warm_.empty() && warm_.front() == module) return;
  std::erase(warm_, module);
  warm_.insert(warm_.begin(), module);
  if (warm_.size() > kWarmMax) warm_.pop_back();
}

void Runner::end(ExecutionId id) {
  const Running running = std::move(running_.extract(id).mapped());
  const Job& job = *running.job;
  memory_used_ -= running.memory;
  ExecutionEnded ended{.execution = id, .answer = Failure{}, .duration_ns = 0, .fuel_used = 0};
  ended.duration_ns = world_.events.now_ns() - running.begun_ns;
  if (running.known) {
    ended.answer = *answer_known(job.name);
    return step(std::move(ended));
  }
  ended.fuel_used = std::min(job.fuel, running.truth.fuel);
  if (running.truth.fuel > job.fuel) {
    ended.answer = Failure{0, FailureKind::kFuel, "the fuel budget is used up"};
  } else {
    if (manner_ == Manner::kHonest) {
      world_.memos.keep(self_, job.name, {running.truth.outcome, running.truth.fuel},
                        ended.duration_ns);
    }
    ended.answer = answer_of(job, running.truth);
  }
  step(std::move(ended));
}

Finish Runner::answer_of(const Job& job, const Truth& truth) {
  Finish finish;
  finish.outcome = truth.outcome;
  if (manner_ != Manner::kHonest) finish.outcome = lie_about(job.name);
  if (manner_ == Manner::kHonest) {
    const Function* const function = world_.catalogue.function_of(job.invocation.module);
    const ObjectNumber output = world_.catalogue.add(truth.output, function->kind->output_bytes);
    world_.catalogue.put(self_, output);
  }
  if (job.receipt) finish.receipt = receipt_of(job.name, finish.outcome, truth.fuel);
  return finish;
}

Bytes Runner::receipt_of(const Cid& invocation, ByteView outcome, uint64_t fuel) const {
  static const auto kEngine = std::make_shared<const compute::EngineName>("modelled 1", "");
  compute::Receipt receipt(invocation, Cid::of_sha256(Codec::kDagCbor, outcome));
  receipt.metering.engine = kEngine;
  receipt.metering.fuel_used = fuel;
  CHECK(receipt.sign(world_.key_of(self_)).ok());
  auto encoded = receipt.encode();
  CHECK(encoded.ok());
  return *std::move(encoded);
}

// A fetch or a run that nobody wants any more: it is answered all the same, a little later.
void Runner::stop(ExecutionId id) {
  ++world_.books.totals.useless;
  world_.chronicle.note(self_, "stops it", static_cast<uint64_t>(id));
  if (const auto fetching = fetching_.find(id); fetching != fetching_.end()) {
    store_.forget(fetching->second.wait);
    fetching_.erase(fetching);
    world_.after(self_, kStopTakesNs, [this, id] {
      step(InputsFetched{id, Failure{0, FailureKind::kCancelled, "stopped"}});
    });
    return;
  }
  const auto running = running_.find(id);
  if (running == running_.end()) return;
  memory_used_ -= running->second.memory;
  const uint64_t took_ns = world_.events.now_ns() - running->second.begun_ns;
  const uint64_t fuel = std::min(running->second.job->fuel, fuel_in(took_ns));
  running_.erase(running);
  world_.after(self_, kStopTakesNs, [this, id, took_ns, fuel] {
    step(ExecutionEnded{id, Failure{0, FailureKind::kCancelled, "stopped"}, took_ns, fuel});
  });
}

void Runner::lose_all() { world_.books.totals.useless += running_.size(); }

// --- Promises ---

void Runner::watch() {
  if (watching_) return;
  watching_ = true;
  world_.after(self_, kWatchNs, [this] {
    watching_ = false;
    promises_.check_leases();
    if (promises_.is_at_work()) watch();
  });
}

void Runner::check_at_rest() {
  const auto now = load();
  if (now.waiting + now.running == 0 && running_.empty() && fetching_.empty()) return;
  world_.chronicle.fail(fmt::format("node {} is still at work after the end", self_));
}

}  // namespace timerose::sim::jobs
