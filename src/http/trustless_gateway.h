// Answers of a trustless gateway (specs.ipfs.tech/http-gateways/trustless-gateway): raw blocks, CAR
// streams and IPNS records, which a client verifies by itself.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "blockstore/blockstore.h"
#include "http/message.h"

namespace timerose::http {

struct IpnsAnswer {
  Bytes record;
  uint64_t ttl_ns = 0;
};

struct GatewayOptions {
  // The record of a name ("k51..." or "12D3Koo..."); kNotFound and kInvalidArgument become 404 and
  // 400. Without it, every name is 404. Called by several threads at once, may block.
  std::function<Result<IpnsAnswer>(const std::string& name)> ipns_record;
  // Content that is refused with 410; a CAR that comes to it is cut off. Called by several threads
  // at once.
  std::function<bool(const Cid& cid)> denied;
  // Whether the store fetches what it lacks: then a block that it cannot get is 504, not 404.
  bool recursive = false;
};

// Thread-safe. Both must outlive it and the bodies of its responses.
class TrustlessGateway {
 public:
  TrustlessGateway(Blockstore& store, GatewayOptions options)
      : store_(store), options_(std::move(options)) {}

  // GET and HEAD of /ipfs/{cid}[/{path}] and /ipns/{name}. A whole answer at once but for CARs,
  // whose blocks are read while they are sent.
  [[nodiscard]] Response answer(const Request& request);

 private:
  Blockstore& store_;
  const GatewayOptions options_;
};

}  // namespace timerose::http
