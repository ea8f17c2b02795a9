// Which gateway is asked for which block, and which blocks are left to Bitswap. Pure: events in,
// actions out; no I/O, no thread, no clock.
//
// A gateway is asked for as much as it has been measured to bring; one that has not been measured
// gets a few wants that Bitswap is asked for as well. Of wants that Bitswap could bring too, the
// gateways get the share that they would finish in the same time. One that sends
// wrong bytes is not asked again for a while, one that fails is left alone for longer each time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "exchange/block_source.h"

namespace timerose::exchange {

enum class GatewayId : uint32_t {};
enum class RequestId : uint64_t {};

struct SourceLimits {
  uint32_t requests_of_gateway_max = 8;
  uint32_t probes_max = 2;          // requests to a gateway that has not been measured
  uint32_t gateways_max = 256;      // known at once; the routing's are forgotten first
  uint32_t wants_queued_max = 256;  // taken though no gateway is free, while nobody else is asked
  uint64_t back_off_min_ns = 1'000'000'000;
  uint64_t back_off_max_ns = 300'000'000'000;
  uint64_t avoid_ns = 3600ULL * 1'000'000'000;  // after wrong bytes
};

// --- What a request came to ---
struct GotBlock {
  uint64_t bytes = 0;
  uint64_t latency_ns = 0;   // to the first byte
  uint64_t duration_ns = 0;  // of the whole
};
struct NotThere {
  std::string why;
};
struct TooBusy {
  uint64_t retry_after_ns = 0;
};
struct Failed {
  std::string why;
};
struct WrongBytes {
  std::string why;
};
using Came = std::variant<GotBlock, NotThere, TooBusy, Failed, WrongBytes>;

// --- What to do ---
struct AskGateway {
  RequestId request;
  GatewayId gateway;
  bitswap::SessionId session;
  Cid cid;
};
struct GiveUpWant {
  bitswap::SessionId session;
  Cid cid;
  std::string why;  // who was asked, and what each said
};
struct CancelRequest {
  RequestId request;
};
using SourceAction = std::variant<AskGateway, GiveUpWant, CancelRequest>;

class SourcePolicy {
 public:
  explicit SourcePolicy(const SourceLimits& limits = {});
  ~SourcePolicy();

  // Of the configuration: asked for every session. The same name gives the same id.
  GatewayId add_gateway(const std::string& name);
  // Named by the routing: asked for this session only.
  void add_provider(bitswap::SessionId session, const std::string& name);
  [[nodiscard]] const std::string& name(GatewayId gateway) const;
  [[nodiscard]] bool is_configured(GatewayId gateway) const;

  // As BlockSource::offer(): what is taken. take_actions() says what to do about it.
  std::vector<Cid> offer(uint64_t now_ns, bitswap::SessionId session, std::span<const Cid> cids,
                         const BitswapPace& bitswap);
  // The gateway for a whole DAG, as a request that came() ends; nothing if there is none.
  std::optional<AskGateway> offer_dag(uint64_t now_ns, bitswap::SessionId session, const Cid& root);

  void came(uint64_t now_ns, RequestId request, const Came& what);
  // A block of a DAG that is under way: counted, and no end of its request.
  void brought(RequestId request, uint64_t bytes);

  void drop(bitswap::SessionId session, std::span<const Cid> cids);
  void close(bitswap::SessionId session);

  // What the calls before have led to.
  std::vector<SourceAction> take_actions(uint64_t now_ns);

  [[nodiscard]] std::vector<SourceStat> stat(uint64_t now_ns) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace timerose::exchange
