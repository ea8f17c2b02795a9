// The network half of a node: its libp2p host, its block exchange, which peers it stays connected
// to, and the thread that all of that runs on.
//
// What commands ask is asked here: every method is thread-safe and waits for its answer, within the
// time and until the cancellation that `ask` says.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/sqlite.h"
#include "blockstore/guarded_blockstore.h"
#include "blockstore/pins.h"
#include "exchange/service.h"
#include "mesh/host.h"
#include "names/name_network.h"
#include "node/jobs/job_service.h"
#include "node/network/advertising.h"
#include "node/network/channel.h"
#include "node/network/network_settings.h"
#include "node/network/providing.h"
#include "scheduler/execute/observer.h"
#include "scheduler/execute/service.h"

namespace timerose::node {

class NetworkLoop;

enum class Stay {
  kWhileUsed,
  kAlways,  // made again when it is lost, after a restart too, until disconnect()
};

// A peer there is a connection with.
struct ConnectedPeer {
  PeerId peer;
  mesh::Address address;  // its own, as we see it
  mesh::Direction direction = mesh::Direction::kInbound;
  bool relayed = false;
  bool wanted = false;
  uint32_t connections = 0;
  uint64_t connected_ns = 0;  // how long already
  std::string agent;          // what it says of itself; empty until it has
  std::vector<std::string> protocols;
};

class Network {
 public:
  // What it stands on; must outlive it.
  struct Parts {
    Clock& clock;
    Random& random;
    const PrivateKey& key;
    GuardedBlockstore& store;
    sqlite::Database& records;
    Pins& pins;
    std::function<Result<compute::Executor*>()> executor;  // from any thread
    OwnNode own;
    scheduler::execute::RunnerOf runner_of;  // of others' guests and our own
    // Keeps an answer of another node that counts; from any thread.
    JobService::Remember remember = {};
    Verification* verification = nullptr;
  };

  // Returns once it listens: kInvalidArgument, kBusy or kIo if it cannot at any address.
  static Result<std::unique_ptr<Network>> start(const Parts& parts,
                                                const NetworkSettings& settings);
  // Ends every question and fetch with kCancelled, then all connections.
  ~Network();
  Network(const Network&) = delete;

  [[nodiscard]] const PeerId& self() const { return self_; }
  [[nodiscard]] const mesh::ConnectionLimits& limits() const { return limits_; }
  // Fetches blocks; they are in the store once they are given.
  exchange::Exchange& exchange();
  // Calls for other nodes, and theirs for us.
  scheduler::execute::Service& execution();
  // What is kept of trust, delegations and revocations is in force from now on.
  Status reload_authority(sqlite::Database& records);
  // Whom this node trusts, from now on.
  void set_trust(const scheduler::execute::TrustList& trust);
  // Records of names, to and from other nodes.
  names::LoopNameNetwork& names();

  Result<std::vector<mesh::Address>> listen_addresses();
  Result<std::vector<ConnectedPeer>> peers();
  // The mesh as this node knows it.
  Result<KnownNodes> known_nodes();

  // --- Jobs: as JobService has them ---
  Result<std::string> submit_job(std::shared_ptr<const JobAsk> ask,
                                 std::shared_ptr<JobChannel> watcher);
  Status watch_job(const std::string& id, std::shared_ptr<JobChannel> watcher);
  Status cancel_job(const std::string& id);
  Result<std::vector<JobRecord>> jobs();
  Result<JobRecord> job(const std::string& id);
  // What waits and runs here, for whom.
  Result<std::vector<scheduler::execute::ExecutorSide::Queued>> queue();
  // How many other nodes are there whose answers count and that do not refuse this node.
  Result<size_t> other_executors();

  // No addresses: those known from before, else those the DHT knows. kNotFound says what each
  // address answered.
  Status connect(const mesh::PeerAddresses& target, Stay stay, const Ask& ask);
  // Ends the connection, and the wish for it. kNotFound if there is none.
  Status disconnect(const PeerId& peer);
  // Nanoseconds there and back, over a connection that there is.
  Result<uint64_t> ping(const PeerId& peer, const Ask& ask);

  using OnProvider = std::function<Status(const mesh::PeerAddresses&)>;
  // Ends after `count_max` providers, at the end of the search or at the timeout.
  Status find_providers(const Cid& cid, uint32_t count_max, const OnProvider& on_provider,
                        const Ask& ask);
  Result<mesh::PeerAddresses> find_peer(const PeerId& peer, const Ask& ask);
  // Tells the DHT that we have it; gives how many peers were asked to remember.
  Result<uint32_t> provide(const Cid& cid, const Ask& ask);
  // Content that is to be kept: the DHT is told as the settings say, without waiting. `whole`: of
  // what is below `root` too.
  void provide_kept(const Cid& root, bool whole);
  // A call that this node has executed for its own user, without a job: the DHT is told of it, as
  // of those of jobs.
  void executed(const Cid& invocation, uint64_t took_ns);
  // Tells the DHT of everything again, from now on; false if the settings are to tell it nothing.
  Result<bool> reprovide();
  Result<ProvideStat> provide_stat();

 private:
  explicit Network(const Parts& parts);
  // Calls `question` on the loop.
  void post(std::function<void(NetworkLoop&)> question);
  template <typename T>
  Result<T> ask_loop(std::function<T(NetworkLoop&)> question);

  const PeerId self_;
  mesh::ConnectionLimits limits_;
  ExecutionSettings execution_settings_;
  EventLoop loop_;
  std::unique_ptr<mesh::Host> host_;
  ThreadPool pool_;
  std::unique_ptr<exchange::BlockSource> http_;
  std::unique_ptr<scheduler::execute::Observer> history_;
  std::unique_ptr<NetworkLoop> inside_;
  std::thread thread_;
};

}  // namespace timerose::node
