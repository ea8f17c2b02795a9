// A running node: the repository, open for writing; the network; and the local socket by which
// commands come in. One a repository.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "exchange/network_blockstore.h"
#include "http/gateway_server.h"
#include "node/daemon/command_server.h"
#include "node/daemon/local_socket.h"
#include "node/guest_isolation.h"
#include "node/network/naming.h"
#include "node/network/network.h"
#include "node/repository.h"

namespace timerose::node {

class Daemon {
 public:
  // Carries one client's command out with what the daemon has open; many at a time.
  using CarryOut =
      std::function<LocalReply(Daemon&, const LocalRequest&, const std::atomic<bool>& cancelled)>;

  struct Options {
    std::string version;  // clients of another one are refused
    std::string agent;    // what other nodes are told
    CarryOut carry_out;
  };

  // Returns once the node listens, to peers and to commands. kBusy names the process of a daemon
  // that is there already, or of a command that uses the repository.
  static Result<std::unique_ptr<Daemon>> start(const std::filesystem::path& repository,
                                               Repository::Machine machine, Options options);
  ~Daemon();
  Daemon(const Daemon&) = delete;

  // As CommandServer has them. After a false, the process must end without destroying this.
  bool serve(int stop_descriptor) { return server_->serve(stop_descriptor); }
  void stop() { server_->stop(); }

  [[nodiscard]] Repository& repository() { return *repository_; }
  [[nodiscard]] Network& network() { return *network_; }
  [[nodiscard]] GuestIsolation& isolation() { return *isolation_; }
  [[nodiscard]] names::NameService& names() { return naming_->service(); }
  // The HTTP port as a URL; empty if there is none.
  [[nodiscard]] std::string gateway_url() const { return gateway_ ? gateway_->url() : ""; }
  [[nodiscard]] size_t commands_running() const { return server_->running(); }
  [[nodiscard]] uint64_t started_ns() const { return started_ns_; }  // of the monotonic clock

 private:
  explicit Daemon(LocalListener listener) : listener_(std::move(listener)) {}

  LocalListener listener_;
  uint64_t started_ns_ = 0;
  std::unique_ptr<Repository> repository_;
  std::unique_ptr<GuestIsolation> isolation_;
  std::unique_ptr<Verification> verification_;
  std::unique_ptr<Network> network_;
  std::optional<Naming> naming_;
  std::optional<exchange::NetworkBlockstore> content_;  // what functions that run read from
  std::atomic<bool> stopping_ = false;
  std::unique_ptr<http::GatewayServer> gateway_;
  std::unique_ptr<CommandServer> server_;
};

}  // namespace timerose::node
