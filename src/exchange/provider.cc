#include "exchange/provider.h"

#include <algorithm>
#include <utility>

namespace timerose::exchange {
namespace {

// What a peer that takes part in a DHT says it speaks: "/ipfs/kad/1.0.0", "/ipfs/lan/kad/1.0.0".
constexpr std::string_view kDhtProtocol = "/kad/";

bool is_of_dht(const mesh::Identified& peer) {
  return std::ranges::any_of(peer.protocols, [](const std::string& protocol) {
    return protocol.find(kDhtProtocol) != std::string::npos;
  });
}

}  // namespace

Provider::Provider(Parts parts, ProvidePlan plan)
    : parts_(std::move(parts)), plan_(std::move(plan)), self_(std::make_shared<Provider*>(this)) {
  timer_ = parts_.loop.timer([this] { pump(); });
}

Provider::~Provider() { *self_ = nullptr; }

void Provider::start() {
  started_ = true;
  pump();
}

void Provider::announce(ByteView multihash, bool urgent) {
  plan_.announce(multihash, urgent);
  pump();
}

void Provider::sweep_again() {
  plan_.sweep_again(parts_.clock.unix_ns());
  list_again_ns_ = 0;
  pump();
}

size_t Provider::in_flight_max(uint64_t unix_ns) const {
  const bool behind = plan_.swept_until_ns() + plan_.interval_ns() / kBehindPart < unix_ns;
  return behind ? kInFlightBehindMax : kInFlightMax;
}

void Provider::send(Bytes multihash) {
  const mesh::QueryId query = parts_.host.provide(multihash);
  in_flight_.emplace(query, std::move(multihash));
}

void Provider::pump() {
  if (!started_) return;
  const uint64_t now_ns = parts_.loop.now_ns();
  const uint64_t unix_ns = parts_.clock.unix_ns();
  if (now_ns >= nobody_until_ns_) {
    const size_t max = in_flight_max(unix_ns);
    while (in_flight_.size() < max && !unsent_.empty()) {
      send(std::move(unsent_.front()));
      unsent_.pop_front();
    }
    while (in_flight_.size() < max && !retries_.empty() && retries_.front().first <= now_ns) {
      send(std::move(retries_.front().second));
      retries_.pop_front();
    }
    waits_for_others_ = parts_.busy && parts_.busy();
    const auto hurry =
        waits_for_others_ ? ProvidePlan::Hurry::kOnlyUrgent : ProvidePlan::Hurry::kAll;
    for (Bytes& due : plan_.take_due(unix_ns, max - std::min(max, in_flight_.size()), hurry)) {
      send(std::move(due));
    }
    if (!waits_for_others_) list_region(unix_ns);
  }
  set_timer(unix_ns);
}

void Provider::list_region(uint64_t unix_ns) {
  if (listing_ || !parts_.list || parts_.loop.now_ns() < list_again_ns_) return;
  const auto region = plan_.region_due(unix_ns);
  if (!region) return;
  listing_ = true;
  parts_.list(*region, [self = self_](Result<RegionBlocks> blocks) {
    if (*self != nullptr) (*self)->listed(std::move(blocks));
  });
}

void Provider::listed(Result<RegionBlocks> blocks) {
  listing_ = false;
  failure_ = blocks.ok() ? "" : blocks.error().message;
  if (blocks.ok()) {
    plan_.take_region(*std::move(blocks));
  } else {
    list_again_ns_ = parts_.loop.now_ns() + kRetryNs;
  }
  pump();
}

// The plan goes by the Unix clock, the timer by the other one.
void Provider::set_timer(uint64_t unix_ns) {
  const uint64_t now_ns = parts_.loop.now_ns();
  if (now_ns < nobody_until_ns_) return timer_->set(nobody_until_ns_);
  // The end of one of those wakes it.
  if (in_flight_.size() >= in_flight_max(unix_ns)) return timer_->set(UINT64_MAX);
  uint64_t wake_ns = retries_.empty() ? UINT64_MAX : retries_.front().first;
  if (waits_for_others_) {
    wake_ns = std::min(wake_ns, now_ns + kBusyNs);
  } else if (plan_.new_waiting() > 0 || (parts_.list && !listing_)) {
    const uint64_t due_ns = plan_.next_due_ns(unix_ns);
    const uint64_t at_ns = now_ns + (due_ns > unix_ns ? due_ns - unix_ns : 0);
    wake_ns = std::min(wake_ns, std::max(at_ns, list_again_ns_));
  }
  timer_->set(wake_ns);
}

bool Provider::on_event(const mesh::Event& event) {
  if (const auto* identified = std::get_if<mesh::Identified>(&event)) {
    if (nobody_until_ns_ != 0 && is_of_dht(*identified)) {
      nobody_until_ns_ = 0;
      pump();
    }
    return false;
  }
  const auto* end = std::get_if<mesh::QueryEnded>(&event);
  if (end == nullptr) return false;
  const auto announcement = in_flight_.find(end->query);
  if (announcement == in_flight_.end()) return false;
  Bytes multihash = std::move(announcement->second);
  in_flight_.erase(announcement);
  ended(*end, std::move(multihash));
  pump();
  return true;
}

void Provider::ended(const mesh::QueryEnded& event, Bytes multihash) {
  if (event.why.empty()) {
    ++announced_;
    nobody_until_ns_ = 0;
    return;
  }
  ++failed_;
  const uint64_t again_ns = parts_.loop.now_ns() + kRetryNs;
  if (event.peers_asked == 0) {
    nobody_until_ns_ = again_ns;
    unsent_.push_back(std::move(multihash));
  } else if (retries_.size() < kRetriesMax) {
    retries_.emplace_back(again_ns, std::move(multihash));
  }
}

std::vector<Bytes> Provider::unfinished() const {
  std::vector<Bytes> waiting(unsent_.begin(), unsent_.end());
  for (const auto& [query, multihash] : in_flight_) waiting.push_back(multihash);
  for (const auto& [when_ns, multihash] : retries_) waiting.push_back(multihash);
  const auto& urgent = plan_.urgent_waiting();
  waiting.insert(waiting.end(), urgent.begin(), urgent.end());
  return waiting;
}

ProviderStat Provider::stat() const {
  ProviderStat stat;
  stat.waiting = plan_.new_waiting() + unsent_.size() + retries_.size();
  stat.left_out = plan_.new_left_out();
  stat.in_flight = in_flight_.size();
  stat.announced = announced_;
  stat.failed = failed_;
  stat.blocks = plan_.blocks_seen();
  stat.regions = plan_.regions_taken();
  stat.swept_until_ns = plan_.swept_until_ns();
  stat.needs_peer = nobody_until_ns_ > parts_.loop.now_ns();
  stat.failure = failure_;
  return stat;
}

}  // namespace timerose::exchange
