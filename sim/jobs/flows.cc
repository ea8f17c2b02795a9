#include "sim/jobs/flows.h"

#include <algorithm>
#include <cmath>

namespace timerose::sim::jobs {

FlowId Flows::start(NodeNumber from, NodeNumber to, uint64_t bytes, Ended ended) {
  const uint64_t id = ++ids_;
  flows_.emplace(id, Flow{.from = from,
                          .to = to,
                          .bytes_left = static_cast<double>(bytes),
                          .since_ns = events_.now_ns(),
                          .ended = std::move(ended)});
  at_[from].push_back(id);
  at_[to].push_back(id);
  share(from);
  share(to);
  return FlowId{id};
}

void Flows::stop(FlowId flow) {
  const auto found = flows_.find(static_cast<uint64_t>(flow));
  if (found == flows_.end()) return;
  settle(found->second);
  remove(found->first);
}

double Flows::came(const Flow& flow) const {
  const auto past_ns = static_cast<double>(events_.now_ns() - flow.since_ns);
  return std::min(flow.bytes_left, past_ns * flow.bytes_ns);
}

uint64_t Flows::bytes_moved() const {
  double sum = bytes_moved_;
  for (const auto& [id, flow] : flows_) sum += came(flow);
  return static_cast<uint64_t>(std::llround(sum));
}

void Flows::settle(Flow& flow) {
  const double bytes = came(flow);
  flow.bytes_left -= bytes;
  bytes_moved_ += bytes;
  flow.since_ns = events_.now_ns();
}

void Flows::remove(uint64_t id) {
  const auto found = flows_.find(id);
  const NodeNumber from = found->second.from;
  const NodeNumber to = found->second.to;
  std::erase(at_[from], id);
  std::erase(at_[to], id);
  flows_.erase(found);
  share(from);
  share(to);
}

// The rates of the node's flows, and when they end now.
void Flows::share(NodeNumber node) {
  for (const uint64_t id : at_[node]) {
    Flow& flow = flows_.at(id);
    const auto count = [&](NodeNumber one) { return static_cast<double>(at_[one].size()); };
    const auto up = static_cast<double>(geography_.machine(flow.from).up_bytes_s);
    const auto down = static_cast<double>(geography_.machine(flow.to).down_bytes_s);
    const double rate = std::min(up / count(flow.from), down / count(flow.to)) / 1e9;
    if (rate == flow.bytes_ns) continue;
    settle(flow);
    flow.bytes_ns = rate;
    flow.version = ++versions_;
    const auto left_ns = static_cast<uint64_t>(std::ceil(flow.bytes_left / rate));
    events_.after(left_ns, [this, id, version = flow.version] {
      const auto found = flows_.find(id);
      if (found == flows_.end() || found->second.version != version) return;
      const Ended ended = std::move(found->second.ended);
      bytes_moved_ += found->second.bytes_left;
      remove(id);
      ended();
    });
  }
}

}  // namespace timerose::sim::jobs
