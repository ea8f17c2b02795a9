#include "sim/jobs/mesh_run.h"

#include <algorithm>
#include <cmath>

#include "sim/jobs/mesh_node.h"
#include "sim/jobs/mesh_world.h"

namespace timerose::sim::jobs {
namespace {

// All nodes have told of themselves before the first call.
constexpr uint64_t kSettleNs = 3 * kSecond;
// Beside its deadline: for leases, and answers that nobody fetched.
constexpr uint64_t kRestNs = 20 * kSecond;
// That may be repeated.
constexpr size_t kAskedBeforeMax = 1000;
// Beyond it, something goes round in circles.
constexpr uint64_t kEventsMax = 2'000'000'000;

class MeshRun {
 public:
  MeshRun(const Scenario& scenario, const MeshOptions& options)
      : world_(scenario, options.seed, options.sabotage),
        work_(world_.dice.seed()),
        trouble_(world_.dice.seed()) {
    world_.chronicle.trace = options.trace;
    make_nodes();
    asks_until_ns_ = kSecond + kSettleNs + scenario.lasts_ms * kMillisecond;
    ends_ns_ = asks_until_ns_ + scenario.work.deadline_ms * kMillisecond + kRestNs;
    world_.events.after(kSettleNs, [this] { ask_next(); });
    look_each_second();
    make_trouble();
  }

  MeshResult run() {
    while (world_.chronicle.failure().empty() && world_.events.now_ns() < ends_ns_ &&
           world_.events.run_one()) {
      if (is_done()) break;
      if (world_.events.events_run() > kEventsMax) world_.chronicle.fail("there is no end to it");
    }
    if (world_.chronicle.failure().empty()) world_.books.check_all_ended();
    return {.failure = world_.chronicle.failure(),
            .fingerprint = world_.chronicle.fingerprint(),
            .totals = world_.books.totals,
            .seconds = std::move(world_.books.seconds),
            .latencies = world_.books.latencies(),
            .bytes_moved = world_.flows.bytes_moved(),
            .messages = world_.wires.messages(),
            .events = world_.events.events_run(),
            .virtual_s = static_cast<double>(world_.events.now_ns()) / kSecond};
  }

 private:
  void make_nodes() {
    const Faults& faults = world_.scenario.faults;
    const Work& work = world_.scenario.work;
    const auto wanted =
        static_cast<uint64_t>(std::ceil(work.askers * static_cast<double>(world_.scenario.nodes)));
    const uint64_t askers = std::clamp<uint64_t>(wanted, 1, work.askers_max);
    for (NodeNumber node = 0; node < world_.scenario.nodes; ++node) {
      MeshNode::Nature nature;
      const double dice = trouble_.unit();
      if (dice < faults.never_runs) {
        nature.manner = Manner::kNeverRuns;
      } else if (dice < faults.never_runs + faults.lies_alone) {
        nature.manner = Manner::kLiesAlone;
      } else if (dice < faults.never_runs + faults.lies_alone + faults.lies_together) {
        nature.manner = Manner::kLiesTogether;
      }
      // Who lies to others would lie to itself.
      if (node == 0) nature.manner = Manner::kHonest;  // somebody has to ask
      nature.asks = node < askers && nature.manner == Manner::kHonest;
      if (trouble_.chance(faults.slow)) nature.slower = faults.slower;
      if (nature.asks) world_.askers.push_back(node);
      world_.nodes.push_back(std::make_unique<MeshNode>(world_, node, nature));
    }
    for (const auto& node : world_.nodes) node->start();
  }

  // --- Work ---

  void ask_next() {
    if (world_.events.now_ns() >= asks_until_ns_) {
      asked_all_ = true;
      return;
    }
    ask_one();
    const double mean_ns = 1e9 / std::max(1e-9, world_.scenario.work.jobs_per_s);
    world_.events.after(static_cast<uint64_t>(work_.exponential(mean_ns)), [this] { ask_next(); });
  }

  // The dice of the work fall alike wherever calls are placed.
  void ask_one() {
    const Work& work = world_.scenario.work;
    const NodeNumber node = world_.askers[work_.below(world_.askers.size())];
    const Function& function = world_.catalogue.pick_function(work_);
    const ObjectNumber data = world_.catalogue.pick_data(work_);
    const double follow = work_.unit();
    const double verified = work_.unit();
    const double hedged = work_.unit();
    const double cancelled = work_.unit();
    const uint64_t number = work_.seed();

    auto call = std::make_shared<compute::Invocation>(world_.catalogue.object(function.module).cid);
    call->entry = "_start";
    call->memory_bytes_max = function.kind->memory_bytes;
    call->seed.resize(sizeof(number));
    std::memcpy(call->seed.data(), &number, sizeof(number));
    const bool follows = follow < work.follow && !world_.outputs.empty();
    call->inputs = {follows ? world_.outputs[number % world_.outputs.size()]
                            : world_.catalogue.object(data).cid};
    Question question{.call = std::move(call), .wish = {}, .hedge = hedged < work.hedged};
    question.wish.policy = scheduler::verify::Policy::kNone;
    if (verified < work.verified) question.wish = work.verify;
    if (work.starved > 0) question.starved = work_.chance(work.starved);
    if (work.repeated > 0) repeat_or_keep(question);
    if (!world_.present(node)) return;
    world_.nodes[node]->asker()->ask(question);
    if (cancelled >= work.cancelled) return;
    world_.after(node, trouble_.below(2 * kSecond),
                 [this, node] { world_.nodes[node]->asker()->cancel_one(trouble_.seed()); });
  }

  // The call may be one that was asked before, with another wish.
  void repeat_or_keep(Question& question) {
    const bool again = work_.chance(world_.scenario.work.repeated);
    const uint64_t which = work_.seed();
    if (again && !asked_before_.empty()) {
      question.call = asked_before_[which % asked_before_.size()];
    } else if (asked_before_.size() < kAskedBeforeMax) {
      asked_before_.push_back(question.call);
    } else {
      asked_before_[which % kAskedBeforeMax] = question.call;
    }
  }

  // --- Trouble ---

  void make_trouble() {
    const Faults& faults = world_.scenario.faults;
    for (NodeNumber node = 0; node < world_.scenario.nodes; ++node) {
      if (trouble_.chance(faults.churning)) stay(node);
    }
    if (faults.breaks_per_minute > 0) break_links();
  }

  void stay(NodeNumber node) {
    const double mean_ns = static_cast<double>(world_.scenario.faults.stays_ms) * kMillisecond;
    const uint64_t until_ns =
        world_.events.now_ns() + kSettleNs + static_cast<uint64_t>(trouble_.exponential(mean_ns));
    if (until_ns > asks_until_ns_) return;
    world_.events.at(until_ns, [this, node] {
      world_.nodes[node]->stop(trouble_.chance(0.5));
      const double away_ns = static_cast<double>(world_.scenario.faults.away_ms) * kMillisecond;
      world_.events.after(static_cast<uint64_t>(trouble_.exponential(away_ns)), [this, node] {
        world_.nodes[node]->start();
        stay(node);
      });
    });
  }

  void break_links() {
    const double mean_ns = 60e9 / world_.scenario.faults.breaks_per_minute;
    world_.events.after(static_cast<uint64_t>(trouble_.exponential(mean_ns)), [this] {
      world_.wires.break_one();
      if (world_.events.now_ns() < asks_until_ns_) break_links();
    });
  }

  // --- Looking on ---

  void look_each_second() {
    Second now;
    for (const auto& node : world_.nodes) {
      if (!node->is_up()) continue;
      const Runner& runner = node->runner();
      now.cores += static_cast<uint32_t>(runner.cores());
      now.busy += static_cast<uint32_t>(runner.running());
      now.waiting += static_cast<uint32_t>(runner.load().waiting);
    }
    now.under_way = static_cast<uint32_t>(world_.books.under_way());
    const uint64_t moved = std::max(bytes_before_, world_.flows.bytes_moved());
    if (!world_.books.seconds.empty()) world_.books.seconds.back().bytes = moved - bytes_before_;
    bytes_before_ = moved;
    world_.books.seconds.push_back(now);
    world_.events.after(kSecond, [this] { look_each_second(); });
  }

  // All was asked, all has ended, and nobody is at work any more.
  bool is_done() {
    if (!asked_all_ || world_.books.under_way() > 0) return false;
    if (rests_ns_ == 0) rests_ns_ = world_.events.now_ns() + kRestNs;
    if (world_.events.now_ns() < rests_ns_) return false;
    for (const auto& node : world_.nodes) {
      if (!node->is_up()) continue;
      node->runner().check_at_rest();
      if (node->asker() != nullptr) node->asker()->check_at_rest();
    }
    return true;
  }

  MeshWorld world_;
  Dice work_;
  Dice trouble_;
  uint64_t asks_until_ns_ = 0;
  uint64_t ends_ns_ = 0;
  uint64_t rests_ns_ = 0;
  uint64_t bytes_before_ = 0;
  bool asked_all_ = false;
  std::vector<std::shared_ptr<const compute::Invocation>> asked_before_;
};

}  // namespace

MeshResult run_mesh(const Scenario& scenario, const MeshOptions& options) {
  return MeshRun(scenario, options).run();
}

uint32_t latency_ms(std::vector<Books::Latency> latencies, double share) {
  if (latencies.empty()) return 0;
  const auto place = std::min(latencies.size() - 1,
                              static_cast<size_t>(share * static_cast<double>(latencies.size())));
  std::ranges::nth_element(latencies, latencies.begin() + static_cast<ptrdiff_t>(place), {},
                           &Books::Latency::took_ms);
  return latencies[place].took_ms;
}

}  // namespace timerose::sim::jobs
