#include "node/network/network.h"

#include <fmt/format.h>

#include <set>

#include "node/network/network_loop.h"
#include "node/records/authority_records.h"
#include "node/records/call_history.h"
#include "node/records/job_records.h"
#include "node/records/trust_records.h"

namespace timerose::node {
namespace {

// How long the system may take to say whether we listen.
constexpr Ask kListenAsk{10'000, nullptr};
// A question about our own state: the loop is never busy for so long.
constexpr Ask kOwnStateAsk{10'000, nullptr};
// For what blocks in the exchange: the disk, and hashing.
constexpr size_t kPoolThreads = 4;

Error query_failed(const mesh::QueryEnded& ended) {
  if (ended.peers_asked == 0) {
    return {ErrorCode::kNotFound,
            "there is no peer to ask; connect to one by `timerose swarm connect`" +
                (ended.why.empty() ? "" : " (" + ended.why + ")")};
  }
  return {ErrorCode::kNotFound, fmt::format("{} peers were asked{}{}", ended.peers_asked,
                                            ended.why.empty() ? "" : ": ", ended.why)};
}

Error no_provider(const mesh::QueryEnded& ended) {
  Error error = query_failed(ended);
  if (ended.peers_asked == 0) return error;
  return std::move(error).within(
      "nobody says to have it; announce it on a node that has it (`timerose routing "
      "provide CID`), or connect to more peers");
}

}  // namespace

Network::Network(const Parts& parts)
    : self_(PeerId::of(parts.key.public_key())), loop_(parts.clock), pool_(kPoolThreads) {}

Result<std::unique_ptr<Network>> Network::start(const Parts& parts,
                                                const NetworkSettings& settings) {
  std::unique_ptr<Network> network(new Network(parts));
  network->limits_ = settings.connections;
  TR_ASSIGN(PeerBook book, PeerBook::load(parts.records, parts.clock));
  TR_ASSIGN(auto trust, load_trust(parts.records, network->self()));
  TR_ASSIGN(auto jobs, load_jobs(parts.records));
  TR_ASSIGN(auto adverts, load_adverts(parts.records));
  TR_ASSIGN(ProvideRecords provided, ProvideRecords::load(parts.records));
  TR_ASSIGN(network->host_, mesh::start_bridge_host(parts.key, settings.host));
  const auto post = [loop = &network->loop_](std::function<void()> task) {
    loop->post(std::move(task));
  };
  TR_ASSIGN(network->http_, exchange::make_http_source(settings.http, parts.clock, post));
  if (!settings.history.empty()) {
    TR_ASSIGN(network->history_, CallHistory::open(settings.history, parts.clock, network->self()));
  }
  network->inside_ = std::make_unique<NetworkLoop>(
      NetworkLoop::Parts{parts, network->loop_, *network->host_, network->pool_,
                         network->http_.get(), network->history_.get()},
      settings,
      NetworkLoop::Kept{std::move(book), std::move(provided), std::move(trust), std::move(jobs),
                        std::move(adverts)});
  network->execution_settings_ = settings.execution;
  TR_TRY(network->reload_authority(parts.records));
  auto listening = std::make_shared<Channel<bool>>(kListenAsk);
  network->post([listening](NetworkLoop& inside) { inside.start(listening); });
  network->thread_ = std::thread([loop = &network->loop_] { loop->run(); });
  if (auto heard = listening->only(); !heard.ok()) {
    return std::move(heard).error().within("starting to listen");
  }
  return network;
}

Network::~Network() {
  if (thread_.joinable()) {
    post([](NetworkLoop& inside) { inside.stop(); });
    loop_.stop();
    thread_.join();
  }
  inside_.reset();
  pool_.wait_idle();
}

exchange::Exchange& Network::exchange() { return inside_->exchange(); }

scheduler::execute::Service& Network::execution() { return inside_->execution(); }

names::LoopNameNetwork& Network::names() { return inside_->names(); }

void Network::post(std::function<void(NetworkLoop&)> question) {
  loop_.post([this, question = std::move(question)] { question(*inside_); });
}

template <typename T>
Result<T> Network::ask_loop(std::function<T(NetworkLoop&)> question) {
  auto answer = std::make_shared<Channel<T>>(kOwnStateAsk);
  post([answer, question = std::move(question)](NetworkLoop& inside) {
    answer->push(question(inside));
  });
  return answer->only();
}

Result<std::vector<mesh::Address>> Network::listen_addresses() {
  return ask_loop<std::vector<mesh::Address>>(
      [](NetworkLoop& inside) { return inside.host().listen_addresses(); });
}

Result<std::vector<ConnectedPeer>> Network::peers() {
  return ask_loop<std::vector<ConnectedPeer>>([](NetworkLoop& inside) { return inside.peers(); });
}

Status Network::reload_authority(sqlite::Database& records) {
  TR_ASSIGN(auto trust, load_trust(records, self_));
  TR_ASSIGN(auto tokens, load_tokens(records));
  scheduler::execute::GateRules rules(std::move(trust));
  TR_ASSIGN(rules.revocations, load_revocations(records));
  rules.is_open = execution_settings_.is_open;
  rules.denied = execution_settings_.denied;
  rules.signers = execution_settings_.signers;
  for (const auto& token : tokens) {
    if (scheduler::authority::vouched_module(*token) != nullptr) rules.vouchers.push_back(token);
  }
  execution().set_rules(std::move(rules));
  execution().set_credentials(std::move(tokens));
  return success();
}

Result<KnownNodes> Network::known_nodes() {
  return ask_loop<KnownNodes>([](NetworkLoop& inside) { return inside.advertising().nodes(); });
}

void Network::set_trust(const scheduler::execute::TrustList& trust) {
  execution().set_trust(trust);
  post([trust](NetworkLoop& inside) { inside.view().set_trust(trust); });
}

Result<std::string> Network::submit_job(std::shared_ptr<const JobAsk> ask,
                                        std::shared_ptr<JobChannel> watcher) {
  TR_ASSIGN(auto id, ask_loop<Result<std::string>>([ask, watcher](NetworkLoop& inside) {
              return inside.jobs().submit(ask, watcher);
            }));
  return id;
}

Status Network::watch_job(const std::string& id, std::shared_ptr<JobChannel> watcher) {
  TR_ASSIGN(const Status done, ask_loop<Status>([id, watcher](NetworkLoop& inside) {
              return inside.jobs().watch(id, watcher);
            }));
  return done;
}

Status Network::cancel_job(const std::string& id) {
  TR_ASSIGN(const Status done,
            ask_loop<Status>([id](NetworkLoop& inside) { return inside.jobs().cancel(id); }));
  return done;
}

Result<std::vector<JobRecord>> Network::jobs() {
  return ask_loop<std::vector<JobRecord>>([](NetworkLoop& inside) { return inside.jobs().list(); });
}

Result<JobRecord> Network::job(const std::string& id) {
  TR_ASSIGN(auto found, ask_loop<Result<JobRecord>>(
                            [id](NetworkLoop& inside) { return inside.jobs().show(id); }));
  return found;
}

Result<std::vector<scheduler::execute::ExecutorSide::Queued>> Network::queue() {
  return ask_loop<std::vector<scheduler::execute::ExecutorSide::Queued>>(
      [](NetworkLoop& inside) { return inside.execution().queue(); });
}

Result<size_t> Network::other_executors() {
  return ask_loop<size_t>(
      [](NetworkLoop& inside) { return inside.view().others(inside.now_ms()); });
}

Status Network::connect(const mesh::PeerAddresses& target, Stay stay, const Ask& ask) {
  mesh::PeerAddresses known = target;
  if (known.addresses.empty()) {
    TR_ASSIGN(known.addresses, ask_loop<std::vector<mesh::Address>>([&](NetworkLoop& inside) {
                return inside.known_addresses(target.peer);
              }));
  }
  if (known.addresses.empty()) {
    auto found = find_peer(target.peer, ask);
    if (!found.ok()) return std::move(found).error();
    known = *std::move(found);
  }
  auto connected = std::make_shared<Channel<bool>>(ask);
  post([known, stay, connected](NetworkLoop& inside) { inside.connect(known, stay, connected); });
  if (auto answer = connected->only(); !answer.ok()) return std::move(answer).error();
  return success();
}

Status Network::disconnect(const PeerId& peer) {
  TR_ASSIGN(const Status done,
            ask_loop<Status>([&](NetworkLoop& inside) { return inside.disconnect(peer); }));
  return done;
}

Result<uint64_t> Network::ping(const PeerId& peer, const Ask& ask) {
  auto answer = std::make_shared<Channel<uint64_t>>(ask);
  post([peer, answer](NetworkLoop& inside) {
    inside.queries().follow(inside.host().ping(peer), [answer](const mesh::Event& event) {
      const auto& pinged = std::get<mesh::Pinged>(event);
      if (pinged.round_trip_ns) answer->push(*pinged.round_trip_ns);
      answer->end(Error{ErrorCode::kNotFound, "no answer: " + pinged.why});
      return true;
    });
  });
  return answer->only();
}

Status Network::find_providers(const Cid& cid, uint32_t count_max, const OnProvider& on_provider,
                               const Ask& ask) {
  auto providers = std::make_shared<Channel<mesh::PeerAddresses>>(ask);
  auto query = std::make_shared<mesh::QueryId>();
  post([=, key = to_bytes(cid.multihash_bytes())](NetworkLoop& inside) {
    *query = inside.host().find_providers(key, count_max);
    auto found = std::make_shared<bool>(false);
    inside.queries().follow(*query, [=](const mesh::Event& event) {
      if (const auto* some = std::get_if<mesh::ProvidersFound>(&event)) {
        *found = *found || !some->providers.empty();
        for (const mesh::PeerAddresses& provider : some->providers) providers->push(provider);
      }
      const auto* ended = std::get_if<mesh::QueryEnded>(&event);
      if (ended == nullptr) return false;
      providers->end(*found ? success() : Status(no_provider(*ended)));
      return true;
    });
  });
  Status outcome;
  std::set<PeerId> told;
  while (told.size() < count_max) {
    auto provider = providers->next();
    if (provider.ok() && !*provider) break;
    if (provider.ok() && !told.insert((*provider)->peer).second) continue;
    const bool some_before =
        !provider.ok() && !told.empty() && provider.error().code == ErrorCode::kNotFound;
    if (some_before) break;  // the time is over, but not for nothing
    outcome = provider.ok() ? on_provider(**provider) : Status(std::move(provider).error());
    if (!outcome.ok()) break;
  }
  post([query](NetworkLoop& inside) { inside.queries().cancel(*query); });
  return outcome;
}

Result<mesh::PeerAddresses> Network::find_peer(const PeerId& peer, const Ask& ask) {
  auto answer = std::make_shared<Channel<mesh::PeerAddresses>>(ask);
  post([peer, answer](NetworkLoop& inside) {
    inside.queries().follow(inside.host().find_peer(peer),
                            [peer, answer](const mesh::Event& event) {
                              if (const auto* found = std::get_if<mesh::PeerFound>(&event)) {
                                if (found->found.peer == peer && !found->found.addresses.empty()) {
                                  answer->push(found->found);
                                }
                              }
                              const auto* ended = std::get_if<mesh::QueryEnded>(&event);
                              if (ended == nullptr) return false;
                              answer->end(query_failed(*ended));
                              return true;
                            });
  });
  auto found = answer->only();
  if (!found.ok()) {
    return std::move(found).error().within("the addresses of " + peer.to_string() +
                                           " are not known");
  }
  return found;
}

Result<uint32_t> Network::provide(const Cid& cid, const Ask& ask) {
  auto answer = std::make_shared<Channel<uint32_t>>(ask);
  post([answer, key = to_bytes(cid.multihash_bytes())](NetworkLoop& inside) {
    inside.queries().follow(inside.host().provide(key), [answer](const mesh::Event& event) {
      const auto* ended = std::get_if<mesh::QueryEnded>(&event);
      if (ended == nullptr) return false;
      if (ended->why.empty()) answer->push(ended->peers_asked);
      answer->end(query_failed(*ended));
      return true;
    });
  });
  return answer->only();
}

void Network::provide_kept(const Cid& root, bool whole) {
  post([root, whole](NetworkLoop& inside) { inside.providing().kept(root, whole); });
}

void Network::executed(const Cid& invocation, uint64_t took_ns) {
  post([invocation, took_ns](NetworkLoop& inside) {
    inside.announcer().executed(invocation, took_ns);
  });
}

Result<bool> Network::reprovide() {
  return ask_loop<bool>([](NetworkLoop& inside) { return inside.providing().sweep_again(); });
}

Result<ProvideStat> Network::provide_stat() {
  return ask_loop<ProvideStat>([](NetworkLoop& inside) { return inside.providing().stat(); });
}

}  // namespace timerose::node
