// Blocks over HTTP, from trustless gateways (specs.ipfs.tech/http-gateways/trustless-gateway):
// those of the configuration, and providers that the routing names.
//
// Requests run on a thread of its own, which also verifies what arrives. Which gateway is asked for
// what is decided by SourcePolicy on the loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "exchange/block_source.h"

namespace timerose::exchange {

struct HttpSourceOptions {
  // Base URLs ("https://gateway.example", "http://127.0.0.1:8080") or addresses
  // ("/dns4/gateway.example/tcp/443/https").
  std::vector<std::string> gateways;
  bool routed_providers = true;  // whether providers that the routing names are asked too
  uint32_t requests_of_gateway_max = 8;
  uint64_t connect_timeout_ms = 5'000;
  uint64_t stall_timeout_ms = 10'000;  // a request that brings no byte for so long fails
  std::string proxy;                   // empty: none, whatever the environment says
};

// Runs a task on the loop, from any thread.
using Post = std::function<void(std::function<void()>)>;

// kInvalidArgument names a gateway that is neither a URL nor an address. `clock` must outlive it.
// Destroyed on the loop, or after the loop has ended.
Result<std::unique_ptr<BlockSource>> make_http_source(const HttpSourceOptions& options,
                                                      Clock& clock, Post post);

}  // namespace timerose::exchange
