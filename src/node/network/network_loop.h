// What the network half does on its own thread: takes the host's events, keeps connections as the
// policy says, and answers what other threads ask (network.h). All of it is of the loop's thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "mesh/connection_policy.h"
#include "node/jobs/job_service.h"
#include "node/network/advertising.h"
#include "node/network/connection_log.h"
#include "node/network/execution_announcer.h"
#include "node/network/holder_search.h"
#include "node/network/network.h"
#include "node/network/providing.h"
#include "node/network/queries.h"
#include "node/network/reaching.h"
#include "node/records/peer_book.h"

namespace timerose::node {

class NetworkLoop {
 public:
  struct Parts {
    Network::Parts outside;
    EventLoop& loop;
    mesh::Host& host;
    ThreadPool& pool;
    exchange::BlockSource* http;
    scheduler::execute::Observer* history;  // of calls; null: none is kept
  };

  // What was kept from before.
  struct Kept {
    PeerBook book;
    ProvideRecords provided;
    scheduler::execute::TrustList trust;
    std::vector<KeptJob> jobs;
    std::vector<KeptAdvert> adverts;
  };

  // Before the loop runs.
  NetworkLoop(const Parts& parts, const NetworkSettings& settings, Kept kept);
  // After it has ended.
  ~NetworkLoop();

  // Starts to take events and to dial; `listening` hears once each address of the settings listens
  // or has failed to.
  void start(std::shared_ptr<Channel<bool>> listening);
  // Ends all questions and fetches; to be called before the loop is stopped.
  void stop();

  [[nodiscard]] exchange::Service& exchange() { return exchange_; }
  [[nodiscard]] names::LoopNameNetwork& names() { return names_; }
  [[nodiscard]] scheduler::execute::Service& execution() { return execution_; }
  [[nodiscard]] Providing& providing() { return providing_; }
  [[nodiscard]] ExecutionAnnouncer& announcer() { return announcer_; }
  [[nodiscard]] Advertising& advertising() { return advertising_; }
  [[nodiscard]] MeshView& view() { return view_; }
  [[nodiscard]] JobService& jobs() { return jobs_; }
  [[nodiscard]] Queries& queries() { return queries_; }
  [[nodiscard]] uint64_t now_ms() const { return parts_.loop.now_ns() / 1'000'000; }
  [[nodiscard]] mesh::Host& host() { return parts_.host; }

  [[nodiscard]] std::vector<ConnectedPeer> peers() const;
  [[nodiscard]] std::vector<mesh::Address> known_addresses(const PeerId& peer) const;
  void connect(mesh::PeerAddresses target, Stay stay, std::shared_ptr<Channel<bool>> connected);
  // A connection to the peer at any address that is known or can be found.
  void reach(const PeerId& peer, Reaching::OnConnected on_connected);
  // Who has it, as far as connected peers and the routing know within `within_ms`
  // (holder_search.h).
  void find_holders(const Cid& cid, uint64_t within_ms, JobService::OnHolders on_holders);
  Status disconnect(const PeerId& peer);

 private:
  struct Connected {
    std::map<mesh::ConnectionId, mesh::ConnectionOpened> connections;
    uint64_t since_ns = 0;
    std::string agent;
    std::vector<std::string> protocols;
  };

  void take_events();
  void handle(const mesh::Event& event);
  void on(const mesh::Listening& event);
  void on(const mesh::ListenEnded& event);
  void on(const mesh::ConnectionOpened& event);
  void on(const mesh::ConnectionClosed& event);
  void on(const mesh::DialFailed& event);
  void on(const mesh::Identified& event);
  void on(const mesh::LocalPeerSeen& event);
  void on(const mesh::StreamOpened& event);
  void on(const mesh::StreamFrame& event);
  void on(const mesh::StreamClosed& event);
  template <typename Other>
  void on(const Other&) {}

  void heard_of_listening();
  void decide(const mesh::PolicyEvent& event);
  void learn_of(const mesh::PeerAddresses& peer);
  [[nodiscard]] JobService::Parts job_parts(const NetworkSettings& settings);
  void set_timer();
  void on_time();
  void save();
  void save_soon();

  const Parts parts_;
  exchange::Service exchange_;
  names::LoopNameNetwork names_;
  ExecutionAnnouncer announcer_;
  scheduler::execute::Service execution_;
  Providing providing_;
  MeshView view_;
  Advertising advertising_;
  JobService jobs_;
  mesh::ConnectionPolicy policy_;
  PeerBook book_;
  ConnectionLog log_;
  Queries queries_;
  Reaching reaching_;
  std::vector<PeerId> denied_;

  std::map<PeerId, Connected> connected_;
  std::unordered_map<mesh::StreamId, PeerId> streams_;

  std::shared_ptr<Channel<bool>> listening_;
  size_t listens_waiting_ = 0;
  size_t listening_at_ = 0;
  std::string listen_failures_;

  std::unique_ptr<EventLoop::Watch> watch_;
  std::unique_ptr<EventLoop::Timer> timer_;
  uint64_t save_at_ns_ = 0;
  std::vector<mesh::Event> events_;
};

}  // namespace timerose::node
