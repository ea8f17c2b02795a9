#include "exchange/source_policy.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "exchange/source_policy_state.h"

namespace timerose::exchange {
namespace {

// Why a gateway did not give a block, for whoever asks.
std::string_view why_of(const Came& what) {
  if (const auto* there = std::get_if<NotThere>(&what)) return there->why;
  if (const auto* failed = std::get_if<Failed>(&what)) return failed->why;
  if (const auto* wrong = std::get_if<WrongBytes>(&what)) return wrong->why;
  return "is too busy";
}

}  // namespace

SourcePolicy::SourcePolicy(const SourceLimits& limits) : state_(std::make_unique<State>(limits)) {}
SourcePolicy::~SourcePolicy() = default;

GatewayId SourcePolicy::add_gateway(const std::string& name) {
  const auto id = state_->add(name, true);
  CHECK(id.has_value());
  return *id;
}

void SourcePolicy::add_provider(bitswap::SessionId session, const std::string& name) {
  Session& of = state_->sessions[session];
  if (of.named.size() >= kProvidersOfSessionMax) return;
  const auto id = state_->add(name, false);
  if (id && of.named.insert(*id).second) ++state_->gateways.at(*id).sessions;
}

const std::string& SourcePolicy::name(GatewayId gateway) const {
  return state_->gateways.at(gateway).stat.name;
}

bool SourcePolicy::is_configured(GatewayId gateway) const {
  return state_->gateways.at(gateway).stat.configured;
}

std::vector<Cid> SourcePolicy::offer(uint64_t now_ns, bitswap::SessionId id,
                                     std::span<const Cid> cids, const BitswapPace& bitswap) {
  Session& session = state_->sessions[id];
  const std::vector<GatewayId> usable = state_->usable(session, now_ns);
  if (usable.empty()) return {};
  const bool alone = state_->any_measured(usable);
  const double share = state_->share(usable, bitswap);
  size_t room = state_->room(usable, bitswap);
  std::vector<Cid> taken;
  for (const Cid& cid : cids) {
    if (const auto want = session.wants.find(cid); want != session.wants.end()) {
      if (want->second.alone) taken.push_back(cid);
      continue;
    }
    // Every so-manieth, so that both ways bring what is needed first.
    session.credit = std::min(session.credit + share, 2.0);
    if (room == 0 || session.credit < 1 || session.all_lack(cid, usable)) continue;
    session.credit -= 1;
    --room;
    session.wants.emplace(cid, Want{.cid = cid, .alone = alone});
    state_->queue.emplace_back(id, cid);
    if (alone) taken.push_back(cid);
  }
  return taken;
}

std::optional<AskGateway> SourcePolicy::offer_dag(uint64_t now_ns, bitswap::SessionId id,
                                                  const Cid& root) {
  Session& session = state_->sessions[id];
  const auto gateway = state_->choose(Want{.cid = root}, session, now_ns);
  if (!gateway) return std::nullopt;
  return state_->ask(*gateway, id, root, true);
}

void SourcePolicy::came(uint64_t now_ns, RequestId id, const Came& what) {
  const auto found = state_->requests.find(id);
  if (found == state_->requests.end()) return;
  const Request request = found->second;
  state_->requests.erase(found);
  Gateway& gateway = state_->gateways.at(request.gateway);
  const auto* got = std::get_if<GotBlock>(&what);
  if (got != nullptr) {
    gateway.measure(*got);
  } else {
    gateway.blame(what, now_ns, state_->limits);
  }
  --gateway.stat.waiting;
  if (request.is_dag) return;

  Session& session = state_->sessions.at(request.session);
  if (std::holds_alternative<NotThere>(what)) session.note_miss(request.cid, request.gateway);
  const auto want = session.wants.find(request.cid);
  CHECK(want != session.wants.end());
  if (got != nullptr) {
    gateway.count_block(got->bytes);
    session.misses_in_a_row.erase(request.gateway);
    session.wants.erase(want);
    return;
  }
  want->second.request.reset();
  want->second.tried.insert(request.gateway);
  want->second.answers += fmt::format("{}{}: {}", want->second.answers.empty() ? "" : "; ",
                                      gateway.stat.name, why_of(what));
  state_->queue.emplace_front(request.session, request.cid);
}

void SourcePolicy::brought(RequestId id, uint64_t bytes) {
  const auto found = state_->requests.find(id);
  if (found != state_->requests.end()) {
    state_->gateways.at(found->second.gateway).count_block(bytes);
  }
}

void SourcePolicy::drop(bitswap::SessionId id, std::span<const Cid> cids) {
  const auto session = state_->sessions.find(id);
  if (session == state_->sessions.end()) return;
  for (const Cid& cid : cids) {
    const auto want = session->second.wants.find(cid);
    if (want == session->second.wants.end()) continue;
    if (want->second.request) state_->cancel(*want->second.request);
    session->second.wants.erase(want);
  }
}

void SourcePolicy::close(bitswap::SessionId id) {
  const auto session = state_->sessions.find(id);
  if (session == state_->sessions.end()) return;
  std::vector<RequestId> open;
  for (const auto& [request_id, request] : state_->requests) {
    if (request.session == id) open.push_back(request_id);
  }
  for (const RequestId request : open) state_->cancel(request);
  for (const GatewayId named : session->second.named) --state_->gateways.at(named).sessions;
  state_->sessions.erase(session);
}

std::vector<SourceAction> SourcePolicy::take_actions(uint64_t now_ns) {
  state_->assign(now_ns);
  return std::exchange(state_->actions, {});
}

std::vector<SourceStat> SourcePolicy::stat(uint64_t now_ns) const {
  std::vector<SourceStat> stats;
  for (const auto& [id, gateway] : state_->gateways) {
    stats.push_back(gateway.stat);
    stats.back().avoided = !gateway.is_usable(now_ns);
  }
  return stats;
}

}  // namespace timerose::exchange
