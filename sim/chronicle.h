// What happens in a made-up world: its fingerprint, the trace if one is wanted, and the first
// promise that was broken.
#pragma once

#include <cstdint>
#include <string>

#include "sim/event_queue.h"
#include "sim/network.h"

namespace timerose::sim {

class Chronicle {
 public:
  explicit Chronicle(const EventQueue& events) : events_(events) {}

  bool trace = false;

  // A promise was broken: the run ends.
  void fail(const std::string& what);
  [[nodiscard]] const std::string& failure() const { return failure_; }

  // Mixed into the fingerprint of the run, and printed if the run is traced.
  void note(NodeNumber node, const char* what, uint64_t detail);
  [[nodiscard]] uint64_t fingerprint() const { return fingerprint_; }

 private:
  const EventQueue& events_;
  std::string failure_;
  uint64_t fingerprint_ = 0;
};

}  // namespace timerose::sim
