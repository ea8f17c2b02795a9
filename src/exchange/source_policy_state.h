// What SourcePolicy remembers. For source_policy.cc and source_policy_state.cc only.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "exchange/source_policy.h"

namespace timerose::exchange {

inline constexpr size_t kMissesMax = 64U << 10;  // of a session, remembered
inline constexpr size_t kProvidersOfSessionMax = 16;
// A gateway that has lacked so many blocks of a session, one after another, is asked for no more.
inline constexpr uint32_t kMissesInARowMax = 16;
inline constexpr uint64_t kMeanBlockBytes = 256U << 10;  // until blocks have been seen

struct Gateway {
  SourceStat stat;
  uint64_t mean_block_bytes = kMeanBlockBytes;
  uint64_t left_alone_until_ns = 0;
  uint32_t failures_in_a_row = 0;
  uint64_t sessions = 0;  // that it was named for

  [[nodiscard]] bool is_measured() const { return stat.bytes_per_second > 0; }
  [[nodiscard]] bool is_usable(uint64_t now_ns) const { return left_alone_until_ns <= now_ns; }
  [[nodiscard]] uint32_t slots(const SourceLimits& limits) const;
  [[nodiscard]] bool has_free_slot(const SourceLimits& limits) const {
    return stat.waiting < slots(limits);
  }
  // When one more block would be here; 0 for one that is to be measured.
  [[nodiscard]] double next_block_ns() const;
  void measure(const GotBlock& got);
  void count_block(uint64_t bytes);
  void blame(const Came& what, uint64_t now_ns, const SourceLimits& limits);
};

struct Want {
  Cid cid;
  bool alone = false;  // Bitswap is not asked for it
  std::set<GatewayId> tried = {};
  std::string answers = {};  // "https://a: does not have it; https://b: no answer"
  std::optional<RequestId> request = {};
};

struct Session {
  std::set<GatewayId> named;  // by the routing
  std::unordered_map<Cid, Want> wants;
  std::unordered_map<Cid, std::set<GatewayId>> misses;
  std::map<GatewayId, uint32_t> misses_in_a_row;
  double credit = 0;  // of the share that was not used up

  void note_miss(const Cid& cid, GatewayId gateway);
  [[nodiscard]] bool all_lack(const Cid& cid, const std::vector<GatewayId>& gateways) const;
};

struct Request {
  GatewayId gateway;
  bitswap::SessionId session;
  Cid cid;
  bool is_dag = false;
};

struct SourcePolicy::State {
  explicit State(const SourceLimits& given) : limits(given) {}

  // Nothing if there are too many; a configured one always has room.
  std::optional<GatewayId> add(const std::string& name, bool configured);
  AskGateway ask(GatewayId gateway, bitswap::SessionId session, const Cid& cid, bool is_dag);
  void cancel(RequestId request);
  // Gives wants that wait to gateways that are free; gives up those that nobody is left to ask for.
  void assign(uint64_t now_ns);

  [[nodiscard]] std::vector<GatewayId> usable(const Session& session, uint64_t now_ns) const;
  [[nodiscard]] std::optional<GatewayId> choose(const Want& want, const Session& session,
                                                uint64_t now_ns) const;
  [[nodiscard]] bool somebody_is_left(const Want& want, const Session& session,
                                      uint64_t now_ns) const;
  static bool may_ask(GatewayId id, const Want& want, const Session& session);
  [[nodiscard]] bool any_measured(const std::vector<GatewayId>& of) const;
  // Of the wants that Bitswap could bring too, the part that these gateways take.
  [[nodiscard]] double share(const std::vector<GatewayId>& of, const BitswapPace& bitswap) const;
  // How many more wants they take.
  [[nodiscard]] size_t room(const std::vector<GatewayId>& of, const BitswapPace& bitswap) const;

  const SourceLimits limits;
  std::map<GatewayId, Gateway> gateways;
  std::map<std::string, GatewayId> names;
  std::map<bitswap::SessionId, Session> sessions;
  std::map<RequestId, Request> requests;
  std::deque<std::pair<bitswap::SessionId, Cid>> queue;  // wants without a request; some are gone
  std::vector<SourceAction> actions;
  uint32_t last_gateway = 0;
  uint64_t last_request = 0;

 private:
  bool forget_one();
};

}  // namespace timerose::exchange
