// The node's HTTP port: a server that answers as a trustless gateway from one store.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "blockstore/blockstore.h"
#include "http/server.h"
#include "http/trustless_gateway.h"

namespace timerose::http {

struct GatewayServerOptions {
  ServerLimits limits;
  GatewayOptions gateway;
};

class GatewayServer {
 public:
  // Listens on "/ip4/127.0.0.1/tcp/8080" (port 0: any that is free) and serves on threads of its
  // own. `store` must outlive it. kInvalidArgument for an address that is none, kBusy for one that
  // is in use, kPermission for a port that may not be opened.
  static Result<std::unique_ptr<GatewayServer>> start(const std::string& address, Blockstore& store,
                                                      GatewayServerOptions options = {});
  // stop(), if it was not called.
  ~GatewayServer();

  // Where it listens, with the port that was chosen: "/ip4/127.0.0.1/tcp/40123".
  [[nodiscard]] const std::string& address() const;
  // The same as a URL: "http://127.0.0.1:40123".
  [[nodiscard]] const std::string& url() const;

  // No new connections; answers under way have ServerLimits::stop_grace_ms to end. Returns when all
  // threads have.
  void stop();

 private:
  struct Parts;
  explicit GatewayServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace timerose::http
