// The CIDs that were wanted a short while ago, and by which session: a block or an answer that
// comes late is told from one that nobody asked for. Holds the latest kRecentCidsMax.
#pragma once

#include <deque>
#include <optional>
#include <unordered_map>

#include "exchange/bitswap/client.h"

namespace timerose::bitswap {

inline constexpr size_t kRecentCidsMax = 8192;

class RecentCids {
 public:
  void add(const Cid& cid, SessionId session) {
    auto [entry, added] = sessions_.insert_or_assign(cid, session);
    if (!added) return;
    order_.push_back(entry->first);
    if (order_.size() > kRecentCidsMax) {
      sessions_.erase(order_.front());
      order_.pop_front();
    }
  }

  [[nodiscard]] std::optional<SessionId> session_of(const Cid& cid) const {
    auto entry = sessions_.find(cid);
    if (entry == sessions_.end()) return std::nullopt;
    return entry->second;
  }

 private:
  std::unordered_map<Cid, SessionId> sessions_;
  std::deque<Cid> order_;
};

}  // namespace timerose::bitswap
