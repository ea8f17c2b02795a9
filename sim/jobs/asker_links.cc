// The asker's links to executors: what its RequesterSide wants done, and what it tells of calls.
#include <algorithm>

#include "sim/jobs/asker.h"
#include "sim/jobs/mesh_node.h"

namespace timerose::sim::jobs {
namespace {

namespace execute = scheduler::execute;
using namespace scheduler::jobs;  // NOLINT(google-build-using-namespace): its events and actions

}  // namespace

void Asker::link_ready(NodeNumber executor) { side(execute::LinkReady{world_.id_of(executor)}); }

void Asker::link_lost(NodeNumber executor, const std::string& why) {
  side(execute::LinkLost{world_.id_of(executor), why});
}

void Asker::heard(NodeNumber executor, Message message) {
  side(execute::Heard{world_.id_of(executor), std::move(message)});
}

void Asker::side(execute::RequesterEvent event) {
  auto actions = std::move(side_.step(world_.events.now_ns(), std::move(event)));
  for (execute::RequesterAction& action : actions) {
    if (const auto* open = std::get_if<execute::OpenLink>(&action)) {
      world_.wires.open(self_, world_.node_of(open->executor));
    } else if (auto* say = std::get_if<execute::Say>(&action)) {
      world_.wires.say(self_, world_.node_of(say->executor), std::move(say->message));
    } else if (const auto* end = std::get_if<execute::EndLink>(&action)) {
      const NodeNumber executor = world_.node_of(end->executor);
      world_.wires.close(self_, executor);
      side(execute::LinkLost{end->executor, end->why});
    } else if (auto* news = std::get_if<execute::Told>(&action)) {
      told(news->call, news->update);
    }
  }
  wake_side();
}

void Asker::wake_side() {
  const uint64_t next_ns = side_.next_tick_ns();
  if (next_ns >= side_wakes_ns_) return;
  side_wakes_ns_ = next_ns;
  const uint64_t now_ns = world_.events.now_ns();
  world_.after(self_, next_ns - std::min(next_ns, now_ns), [this, next_ns] {
    if (side_wakes_ns_ != next_ns) return;
    side_wakes_ns_ = UINT64_MAX;
    side(execute::RequesterTick{});
  });
}

void Asker::told(CallNumber call, execute::Update& update) {
  if (memo_calls_.contains(call)) return said(call, update);
  const auto found = placed_.find(call);
  if (found == placed_.end()) return;
  const Placed placed = found->second;
  if (std::holds_alternative<execute::Log>(update)) return;
  if (std::holds_alternative<execute::Accept>(update)) {
    return tell(placed.job, Taken{placed.attempt});
  }
  if (std::holds_alternative<execute::Commit>(update)) {
    return tell(placed.job, Committed{placed.attempt});
  }
  placed_.erase(found);
  if (const auto* finish = std::get_if<execute::Finish>(&update)) {
    return finished(placed, *finish);
  }
  if (const auto* failure = std::get_if<execute::Failure>(&update)) {
    return tell(placed.job, Failed{placed.attempt, failure->kind, failure->message});
  }
  if (const auto* estimate = std::get_if<execute::Estimate>(&update)) {
    return tell(placed.job, Estimated{placed.attempt, estimate->lacking_bytes, estimate->wait_ms,
                                      estimate->warm, estimate->known});
  }
  if (const auto* fault = std::get_if<execute::Fault>(&update)) {
    return tell(placed.job, Wrong{placed.attempt, fault->message});
  }
  if (const auto* busy = std::get_if<execute::Busy>(&update)) {
    return tell(placed.job, Occupied{placed.attempt, busy->retry_ms, busy->message});
  }
  if (const auto* refuse = std::get_if<execute::Refuse>(&update)) {
    return tell(placed.job, Declined{placed.attempt, ErrorCode::kPermission, refuse->message});
  }
  if (const auto* lost = std::get_if<execute::Lost>(&update)) {
    return tell(placed.job, Lost{placed.attempt, lost->message, lost->ended});
  }
}

}  // namespace timerose::sim::jobs
