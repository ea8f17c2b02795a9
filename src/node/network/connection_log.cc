#include "node/network/connection_log.h"

#include <fmt/format.h>

namespace timerose::node {

void ConnectionLog::ended(uint64_t now_ns, const PeerId& peer, std::string_view why) {
  add(now_ns, fmt::format("a connection with {} ended: {}", peer.to_string(), why));
}

void ConnectionLog::ending(uint64_t now_ns, const PeerId& peer, std::string_view why) {
  add(now_ns, fmt::format("leaving {}: {}", peer.to_string(), why));
}

void ConnectionLog::add(uint64_t now_ns, const std::string& line) {
  if (now_ns - period_began_ns_ > kPeriodNs) {
    if (lines_ > kLinesMax) {
      write_(fmt::format("{} more lines on connections were left out", lines_ - kLinesMax));
    }
    period_began_ns_ = now_ns;
    lines_ = 0;
  }
  if (++lines_ <= kLinesMax) write_(line);
}

}  // namespace timerose::node
