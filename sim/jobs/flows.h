// Bulk data on its way: every transfer gets the smaller of its fair shares of the sender's upload
// and the receiver's download, at each moment.
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "sim/event_queue.h"
#include "sim/jobs/geography.h"

namespace timerose::sim::jobs {

enum class FlowId : uint64_t {};

class Flows {
 public:
  Flows(EventQueue& events, const Geography& geography, uint64_t nodes)
      : events_(events), geography_(geography), at_(nodes) {}

  using Ended = std::function<void()>;
  // `ended` is called once the last byte is there, unless the flow is stopped before.
  FlowId start(NodeNumber from, NodeNumber to, uint64_t bytes, Ended ended);
  void stop(FlowId flow);
  // What has come by now, of flows that were stopped as well.
  [[nodiscard]] uint64_t bytes_moved() const;
  [[nodiscard]] size_t running() const { return flows_.size(); }
  // Of those that this node sends or receives.
  [[nodiscard]] size_t at(NodeNumber node) const { return at_[node].size(); }

 private:
  struct Flow {
    NodeNumber from;
    NodeNumber to;
    double bytes_left;
    double bytes_ns = 0;  // its rate
    uint64_t since_ns = 0;
    uint64_t version = 0;  // of the event that ends it
    Ended ended;
  };
  // Since it was settled last.
  [[nodiscard]] double came(const Flow& flow) const;
  void settle(Flow& flow);
  void share(NodeNumber node);
  void remove(uint64_t id);

  EventQueue& events_;
  const Geography& geography_;
  std::vector<std::vector<uint64_t>> at_;  // by node: ids of its flows
  std::unordered_map<uint64_t, Flow> flows_;
  uint64_t ids_ = 0;
  uint64_t versions_ = 0;
  double bytes_moved_ = 0;
};

}  // namespace timerose::sim::jobs
