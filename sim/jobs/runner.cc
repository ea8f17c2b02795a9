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
// After the lease that requesters of the simulator ask for; executors look at time now and then.
constexpr uint64_t kLeaseNs = RequesterLimits().lease_ms * kMillisecond;
constexpr uint64_t kLeaseSlackNs = kSecond;
constexpr size_t kWarmMax = 64;
constexpr uint64_t kLieOfAll = 1;

ExecutorLimits limits_for(const Machine& machine) {
  ExecutorLimits limits;
  limits.running_max = static_cast<uint32_t>(machine.cores);
  limits.run_threads = limits.running_max;
  return limits;
}

}  // namespace

Runner::Runner(MeshWorld& world, NodeNumber self, Manner manner, double slower)
    : world_(world),
      self_(self),
      manner_(manner),
      slower_(slower),
      cores_(world.geography.machine(self).cores),
      limits_(limits_for(world.geography.machine(self))),
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
  if (!side_) side_ = std::make_unique<ExecutorSide>(*this, limits_);
  links_[link] = requester;
  heard_ns_[requester] = world_.events.now_ns();
  step(LinkOpened{link, world_.id_of(requester)});
}

void Runner::link_closed(mesh::StreamId link) {
  if (links_.erase(link) > 0) step(LinkClosed{link});
}

void Runner::received(mesh::StreamId link, Message message) {
  const auto from = links_.find(link);
  if (from == links_.end()) return;
  heard_ns_[from->second] = world_.events.now_ns();
  if (const auto* offer = std::get_if<Offer>(&message)) {
    ++world_.books.totals.offers;
    world_.omniscient.arrived(self_);
    askers_[Cid::of_sha256(Codec::kDagCbor, offer->invocation)].insert(from->second);
  }
  step(Received{link, std::move(message)});
}

void Runner::step(ExecutorEvent event) {
  for (ExecutorAction& action : side_->step(world_.events.now_ns(), std::move(event))) {
    carry_out(action);
  }
  check_limits();
  wake();
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
    world_.after(self_, 0, [this, id = probed->question, job = probed->job] {
      step(Surveyed{id, estimate_of(*job)});
    });
  } else if (const auto* asked = std::get_if<LookUp>(&action)) {
    world_.after(self_, 0, [this, id = asked->question] { step(LookedUp{id, std::nullopt}); });
  } else if (const auto* ended = std::get_if<CloseLink>(&action)) {
    links_.erase(ended->link);
    world_.wires.close(ended->link);
    world_.chronicle.fail(fmt::format("node {} ended a link: {}", self_, ended->why));
  }
}

Estimate Runner::estimate_of(const Job& job) const {
  Estimate out;
  for (const ObjectNumber object : missing(job)) {
    out.lacking_bytes += world_.catalogue.object(object).bytes;
  }
  out.warm = std::find(warm_.begin(), warm_.end(), job.invocation.module) != warm_.end();
  return out;
}

void Runner::fetch(ExecutionId id, const std::shared_ptr<const Job>& job) {
  const std::vector<ObjectNumber> lacking = missing(*job);
  count_move(*job, lacking);
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

// Whether another node could have run it at once, with nothing to move.
void Runner::count_move(const Job& job, const std::vector<ObjectNumber>& lacking) {
  if (lacking.empty()) return;
  Totals& totals = world_.books.totals;
  ++totals.moving;
  uint64_t bytes = 0;
  for (const ObjectNumber object : lacking) bytes += world_.catalogue.object(object).bytes;
  for (const NodeNumber node : world_.catalogue.object(lacking.back()).holders) {
    if (node == self_ || !world_.present(node)) continue;
    Runner& other = world_.nodes[node]->runner();
    const auto load = other.load();
    if (load.running + load.waiting >= other.cores() || !other.has_inputs(job)) continue;
    ++totals.moving_needlessly;
    totals.bytes_needlessly += bytes;
    return;
  }
}

void Runner::launch(ExecutionId id, const std::shared_ptr<const Job>& job) {
  Running running{.job = job,
                  .begun_ns = world_.events.now_ns(),
                  .number = ++launches_,
                  .memory = job->invocation.memory_bytes_max,
                  .truth = truth_of(world_.catalogue, job->invocation, job->name)};
  memory_used_ += running.memory;
  ++world_.books.totals.executions;
  world_.chronicle.note(self_, "runs", static_cast<uint64_t>(id));
  if (running.truth.kills) {
    world_.after(self_, kKilledAfterNs, [this] {
      ++world_.books.totals.killed;
      MeshWorld& world = world_;
      const NodeNumber self = self_;
      world.events.after(kRestartNs, [&world, self] { world.nodes[self]->start(); });
      world.nodes[self]->stop(false);
    });
  } else if (manner_ != Manner::kNeverRuns) {
    world_.after(self_, duration_ns(*job, running.truth), [this, id, number = running.number] {
      const auto found = running_.find(id);
      if (found != running_.end() && found->second.number == number) end(id);
    });
  }
  make_warm(job->invocation.module);
  running_.emplace(id, std::move(running));
  watch();
}

uint64_t Runner::duration_ns(const Job& job, const Truth& truth) {
  auto fuel = static_cast<double>(std::min(truth.fuel, job.fuel));
  const bool warm = std::find(warm_.begin(), warm_.end(), job.invocation.module) != warm_.end();
  if (const Function* function = world_.catalogue.function_of(job.invocation.module);
      function != nullptr && !warm) {
    fuel += kCompilePerByte_fuel * static_cast<double>(function->kind->module_bytes);
  }
  const double seconds =
      slower_ * fuel / static_cast<double>(world_.geography.machine(self_).fuel_per_s);
  return static_cast<uint64_t>(seconds * 1e9);
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
  askers_.erase(job.name);
  ExecutionEnded ended{.execution = id, .answer = Failure{}, .duration_ns = 0, .fuel_used = 0};
  ended.duration_ns = world_.events.now_ns() - running.begun_ns;
  ended.fuel_used = std::min(job.fuel, running.truth.fuel);
  if (running.truth.fuel > job.fuel) {
    ended.answer = Failure{0, FailureKind::kFuel, "the fuel budget is used up"};
  } else {
    ended.answer = answer_of(job, running.truth);
  }
  step(std::move(ended));
}

Finish Runner::answer_of(const Job& job, const Truth& truth) {
  Finish finish;
  finish.outcome = truth.outcome;
  if (manner_ == Manner::kLiesAlone) finish.outcome = false_outcome(job.name, 2 + uint64_t{self_});
  if (manner_ == Manner::kLiesTogether) finish.outcome = false_outcome(job.name, kLieOfAll);
  if (manner_ == Manner::kHonest) {
    const Function* const function = world_.catalogue.function_of(job.invocation.module);
    const ObjectNumber output = world_.catalogue.add(truth.output, function->kind->output_bytes);
    world_.catalogue.put(self_, output);
  }
  if (job.receipt) finish.receipt = receipt_of(job, finish.outcome, truth.fuel);
  return finish;
}

Bytes Runner::receipt_of(const Job& job, ByteView outcome, uint64_t fuel) const {
  static const auto kEngine = std::make_shared<const compute::EngineName>("modelled 1", "");
  compute::Receipt receipt(job.name, Cid::of_sha256(Codec::kDagCbor, outcome));
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
    askers_.erase(fetching->second.job->name);
    fetching_.erase(fetching);
    world_.after(self_, kStopTakesNs, [this, id] {
      step(InputsFetched{id, Failure{0, FailureKind::kCancelled, "stopped"}});
    });
    return;
  }
  const auto running = running_.find(id);
  if (running == running_.end()) return;
  memory_used_ -= running->second.memory;
  askers_.erase(running->second.job->name);
  running_.erase(running);
  world_.after(self_, kStopTakesNs, [this, id] {
    step(ExecutionEnded{id, Failure{0, FailureKind::kCancelled, "stopped"}, 0, 0});
  });
}

void Runner::lose_all() { world_.books.totals.useless += running_.size(); }

// --- Promises ---

void Runner::check_limits() {
  const auto fail = [&](const char* what) {
    world_.chronicle.fail(fmt::format("node {}: {}", self_, what));
  };
  if (running_.size() > limits_.running_max) fail("more guests run at a time than may");
  if (fetching_.size() > limits_.fetching_max) fail("more inputs are fetched at a time than may");
  if (side_->load().waiting > limits_.calls_max) fail("more calls wait than may");
}

void Runner::watch() {
  if (watching_) return;
  watching_ = true;
  world_.after(self_, kWatchNs, [this] {
    watching_ = false;
    if (running_.empty() && fetching_.empty()) return;
    std::unordered_map<PeerId, uint32_t, MeshWorld::PeerHash> of_requester;
    for (const auto& [id, one] : running_) {
      check_wanted(*one.job);
      if (++of_requester[one.job->requester] <= limits_.running_of_requester_max) continue;
      world_.chronicle.fail(fmt::format("node {}: one requester runs more than it may", self_));
    }
    for (const auto& [id, one] : fetching_) check_wanted(*one.job);
    watch();
  });
}

// Somebody who asked for it was heard within the lease.
void Runner::check_wanted(const Job& job) {
  uint64_t heard_ns = 0;
  for (const NodeNumber asker : askers_[job.name]) {
    heard_ns = std::max(heard_ns, heard_ns_[asker]);
  }
  if (world_.events.now_ns() - heard_ns <= kLeaseNs + kLeaseSlackNs) return;
  world_.chronicle.fail(fmt::format("node {} works for nobody: a lease did not end", self_));
}

void Runner::check_at_rest() {
  const auto now = load();
  if (now.waiting + now.running == 0 && running_.empty() && fetching_.empty()) return;
  world_.chronicle.fail(fmt::format("node {} is still at work after the end", self_));
}

}  // namespace timerose::sim::jobs
