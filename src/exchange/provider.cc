#include "exchange/provider.h"

#include <algorithm>
#include <utility>

namespace timerose::exchange {

Provider::Provider(const Parts& parts, ProvidePlan plan) : parts_(parts), plan_(std::move(plan)) {
  timer_ = parts_.loop.timer([this] { pump(); });
}

void Provider::add(const Cid& cid, bool is_new) {
  plan_.add(cid.multihash_bytes(), is_new);
  pump();
}

void Provider::remove(const Cid& cid) { plan_.remove(cid.multihash_bytes()); }

void Provider::pump() {
  const uint64_t now_ns = parts_.loop.now_ns();
  const auto announce = [this](Bytes multihash) {
    const mesh::QueryId query = parts_.host.provide(multihash);
    in_flight_.emplace(query, std::move(multihash));
  };
  while (in_flight_.size() < kInFlightMax && !retries_.empty() &&
         retries_.front().first <= now_ns) {
    announce(std::move(retries_.front().second));
    retries_.pop_front();
  }
  const uint64_t unix_ns = parts_.clock.unix_ns();
  for (Bytes& due : plan_.take_due(unix_ns, kInFlightMax - in_flight_.size())) {
    announce(std::move(due));
  }
  if (in_flight_.size() == kInFlightMax) return timer_->set(UINT64_MAX);
  // The plan goes by the Unix clock, the timer by the other one.
  const uint64_t due_ns = plan_.next_due_ns(unix_ns);
  uint64_t wake_ns =
      due_ns == UINT64_MAX ? UINT64_MAX : now_ns + (due_ns > unix_ns ? due_ns - unix_ns : 0);
  if (!retries_.empty()) wake_ns = std::min(wake_ns, retries_.front().first);
  timer_->set(wake_ns);
}

bool Provider::on_event(const mesh::Event& event) {
  const auto* ended = std::get_if<mesh::QueryEnded>(&event);
  if (ended == nullptr) return false;
  const auto announcement = in_flight_.find(ended->query);
  if (announcement == in_flight_.end()) return false;
  if (ended->why.empty()) {
    ++announced_;
  } else {
    ++failed_;
    if (retries_.size() < kRetriesMax) {
      retries_.emplace_back(parts_.loop.now_ns() + kRetryNs, std::move(announcement->second));
    }
  }
  in_flight_.erase(announcement);
  pump();
  return true;
}

ProviderStat Provider::stat() const {
  return {plan_.size(), plan_.new_waiting(), announced_, failed_};
}

}  // namespace timerose::exchange
