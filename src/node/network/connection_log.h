// Why connections ended, as lines of the node's log: so many in a time and no more, so that a flood
// fills no disk.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "multiformats/peer_id.h"

namespace timerose::node {

class ConnectionLog {
 public:
  static constexpr uint32_t kLinesMax = 30;  // in
  static constexpr uint64_t kPeriodNs = 600'000'000'000;

  using Write = std::function<void(const std::string& line)>;
  explicit ConnectionLog(Write write) : write_(std::move(write)) {}

  // A connection is gone, whoever ended it.
  void ended(uint64_t now_ns, const PeerId& peer, std::string_view why);
  // This node ends its connections with the peer.
  void ending(uint64_t now_ns, const PeerId& peer, std::string_view why);

 private:
  void add(uint64_t now_ns, const std::string& line);

  const Write write_;
  uint64_t period_began_ns_ = 0;
  uint32_t lines_ = 0;  // of the period, with those left out
};

}  // namespace timerose::node
