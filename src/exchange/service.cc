#include "exchange/service.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "exchange/block_server.h"
#include "exchange/call.h"
#include "exchange/fetcher.h"
#include "exchange/have_search.h"
#include "exchange/inbox.h"
#include "exchange/outbox.h"

namespace timerose::exchange {
namespace {

// Streams that a peer may open to us at a time. boxo opens one for each message of blocks and waits
// for none: a stream that is refused is blocks lost. As many as go-libp2p lets a peer open.
constexpr uint32_t kInboundStreamsMax = 64;
// A peer that has sent wrong bytes is left alone for so long.
constexpr uint64_t kAvoidNs = 600'000'000'000;
constexpr size_t kAvoidedMax = 4096;
// How often a waiting thread looks whether it has been told to stop.
constexpr std::chrono::milliseconds kCancelPeriod(20);

uint64_t random_number(Random& random) {
  uint64_t number = 0;
  random.fill({reinterpret_cast<uint8_t*>(&number), sizeof(number)});
  return number;
}

}  // namespace

struct Service::State {
  State(const Parts& of, const ServiceOptions& options);
  // Jobs work with all the others.
  ~State() { jobs.reset(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  bool on_event(const mesh::Event& event);
  bool on(const mesh::ConnectionOpened& event);
  bool on(const mesh::ConnectionClosed& event);
  bool on(const mesh::Identified& event);
  bool on(const mesh::DialFailed& event);
  bool on(const mesh::StreamOpened& event);
  bool on(const mesh::StreamFrame& event) { return inbox.on_frame(event); }
  bool on(const mesh::StreamWritable& event) { return outbox.on_writable(event); }
  bool on(const mesh::StreamEnded& event) { return outbox.on_ended(event); }
  bool on(const mesh::StreamClosed& event) {
    const bool of_outbox = outbox.on_closed(event);
    return inbox.on_closed(event) || of_outbox;
  }
  bool on(const mesh::ProvidersFound& event) { return fetcher.search().on_found(event); }
  bool on(const mesh::QueryEnded& event) { return fetcher.search().on_ended(event); }
  template <typename Other>
  bool on(const Other& /*event*/) {
    return false;
  }

  void speaks(const PeerId& peer, bitswap::Version version);
  void lost(const PeerId& peer, bool again, const std::string& why);
  void avoid(const PeerId& peer);
  [[nodiscard]] bool is_avoided(const PeerId& peer);
  void received(Received received);
  ExchangeStat stat() const;

  struct Peer {
    size_t connections = 0;
    std::optional<bitswap::Version> version;  // if it speaks Bitswap
  };

  const Parts parts;
  const DagFetchLimits dag_limits;
  WantedBlocks wanted;
  Outbox outbox;
  std::map<PeerId, Peer> peers;  // that are connected
  std::map<PeerId, uint64_t> avoided_until_ns;
  std::atomic<bool> stopped{false};
  std::unique_ptr<JobQueue> jobs;
  Fetcher fetcher;
  HaveSearch haves;
  BlockServer server;
  Inbox inbox;
};

Service::State::State(const Parts& of, const ServiceOptions& options)
    : parts(of),
      dag_limits(options.dag),
      outbox(of.loop, of.host,
             {[this](const PeerId& peer, bitswap::Version version) { speaks(peer, version); },
              [this](const PeerId& peer, bool again, const std::string& why) {
                lost(peer, again, why);
              },
              [this](mesh::StreamId stream) { inbox.leave_stream(stream); }}),
      jobs(std::make_unique<JobQueue>(of.loop, of.pool)),
      fetcher({of.loop, of.host, of.store, of.random, *jobs, outbox, wanted, of.second,
               [this](std::vector<Cid> cids) {
                 if (parts.on_stored) parts.on_stored(cids);
                 server.blocks_added(std::move(cids));
               },
               [this](const PeerId& peer, const std::string& /*why*/) { avoid(peer); }},
              options.client),
      haves(of.loop, outbox, [this](const Cid& cid) { return fetcher.wants(cid); }),
      server({of.loop, of.host, of.store, *jobs, outbox}, options.server, random_number(of.random),
             options.serving),
      inbox(of.host, of.store, *jobs, wanted,
            [this](Received message) { received(std::move(message)); }) {
  for (const std::string& name : bitswap_protocols()) {
    of.host.handle_protocol({.name = name,
                             .frame_bytes_max = bitswap::kFrameBytesMax,
                             .inbound_streams_max = kInboundStreamsMax,
                             .sends_after_end = true});
  }
}

// --- Events ---

bool Service::State::on_event(const mesh::Event& event) {
  return std::visit([this](const auto& one) { return on(one); }, event);
}

bool Service::State::on(const mesh::ConnectionOpened& event) {
  ++peers[event.peer].connections;
  // Who was dialed for a block is asked without waiting for it to say what it speaks.
  const bool dialed = fetcher.search().is_dialed(event.peer);
  fetcher.search().connected(event.peer);
  if (dialed && !is_avoided(event.peer)) outbox.open(event.peer);
  return false;
}

bool Service::State::on(const mesh::ConnectionClosed& event) {
  const auto peer = peers.find(event.peer);
  if (peer == peers.end() || --peer->second.connections > 0) return false;
  peers.erase(peer);
  outbox.forget(event.peer);
  fetcher.disconnected(event.peer);
  haves.disconnected(event.peer);
  server.disconnected(event.peer);
  return false;
}

bool Service::State::on(const mesh::Identified& event) {
  for (const std::string& name : bitswap_protocols()) {
    if (std::find(event.protocols.begin(), event.protocols.end(), name) == event.protocols.end()) {
      continue;
    }
    speaks(event.peer, *version_named(name));
    break;
  }
  return false;
}

bool Service::State::on(const mesh::DialFailed& event) {
  fetcher.search().on_dial_failed(event);
  return false;
}

bool Service::State::on(const mesh::StreamOpened& event) {
  if (event.direction == mesh::Direction::kOutbound) {
    if (!outbox.is_ours(event.stream)) return false;
    // Some peers answer on the stream of the question.
    inbox.add_stream(event.stream, event.peer, event.direction);
    return outbox.on_opened(event);
  }
  const auto version = version_named(event.protocol);
  if (!version) return false;
  if (is_avoided(event.peer)) {
    parts.host.close_stream(event.stream);
    return true;
  }
  inbox.add_stream(event.stream, event.peer, event.direction);
  const auto peer = peers.find(event.peer);
  if (peer != peers.end() && !peer->second.version) speaks(event.peer, *version);
  return true;
}

void Service::State::speaks(const PeerId& peer, bitswap::Version version) {
  const auto found = peers.find(peer);
  if (found == peers.end() || found->second.version == version || is_avoided(peer)) return;
  found->second.version = version;
  server.connected(peer, version);
  fetcher.connected(peer, version);
}

void Service::State::lost(const PeerId& peer, bool again, const std::string& /*why*/) {
  const auto found = peers.find(peer);
  if (found == peers.end() || !found->second.version) return;
  const bitswap::Version version = *found->second.version;
  fetcher.disconnected(peer);
  if (again) {
    // What it was asked for may be lost, so it is asked again.
    fetcher.connected(peer, version);
  } else {
    found->second.version.reset();
    server.disconnected(peer);
  }
}

void Service::State::avoid(const PeerId& peer) {
  if (avoided_until_ns.size() >= kAvoidedMax) avoided_until_ns.clear();
  avoided_until_ns[peer] = parts.loop.now_ns() + kAvoidNs;
  parts.host.disconnect(peer);
}

bool Service::State::is_avoided(const PeerId& peer) {
  const auto found = avoided_until_ns.find(peer);
  if (found == avoided_until_ns.end()) return false;
  if (parts.loop.now_ns() < found->second) return true;
  avoided_until_ns.erase(found);
  return false;
}

void Service::State::received(Received received) {
  for (Received::Asked& asked : received.asked) {
    server.asked(received.from, asked.full, std::move(asked.wants));
  }
  haves.received(received);
  fetcher.received(received);
  if (received.broken) {
    outbox.on_closed({received.stream, received.from, received.broken->message});
  }
}

ExchangeStat Service::State::stat() const {
  ExchangeStat stat;
  fetcher.fill(stat);
  stat.blocks_sent = server.blocks_sent();
  stat.bytes_sent = server.bytes_sent();
  stat.served = server.ledgers();
  return stat;
}

// --- The service ---

Service::Service(const Parts& parts, const ServiceOptions& options)
    : state_(std::make_shared<State>(parts, options)) {}

Service::~Service() { stop(); }

bool Service::on_event(const mesh::Event& event) { return state_->on_event(event); }

void Service::set_serving(bitswap::ServingPolicy serving) {
  state_->server.set_serving(std::move(serving));
}

bool Service::is_waiting() const { return state_->fetcher.is_waiting(); }
std::vector<bitswap::Ledger> Service::served() const { return state_->server.ledgers(); }

std::vector<Service::PeerRate> Service::rates() const {
  std::vector<PeerRate> rates;
  for (const bitswap::ClientPeerStat& peer : state_->fetcher.peers()) {
    const bool measured = peer.bytes >= kRateBytesMin && peer.bytes_per_second != 0;
    if (measured) rates.push_back({peer.peer, peer.bytes_per_second});
  }
  return rates;
}

void Service::stop() {
  if (state_->stopped.exchange(true)) return;
  state_->haves.stop();
  state_->fetcher.stop();
}

void Service::find_holders(const Cid& cid, const std::vector<PeerId>& peers, uint64_t within_ms,
                           std::function<void(const std::vector<PeerId>&)> on_end) {
  std::vector<PeerId> able;  // older versions have no such question
  for (const PeerId& peer : peers) {
    const auto known = state_->peers.find(peer);
    if (known == state_->peers.end() || known->second.version != bitswap::Version::k120) continue;
    if (!state_->is_avoided(peer)) able.push_back(peer);
  }
  state_->haves.start(cid, able, within_ms, std::move(on_end));
}

// `task` gets the state on the loop, unless the service is gone by then.
template <typename Task>
void Service::post(Task task) {
  state_->parts.loop.post([weak = std::weak_ptr(state_), task = std::move(task)]() mutable {
    if (const auto state = weak.lock()) task(*state);
  });
}

Status Service::wait(const std::shared_ptr<Call>& call, const CancelFlag* cancel,
                     const std::function<void(const FetchProgress&)>& on_progress) {
  bool cancelled = false;
  while (!call->wait(kCancelPeriod)) {
    if (const auto progress = call->take_progress(); progress && on_progress) {
      on_progress(*progress);
    }
    // The loop may have ended before it saw the question.
    if (state_->stopped) call->end(Error{ErrorCode::kCancelled, "the node is stopping"});
    if (cancel != nullptr && *cancel && !std::exchange(cancelled, true)) {
      call->end(Error{ErrorCode::kCancelled, "cancelled"});
      post([call](State& state) { state.fetcher.cancel(*call); });
    }
  }
  if (const auto progress = call->take_progress(); progress && on_progress) on_progress(*progress);
  return call->take_status();
}

Result<SharedBytes> Service::fetch_block(const Cid& cid, const FetchOptions& options) {
  auto here = state_->parts.store.get(cid);
  if (here.ok() || here.error().code != ErrorCode::kNotFound) return here;
  const auto call = std::make_shared<Call>();
  post([call, cid, options](State& state) { state.fetcher.fetch_block(cid, options, call); });
  TR_TRY(wait(call, options.cancel, nullptr));
  return call->take_block();
}

Status Service::fetch_dag(const Cid& root, const DagFetchOptions& options) {
  const auto call = std::make_shared<Call>();
  post([call, root, options](State& state) {
    state.fetcher.fetch_dag(root, options, state.dag_limits, call);
  });
  const Status fetched = wait(call, options.cancel, options.on_progress);
  // What was fetched before a failure is not fetched again.
  const Status flushed = state_->parts.store.flush();
  return fetched.ok() ? flushed : fetched;
}

ExchangeStat Service::stat() {
  const auto call = std::make_shared<Call>();
  const auto stat = std::make_shared<ExchangeStat>();
  post([call, stat](State& state) {
    *stat = state.stat();
    call->end(success());
  });
  return wait(call, nullptr, nullptr).ok() ? *stat : ExchangeStat();
}

void Service::announce(std::vector<Cid> cids) {
  post([cids = std::move(cids)](State& state) {
    state.fetcher.added(cids);
    if (state.parts.on_stored) state.parts.on_stored(cids);
    state.server.blocks_added(cids);
  });
}

}  // namespace timerose::exchange
