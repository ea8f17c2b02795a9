// The CIDs that were wanted a short while ago, and by which session: a block or an answer that
// comes late is told from one that nobody asked for. Holds the latest kRecentCidsMax, by their
// 64-bit hashes: to be taken for another one does no harm.
#pragma once

#include <deque>
#include <optional>
#include <unordered_map>

#include "exchange/bitswap/client.h"

namespace timerose::bitswap {

inline constexpr size_t kRecentCidsMax = 65536;

class RecentCids {
 public:
  void add(const Cid& cid, SessionId session) {
    const uint64_t hash = std::hash<Cid>{}(cid);
    if (!sessions_.insert_or_assign(hash, session).second) return;
    order_.push_back(hash);
    if (order_.size() > kRecentCidsMax) {
      sessions_.erase(order_.front());
      order_.pop_front();
    }
  }

  [[nodiscard]] std::optional<SessionId> session_of(const Cid& cid) const {
    auto entry = sessions_.find(std::hash<Cid>{}(cid));
    if (entry == sessions_.end()) return std::nullopt;
    return entry->second;
  }

 private:
  std::unordered_map<uint64_t, SessionId> sessions_;
  std::deque<uint64_t> order_;
};

}  // namespace timerose::bitswap
