#include "http/gateway_server.h"

namespace timerose::http {

struct GatewayServer::Parts {
  TrustlessGateway gateway;
  std::unique_ptr<Server> server;  // ends first: it calls the gateway
};

GatewayServer::GatewayServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

GatewayServer::~GatewayServer() = default;

Result<std::unique_ptr<GatewayServer>> GatewayServer::start(const std::string& address,
                                                            Blockstore& store,
                                                            GatewayServerOptions options) {
  auto parts =
      std::make_unique<Parts>(Parts{TrustlessGateway(store, std::move(options.gateway)), nullptr});
  TR_ASSIGN(parts->server, Server::start(
                               address,
                               [gateway = &parts->gateway](const Request& request) {
                                 return gateway->answer(request);
                               },
                               options.limits));
  return std::unique_ptr<GatewayServer>(new GatewayServer(std::move(parts)));
}

const std::string& GatewayServer::address() const { return parts_->server->address(); }
const std::string& GatewayServer::url() const { return parts_->server->url(); }
void GatewayServer::stop() { parts_->server->stop(); }

}  // namespace timerose::http
