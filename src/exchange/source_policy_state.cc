#include "exchange/source_policy_state.h"

#include <algorithm>

#include "base/duration.h"

namespace timerose::exchange {
namespace {

constexpr double kSmoothing = 0.25;  // the weight of the latest measurement
constexpr uint32_t kDoublingsMax = 20;

void smooth(uint64_t& value, double sample) {
  const auto old = static_cast<double>(value);
  value = static_cast<uint64_t>(old == 0 ? sample : old + kSmoothing * (sample - old));
}

}  // namespace

uint32_t Gateway::slots(const SourceLimits& limits) const {
  return is_measured() ? limits.requests_of_gateway_max
                       : std::min(limits.probes_max, limits.requests_of_gateway_max);
}

double Gateway::next_block_ns() const {
  if (!is_measured()) return 0;
  const double bytes = static_cast<double>(mean_block_bytes) * (stat.waiting + 1);
  return static_cast<double>(stat.latency_ns) +
         bytes / static_cast<double>(stat.bytes_per_second) * kNsPerSecond;
}

// Requests at the same time share what the gateway brings, so that one sees only its part.
void Gateway::measure(const GotBlock& got) {
  failures_in_a_row = 0;
  smooth(stat.latency_ns, static_cast<double>(got.latency_ns));
  const auto duration = static_cast<double>(std::max<uint64_t>(got.duration_ns, 1));
  const double rate = static_cast<double>(got.bytes) / duration * kNsPerSecond;
  smooth(stat.bytes_per_second, std::max(rate * stat.waiting, 1.0));
}

void Gateway::count_block(uint64_t bytes) {
  ++stat.blocks;
  stat.bytes += bytes;
  mean_block_bytes = std::max<uint64_t>(stat.bytes / stat.blocks, 1);
}

void Gateway::blame(const Came& what, uint64_t now_ns, const SourceLimits& limits) {
  const auto leave_alone = [&](uint64_t for_ns) {
    left_alone_until_ns = std::max(left_alone_until_ns, now_ns + for_ns);
  };
  if (std::holds_alternative<NotThere>(what)) {
    ++stat.missing;
    failures_in_a_row = 0;
  } else if (const auto* busy = std::get_if<TooBusy>(&what)) {
    leave_alone(std::clamp(busy->retry_after_ns, limits.back_off_min_ns, limits.back_off_max_ns));
  } else if (std::holds_alternative<WrongBytes>(what)) {
    ++stat.bad_blocks;
    leave_alone(limits.avoid_ns);
  } else {
    ++stat.failures;
    // Requests that fail together are one failure.
    if (!is_usable(now_ns)) return;
    const uint32_t doublings = std::min(failures_in_a_row++, kDoublingsMax);
    leave_alone(std::min(limits.back_off_min_ns << doublings, limits.back_off_max_ns));
  }
}

void Session::note_miss(const Cid& cid, GatewayId gateway) {
  ++misses_in_a_row[gateway];
  if (misses.size() < kMissesMax) misses[cid].insert(gateway);
}

bool Session::all_lack(const Cid& cid, const std::vector<GatewayId>& gateways) const {
  const auto lacking = misses.find(cid);
  return lacking != misses.end() && std::ranges::all_of(gateways, [&](GatewayId gateway) {
           return lacking->second.contains(gateway);
         });
}

std::optional<GatewayId> SourcePolicy::State::add(const std::string& name, bool configured) {
  if (const auto known = names.find(name); known != names.end()) {
    gateways.at(known->second).stat.configured |= configured;
    return known->second;
  }
  if (gateways.size() >= limits.gateways_max && !forget_one() && !configured) return std::nullopt;
  const GatewayId id{++last_gateway};
  Gateway gateway;
  gateway.stat.name = name;
  gateway.stat.configured = configured;
  gateways.emplace(id, std::move(gateway));
  names.emplace(name, id);
  return id;
}

// The oldest that the routing has named and nobody needs now.
bool SourcePolicy::State::forget_one() {
  const auto oldest = std::ranges::find_if(gateways, [](const auto& entry) {
    const Gateway& gateway = entry.second;
    return !gateway.stat.configured && gateway.sessions == 0 && gateway.stat.waiting == 0;
  });
  if (oldest == gateways.end()) return false;
  names.erase(oldest->second.stat.name);
  gateways.erase(oldest);
  return true;
}

AskGateway SourcePolicy::State::ask(GatewayId gateway, bitswap::SessionId session, const Cid& cid,
                                    bool is_dag) {
  const RequestId id{++last_request};
  requests.emplace(id, Request{gateway, session, cid, is_dag});
  ++gateways.at(gateway).stat.waiting;
  return {id, gateway, session, cid};
}

void SourcePolicy::State::cancel(RequestId id) {
  const auto request = requests.find(id);
  if (request == requests.end()) return;
  --gateways.at(request->second.gateway).stat.waiting;
  requests.erase(request);
  actions.emplace_back(CancelRequest{id});
}

void SourcePolicy::State::assign(uint64_t now_ns) {
  std::deque<std::pair<bitswap::SessionId, Cid>> still_waiting;
  for (auto& [id, cid] : std::exchange(queue, {})) {
    const auto session = sessions.find(id);
    if (session == sessions.end()) continue;
    const auto want = session->second.wants.find(cid);
    if (want == session->second.wants.end() || want->second.request) continue;
    if (const auto gateway = choose(want->second, session->second, now_ns)) {
      const AskGateway action = ask(*gateway, id, cid, false);
      want->second.request = action.request;
      actions.emplace_back(action);
      continue;
    }
    if (somebody_is_left(want->second, session->second, now_ns)) {
      still_waiting.emplace_back(id, std::move(cid));
      continue;
    }
    actions.emplace_back(GiveUpWant{id, cid, std::move(want->second.answers)});
    session->second.wants.erase(want);
  }
  queue = std::move(still_waiting);
}

std::vector<GatewayId> SourcePolicy::State::usable(const Session& session, uint64_t now_ns) const {
  std::vector<GatewayId> ids;
  for (const auto& [id, gateway] : gateways) {
    const bool is_asked = gateway.stat.configured || session.named.contains(id);
    const auto misses = session.misses_in_a_row.find(id);
    const bool lacks_all =
        misses != session.misses_in_a_row.end() && misses->second >= kMissesInARowMax;
    if (is_asked && !lacks_all && gateway.is_usable(now_ns)) ids.push_back(id);
  }
  return ids;
}

bool SourcePolicy::State::somebody_is_left(const Want& want, const Session& session,
                                           uint64_t now_ns) const {
  return std::ranges::any_of(usable(session, now_ns),
                             [&](GatewayId id) { return may_ask(id, want, session); });
}

bool SourcePolicy::State::may_ask(GatewayId id, const Want& want, const Session& session) {
  return !want.tried.contains(id) && !session.all_lack(want.cid, {id});
}

std::optional<GatewayId> SourcePolicy::State::choose(const Want& want, const Session& session,
                                                     uint64_t now_ns) const {
  std::optional<GatewayId> best;
  for (const GatewayId id : usable(session, now_ns)) {
    const Gateway& gateway = gateways.at(id);
    if (!may_ask(id, want, session) || !gateway.has_free_slot(limits)) continue;
    if (!best || gateway.next_block_ns() < gateways.at(*best).next_block_ns()) best = id;
  }
  return best;
}

bool SourcePolicy::State::any_measured(const std::vector<GatewayId>& of) const {
  return std::ranges::any_of(of, [&](GatewayId id) { return gateways.at(id).is_measured(); });
}

double SourcePolicy::State::share(const std::vector<GatewayId>& of,
                                  const BitswapPace& bitswap) const {
  double rate = 0;
  for (const GatewayId id : of) rate += static_cast<double>(gateways.at(id).stat.bytes_per_second);
  if (bitswap.peers == 0 || rate == 0) return 1;
  if (bitswap.bytes_per_second == 0) return 0.5;
  return rate / (rate + static_cast<double>(bitswap.bytes_per_second));
}

size_t SourcePolicy::State::room(const std::vector<GatewayId>& of,
                                 const BitswapPace& bitswap) const {
  size_t slots = 0;
  size_t free = 0;
  for (const GatewayId id : of) {
    const Gateway& gateway = gateways.at(id);
    const uint32_t all = gateway.slots(limits);
    free += all - std::min<uint64_t>(all, gateway.stat.waiting);
    if (gateway.is_measured()) slots += all;
  }
  // Beside Bitswap, as many wait as are under way, so that no gateway stands still. None wait for
  // one that has not been measured.
  const size_t may_wait = bitswap.peers == 0 && slots > 0 ? limits.wants_queued_max : slots;
  return free + may_wait - std::min(queue.size(), free + may_wait);
}

}  // namespace timerose::exchange
