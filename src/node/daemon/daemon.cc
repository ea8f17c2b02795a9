#include "node/daemon/daemon.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <iterator>

#include "blockstore/multihash_set.h"
#include "node/jobs/remember.h"

namespace timerose::node {
namespace {

// How long a request for a record may ask other nodes.
constexpr uint64_t kRecordTimeoutMs = 10'000;

Result<http::IpnsAnswer> record_of(names::NameService& names, const std::string& name,
                                   const std::atomic<bool>& stopping) {
  TR_ASSIGN(const PeerId peer, PeerId::parse(name));
  names::ResolveOptions options;
  options.find.timeout_ms = kRecordTimeoutMs;
  options.cancel = &stopping;
  TR_ASSIGN(names::SignedRecord found, names.find_record(peer, options));
  return http::IpnsAnswer{std::move(found.bytes), found.record.ttl_ns};
}

// Blocks that this repository has and no more: nobody makes the node fetch by asking its port.
Result<std::unique_ptr<http::GatewayServer>> start_gateway(const Config& config, Blockstore& store,
                                                           names::NameService& names,
                                                           const std::atomic<bool>& stopping) {
  const std::string& address = config.text_of("Gateway.Listen");
  if (address.empty()) return std::unique_ptr<http::GatewayServer>();
  MultihashSet denied;
  for (const std::string& item : config.list_of("Bitswap.Deny")) {
    TR_ASSIGN(const Cid cid, Cid::parse(item));
    denied.insert(cid.multihash_bytes());
  }
  http::GatewayServerOptions options;
  options.gateway.denied = [denied = std::move(denied)](const Cid& cid) {
    return denied.contains(cid.multihash_bytes());
  };
  options.gateway.ipns_record = [&](const std::string& name) {
    return record_of(names, name, stopping);
  };
  auto server = http::GatewayServer::start(address, store, std::move(options));
  if (!server.ok()) return std::move(server).error().within("Gateway.Listen");
  return server;
}

// As long as a start may take.
constexpr std::chrono::seconds kStartMax{10};

// What runs the calls of others, who may ask as soon as the network listens: before there is what
// their guests read through.
std::function<Result<compute::Executor*>()> executor_once(Repository& repository,
                                                          std::shared_future<void> ready) {
  return [&repository, ready = std::move(ready)]() -> Result<compute::Executor*> {
    // Threads that wait at once need copies of their own.
    // NOLINTNEXTLINE(performance-unnecessary-copy-initialization)
    const std::shared_future<void> mine = ready;
    if (mine.wait_for(kStartMax) == std::future_status::ready) return repository.executor();
    return Error{ErrorCode::kBusy, "this node has not started yet"};
  };
}

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::start(const std::filesystem::path& repository,
                                              Repository::Machine machine, Options options) {
  // Commands have other current folders.
  std::error_code failure;
  const auto path = std::filesystem::absolute(repository, failure);
  if (failure) return errno_error(failure.value(), "finding " + repository.string());
  TR_ASSIGN(auto opened, Repository::open(path, machine));
  TR_ASSIGN(auto listener, LocalListener::open(path));
  std::unique_ptr<Daemon> daemon(new Daemon(std::move(listener)));
  daemon->started_ns_ = machine.clock.monotonic_ns();
  daemon->repository_ = std::move(opened);
  // Opened here, not by the first command, whose thread has the client's folder and mask.
  TR_ASSIGN(GuardedBlockstore * store, daemon->repository_->blockstore());
  TR_ASSIGN(const PrivateKey* key, daemon->repository_->key());
  TR_ASSIGN(const Config config, daemon->repository_->config());
  TR_ASSIGN(NetworkSettings settings, network_settings(config, options.agent));
  settings.host.records_folder = path / "dht";
  std::filesystem::create_directories(settings.host.records_folder, failure);
  if (failure) {
    return errno_error(failure.value(), "making " + settings.host.records_folder.string());
  }
  TR_ASSIGN(OwnNode own, own_node(config, *daemon->repository_, machine.clock));
  TR_ASSIGN(daemon->isolation_,
            GuestIsolation::create(config, *daemon->repository_, PeerId::of(key->public_key()),
                                   machine.clock));
  if (compute::Runner* runner = daemon->isolation_->own_runner(); runner != nullptr) {
    daemon->repository_->run_guests_by(*runner);
  }
  own.warm = [of_node = std::move(own.warm), isolation = daemon->isolation_.get()] {
    std::vector<Cid> all = of_node();
    std::ranges::move(isolation->warm(scheduler::WarmSet::kEntriesMax), std::back_inserter(all));
    return all;
  };
  TR_ASSIGN(daemon->verification_, Verification::open(*daemon->repository_, machine.clock));
  std::promise<void> content_ready;
  TR_ASSIGN(daemon->network_,
            Network::start({machine.clock, machine.random, *key, *store,
                            daemon->repository_->records(), daemon->repository_->pins(),
                            executor_once(*daemon->repository_, content_ready.get_future().share()),
                            std::move(own),
                            [isolation = daemon->isolation_.get()](const PeerId& requester) {
                              return isolation->runner_for(requester);
                            },
                            [opened = daemon->repository_.get()](const compute::Invocation& call,
                                                                 const compute::Answer& answer) {
                              return remember(*opened, call, answer);
                            },
                            daemon->verification_.get()},
                           settings));
  daemon->naming_.emplace(*daemon->repository_, machine.clock, daemon->network_->names());
  daemon->content_.emplace(*store, daemon->network_->exchange(), exchange::FetchOptions{});
  daemon->repository_->read_content_through(*daemon->content_);
  content_ready.set_value();
  TR_ASSIGN(daemon->gateway_, start_gateway(config, *store, daemon->names(), daemon->stopping_));
  TR_ASSIGN(
      daemon->server_,
      CommandServer::create(daemon->listener_, std::move(options.version),
                            [self = daemon.get(), carry_out = std::move(options.carry_out)](
                                const LocalRequest& request, const std::atomic<bool>& cancelled) {
                              return carry_out(*self, request, cancelled);
                            }));
  TR_TRY(daemon->listener_.listen());
  return daemon;
}

Daemon::~Daemon() {
  stopping_ = true;
  server_.reset();
  gateway_.reset();
  naming_.reset();
  network_.reset();  // before what it stands on
}

}  // namespace timerose::node
