#include "sim/jobs/executor_promises.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

namespace timerose::sim::jobs {
namespace {

namespace execute = scheduler::execute;

constexpr double kMinuteNs = 60e9;

}  // namespace

// --- Links ---

void ExecutorPromises::opened(mesh::StreamId link, const PeerId& requester) {
  const uint64_t now_ns = events_.now_ns();
  links_.insert_or_assign(link, Link{requester, now_ns});
  spent_.try_emplace(requester, Spent{now_ns, 0});
}

void ExecutorPromises::closed(mesh::StreamId link) {
  const auto found = links_.find(link);
  if (found == links_.end()) return;
  for (auto& [who, call] : calls_) {
    if (call.link == link) call.heard_ns = found->second.heard_ns;
  }
  links_.erase(found);
}

void ExecutorPromises::received(mesh::StreamId link, const Message& message) {
  const auto found = links_.find(link);
  if (found == links_.end()) return;
  for (auto& [who, call] : calls_) {
    if (call.link == link && !has_lease(call, 0)) call.lapsed = true;
  }
  found->second.heard_ns = events_.now_ns();
  const PeerId& requester = found->second.requester;
  if (const auto* offer = std::get_if<execute::Offer>(&message)) offered(requester, link, *offer);
  if (const auto* cancel = std::get_if<execute::Cancel>(&message)) {
    calls_.erase({requester, cancel->call});
  }
}

void ExecutorPromises::offered(const PeerId& requester, mesh::StreamId link,
                               const execute::Offer& offer) {
  uint64_t bytes = offer.invocation.size();
  for (const execute::CarriedBlock& block : offer.blocks) bytes += block.bytes.size();
  const uint64_t lease_ms = std::clamp(offer.lease_ms, limits_.lease_ms_min, limits_.lease_ms_max);
  Call call{.name = Cid::of_sha256(Codec::kDagCbor, offer.invocation),
            .link = link,
            .heard_ns = events_.now_ns(),
            .lease_ns = lease_ms * kMillisecond,
            .fuel = offer.fuel,
            .bytes = bytes};
  calls_.insert_or_assign(std::pair(requester, offer.call), std::move(call));
  calls_grew_ = true;
}

void ExecutorPromises::sent(mesh::StreamId link, const Message& message) {
  const auto to = links_.find(link);
  if (to == links_.end()) return;
  std::visit(
      [&](const auto& one) {
        using One = std::decay_t<decltype(one)>;
        constexpr bool kEnds =
            std::is_same_v<One, execute::Busy> || std::is_same_v<One, execute::Refuse> ||
            std::is_same_v<One, execute::Finish> || std::is_same_v<One, execute::Failure>;
        if constexpr (kEnds) calls_.erase({to->second.requester, one.call});
      },
      message);
}

bool ExecutorPromises::has_lease(const Call& call, uint64_t slack_ns) const {
  const auto link = links_.find(call.link);
  const uint64_t heard_ns = link == links_.end() ? call.heard_ns : link->second.heard_ns;
  return events_.now_ns() - heard_ns < call.lease_ns + slack_ns;
}

// --- Work ---

void ExecutorPromises::asked(QuestionId question) { questions_.insert(question); }

void ExecutorPromises::fetches(ExecutionId id, const Job& job) {
  fetching_.insert_or_assign(id, Work{job.name, job.requester});
}

void ExecutorPromises::runs(ExecutionId id, const Job& job) {
  running_.insert_or_assign(id, Work{job.name, job.requester, job.fuel});
  uint64_t budget = 0;
  for (const auto& [who, call] : calls_) {
    if (call.name == job.name) budget = std::max(budget, call.fuel);
  }
  if (job.fuel > budget) {
    fail_(fmt::format("a guest may use {} fuel, and its calls have {}", job.fuel, budget));
  }
  check_fuel(job.requester);
}

// Full at first, a minute's worth comes back every minute: whatever was begun while some was left.
void ExecutorPromises::check_fuel(const PeerId& requester) {
  if (limits_.fuel_of_requester_a_minute == UINT64_MAX) return;
  const Spent& spent = spent_[requester];
  const double minutes = static_cast<double>(events_.now_ns() - spent.since_ns) / kMinuteNs;
  const auto a_minute = static_cast<double>(limits_.fuel_of_requester_a_minute);
  if (spent.fuel <= a_minute * (1 + minutes)) return;
  fail_(
      fmt::format("a guest begins for one who has used {:.0f} fuel in {:.1f} s, of {:.0f} a "
                  "minute",
                  spent.fuel, minutes * 60, a_minute));
}

void ExecutorPromises::ran(ExecutionId id, uint64_t fuel_used) {
  const auto found = running_.find(id);
  if (found == running_.end()) return;
  if (fuel_used > found->second.fuel) {
    fail_(fmt::format("a guest used {} fuel of {}", fuel_used, found->second.fuel));
  }
  spent_[found->second.requester].fuel += static_cast<double>(fuel_used);
  running_.erase(found);
}

void ExecutorPromises::stops(ExecutionId id) {
  if (const auto found = running_.find(id); found != running_.end()) found->second.stopping = true;
  if (const auto found = fetching_.find(id); found != fetching_.end())
    found->second.stopping = true;
}

// --- Promises ---

void ExecutorPromises::check_limits() {
  check_at_a_time(running_, uint64_t{limits_.running_max} + limits_.running_spare,
                  limits_.running_of_requester_max, "guests run");
  check_at_a_time(fetching_, uint64_t{limits_.fetching_max} + limits_.fetching_spare,
                  limits_.fetching_of_requester_max, "inputs are fetched");
  if (questions_.size() > limits_.questions_max) fail_("more questions are looked into than may");
  if (std::exchange(calls_grew_, false)) check_calls();
}

void ExecutorPromises::check_at_a_time(const Works& works, uint64_t most, uint64_t of_requester_max,
                                       const char* what) {
  if (works.size() > most) {
    fail_(fmt::format("{} {} at a time, and {} may", works.size(), what, most));
  }
  if (works.size() <= of_requester_max) return;
  std::map<PeerId, uint64_t> of;
  for (const auto& [id, work] : works) {
    if (++of[work.requester] > of_requester_max) {
      return fail_(fmt::format("{} {} at a time for one requester, and {} may", of[work.requester],
                               what, of_requester_max));
    }
  }
}

void ExecutorPromises::check_calls() {
  uint64_t all = 0;
  uint64_t of = 0;
  uint64_t bytes = 0;
  const PeerId* requester = nullptr;
  for (const auto& [who, call] : calls_) {
    if (call.lapsed || !has_lease(call, 0)) continue;
    if (requester == nullptr || *requester != who.first) of = bytes = 0;
    requester = &who.first;
    ++all;
    ++of;
    bytes += call.bytes;
    if (of > limits_.calls_of_requester_max) {
      return fail_(fmt::format("{} calls of one requester wait, and {} may", of,
                               limits_.calls_of_requester_max));
    }
    if (bytes > limits_.bytes_of_requester_max) {
      return fail_(fmt::format("{} bytes of one requester's calls wait, and {} may", bytes,
                               limits_.bytes_of_requester_max));
    }
  }
  if (all > limits_.calls_max) {
    fail_(fmt::format("{} calls wait, and {} may", all, limits_.calls_max));
  }
}

void ExecutorPromises::check_leases() {
  check_wanted(fetching_);
  check_wanted(running_);
  std::erase_if(calls_, [this](const auto& one) { return !has_lease(one.second, kLeaseSlackNs); });
}

void ExecutorPromises::check_wanted(const Works& works) {
  for (const auto& [id, work] : works) {
    if (work.stopping) continue;
    const bool wanted =
        std::any_of(calls_.begin(), calls_.end(), [&, &name = work.name](auto& one) {
          return one.second.name == name && has_lease(one.second, kLeaseSlackNs);
        });
    if (!wanted) return fail_("it works for nobody: a lease did not end");
  }
}

}  // namespace timerose::sim::jobs
