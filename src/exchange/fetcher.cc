#include "exchange/fetcher.h"

#include <algorithm>
#include <utility>

#include "base/duration.h"

namespace timerose::exchange {
namespace {

// Peers that lately had a block that was wanted are asked first for the next one.
constexpr size_t kRecentHelpersMax = 4;
// How often it is looked whether another source has taken too long.
constexpr uint64_t kLentPeriodNs = 100'000'000;

uint64_t timeout_ns_of(const FetchOptions& options) {
  return std::min(options.timeout_ms, UINT64_MAX / 4 / kNsPerMs) * kNsPerMs;
}

std::vector<PeerId> peers_of(const std::vector<mesh::PeerAddresses>& providers) {
  std::vector<PeerId> peers;
  peers.reserve(providers.size());
  for (const mesh::PeerAddresses& provider : providers) peers.push_back(provider.peer);
  return peers;
}

}  // namespace

Fetcher::Fetcher(const Parts& parts, const bitswap::ClientLimits& limits)
    : parts_(parts),
      client_(parts.random, limits),
      search_(parts.host,
              [this](const Cid& cid, const std::vector<mesh::PeerAddresses>& found, bool ended) {
                const auto waiting = expected_.find(cid);
                if (waiting != expected_.end()) {
                  for (const bitswap::SessionId id : waiting->second) {
                    for (const PeerId& peer : peers_of(found)) find(id)->providers.insert(peer);
                    if (parts_.second != nullptr) parts_.second->add_providers(id, found);
                  }
                }
                step(bitswap::ProvidersKnown{cid, peers_of(found), ended});
              }) {
  timer_ = parts_.loop.timer([this] { step(bitswap::Tick{}); });
  lent_timer_ = parts_.loop.timer([this] { take_back_overdue(); });
  if (parts_.second != nullptr) {
    parts_.second->start(
        [this](std::vector<SourceAnswer> answers) { on_answers(std::move(answers)); },
        [this](bitswap::SessionId id, const Cid& /*root*/, const Status& how) {
          // Behind what is being put into the store.
          parts_.jobs.run([this, id, how]() -> JobQueue::Then {
            return [this, id, how] { stream_ended(id, how); };
          });
        });
  }
}

Fetcher::~Fetcher() = default;

// --- What is waited for ---

void Fetcher::fetch_block(const Cid& cid, const FetchOptions& options, std::shared_ptr<Call> call) {
  open(std::make_unique<BlockSession>(*this, bitswap::SessionId{++last_session_}, std::move(call),
                                      timeout_ns_of(options), cid),
       options);
}

void Fetcher::fetch_dag(const Cid& root, const DagFetchOptions& options,
                        const DagFetchLimits& limits, std::shared_ptr<Call> call) {
  open(std::make_unique<DagSession>(*this, bitswap::SessionId{++last_session_}, std::move(call),
                                    timeout_ns_of(options), root,
                                    ByteRange{options.offset, options.length}, limits),
       options);
}

void Fetcher::open(std::unique_ptr<FetchSession> opened, const FetchOptions& options) {
  FetchSession& session = *opened;
  sessions_.emplace(session.id(), std::move(opened));
  if (stopped_) return session.fail(Error{ErrorCode::kCancelled, "the node is stopping"});
  std::vector<PeerId> first = peers_of(options.providers);
  for (const mesh::PeerAddresses& provider : options.providers) {
    search_.remember(provider);
    session.providers.insert(provider.peer);
  }
  if (first.empty()) first.assign(recent_helpers_.rbegin(), recent_helpers_.rend());
  step(bitswap::OpenSession{session.id(), std::move(first)});
  if (parts_.second != nullptr) parts_.second->add_providers(session.id(), options.providers);
  session.start();
}

void Fetcher::cancel(const Call& call) {
  for (const auto& [id, session] : sessions_) {
    if (&session->call() == &call) return session->fail({ErrorCode::kCancelled, "cancelled"});
  }
}

void Fetcher::stop() {
  stopped_ = true;
  while (!sessions_.empty()) {
    sessions_.begin()->second->fail(Error{ErrorCode::kCancelled, "the node is stopping"});
  }
}

FetchSession* Fetcher::find(bitswap::SessionId id) const {
  const auto session = sessions_.find(id);
  return session == sessions_.end() ? nullptr : session->second.get();
}

void Fetcher::expect(FetchSession& session, const std::vector<Cid>& cids) {
  for (const Cid& cid : cids) {
    if (!session.expected.insert(cid).second) continue;
    std::vector<bitswap::SessionId>& waiting = expected_[cid];
    if (waiting.empty()) parts_.wanted.add(cid);
    waiting.push_back(session.id());
  }
}

bool Fetcher::stop_expecting(FetchSession& session, const Cid& cid) {
  if (session.expected.erase(cid) == 0) return false;
  session.lent.erase(cid);
  const auto waiting = expected_.find(cid);
  std::erase(waiting->second, session.id());
  if (waiting->second.empty()) {
    expected_.erase(waiting);
    parts_.wanted.remove(cid);
  }
  return true;
}

void Fetcher::ask(FetchSession& session, std::vector<Cid> cids) {
  std::erase_if(cids, [&](const Cid& cid) { return session.lent.contains(cid); });
  // With nobody to share the work, a source that can is asked for all of it at once.
  const bool alone = client_.peers().empty();
  const bool begins = alone && begin_stream(session);
  if (!begins) {
    std::erase_if(cids, [&](const Cid& cid) {
      return comes_by_stream(cid) && (session.lent.insert(cid), true);
    });
  }
  if (parts_.second != nullptr && !begins) {
    for (const Cid& cid : parts_.second->offer(session.id(), cids, pace_of(session))) {
      std::erase(cids, cid);
      session.lent.insert(cid);
    }
  }
  if (session.streams || !session.lent.empty()) watch_lent();
  if (cids.empty()) return;
  step(bitswap::WantBlocks{session.id(), std::move(cids), session.deadline_ns()});
}

void Fetcher::finish(FetchSession& session) {
  const bitswap::SessionId id = session.id();
  // Others may have counted on what was coming by it.
  std::vector<Cid> orphans;
  if (std::exchange(session.streams, false)) {
    orphans.assign(session.expected.begin(), session.expected.end());
  }
  while (!session.expected.empty()) stop_expecting(session, Cid(*session.expected.begin()));
  touched_.erase(id);
  sessions_.erase(id);
  if (parts_.second != nullptr) parts_.second->close(id);
  step(bitswap::CloseSession{id});
  ask_again(orphans);
}

// --- What happens ---

void Fetcher::connected(const PeerId& peer, bitswap::Version version) {
  search_.connected(peer);
  step(bitswap::PeerConnected{peer, version});
}

void Fetcher::disconnected(const PeerId& peer) {
  std::erase(recent_helpers_, peer);
  step(bitswap::PeerDisconnected{peer});
}

void Fetcher::received(const Received& received) {
  if (received.bad_blocks > 0) {
    stat_.bad_blocks += received.bad_blocks;
    step(bitswap::BadBlocks{received.from, received.bad_blocks});
  }
  if (!received.stored.ok()) return store_failed(received);
  bitswap::BlocksArrived event{received.from, received.strays, received.presences};
  // What has come to be wanted since it was dropped is asked for again.
  std::erase_if(event.blocks, [this](const auto& stray) { return client_.wants(stray.cid); });
  for (const Received::Stored& one : received.blocks) {
    for (const Cid& name : one.names) {
      event.blocks.push_back({name, static_cast<uint32_t>(one.block.size())});
    }
  }
  if (event.blocks.empty() && event.presences.empty()) return;
  arriving_ = &event;
  step(event);
  arriving_ = nullptr;
  for (const Received::Stored& one : received.blocks) {
    for (const Cid& name : one.names) deliver(name, one.block.data(), &received.from);
  }
  after_blocks();
}

// Whoever waits for them cannot go on.
void Fetcher::store_failed(const Received& received) {
  for (const Received::Stored& one : received.blocks) {
    for (const Cid& name : one.names) fail_all(name, received.stored.error());
  }
}

void Fetcher::fail_all(const Cid& cid, const Error& error) {
  for (auto waiting = expected_.find(cid); waiting != expected_.end();
       waiting = expected_.find(cid)) {
    find(waiting->second.front())->fail(error);
  }
}

void Fetcher::deliver(const Cid& cid, const SharedBytes& data, const PeerId* from) {
  const auto waiting = expected_.find(cid);
  if (waiting == expected_.end()) return;
  ++stat_.blocks_received;
  stat_.bytes_received += data.size();
  delivered_.push_back(cid);
  for (const bitswap::SessionId id : std::vector(waiting->second)) {
    FetchSession& session = *find(id);
    stop_expecting(session, cid);
    if (parts_.second != nullptr) parts_.second->drop(id, std::span(&cid, 1));
    if (from != nullptr) session.helpers.insert(*from);
    touched_.insert(id);
    session.on_block(cid, data);
  }
  if (from != nullptr) remember_helper(*from);
}

void Fetcher::remember_helper(const PeerId& peer) {
  if (!recent_helpers_.empty() && recent_helpers_.back() == peer) return;
  std::erase(recent_helpers_, peer);
  recent_helpers_.push_back(peer);
  if (recent_helpers_.size() > kRecentHelpersMax) recent_helpers_.pop_front();
}

// Sessions ask for more once they have seen all that came together.
void Fetcher::after_blocks() {
  while (!touched_.empty()) {
    FetchSession* const session = find(*touched_.begin());
    touched_.erase(touched_.begin());
    if (session != nullptr) session->settle();
  }
  if (!delivered_.empty()) parts_.on_stored(std::exchange(delivered_, {}));
}

void Fetcher::added(const std::vector<Cid>& cids) {
  std::vector<Cid> wanted;
  for (const Cid& cid : cids) {
    const std::vector<Cid> names = parts_.wanted.names_of(cid);
    wanted.insert(wanted.end(), names.begin(), names.end());
  }
  if (wanted.empty()) return;
  parts_.jobs.run([this, &store = parts_.store, wanted = std::move(wanted)]() -> JobQueue::Then {
    std::vector<Block> blocks;
    for (const Cid& cid : wanted) {
      auto data = store.get(cid);
      if (data.ok()) blocks.push_back(Block::trusted(cid, std::move(*data)));
    }
    return [this, blocks = std::move(blocks)] { brought(blocks); };
  });
}

// Blocks that are in the store, but did not come over Bitswap.
void Fetcher::brought(const std::vector<Block>& blocks) {
  for (const Block& block : blocks) {
    if (client_.wants(block.cid())) step(bitswap::BlockStored{block.cid()});
    deliver(block.cid(), block.data(), nullptr);
  }
  after_blocks();
}

// --- Other sources ---

void Fetcher::on_answers(std::vector<SourceAnswer> answers) {
  std::vector<Block> blocks;
  for (SourceAnswer& answer : answers) {
    if (answer.block.ok()) {
      blocks.push_back(std::move(*answer.block));
      continue;
    }
    FetchSession* const session = find(answer.session);
    if (session == nullptr || !session->expected.contains(answer.cid)) continue;
    session->said = answer.block.error().message;
    session->lent.erase(answer.cid);
    step(bitswap::WantBlocks{answer.session, {answer.cid}, session->deadline_ns()});
  }
  if (!blocks.empty()) store_brought(std::move(blocks));
}

bool Fetcher::begin_stream(FetchSession& session) {
  const auto stream = session.as_stream();
  if (!stream || session.streamed || parts_.second == nullptr) return false;
  session.streams = parts_.second->offer_dag(session.id(), stream->root, stream->part);
  session.streamed = session.streams;
  return session.streams;
}

bool Fetcher::comes_by_stream(const Cid& cid) const {
  const auto waiting = expected_.find(cid);
  return waiting != expected_.end() &&
         std::ranges::any_of(waiting->second,
                             [this](bitswap::SessionId id) { return find(id)->streams; });
}

// Whatever has not come is asked for one by one, by everybody who waited for it.
void Fetcher::stream_ended(bitswap::SessionId id, const Status& how) {
  FetchSession* const ended = find(id);
  if (ended == nullptr) return;
  ended->streams = false;
  if (!how.ok()) ended->said = how.error().message;
  ask_again({ended->expected.begin(), ended->expected.end()});
}

void Fetcher::ask_again(const std::vector<Cid>& cids) {
  std::map<bitswap::SessionId, std::vector<Cid>> missing;
  for (const Cid& cid : cids) {
    const auto waiting = expected_.find(cid);
    if (waiting == expected_.end()) continue;
    for (const bitswap::SessionId id : waiting->second) {
      find(id)->lent.erase(cid);
      missing[id].push_back(cid);
    }
  }
  for (auto& [id, own] : missing) {
    if (FetchSession* const session = find(id)) session->look_again(std::move(own));
  }
}

void Fetcher::watch_lent() {
  if (!std::exchange(watching_lent_, true)) lent_timer_->set(now_ns() + kLentPeriodNs);
}

// What another source does not bring in time is Bitswap's, which gives it up.
void Fetcher::take_back_overdue() {
  watching_lent_ = false;
  std::vector<bitswap::SessionId> overdue;
  for (const auto& [id, session] : sessions_) {
    if (!session->streams && session->lent.empty()) continue;
    watch_lent();
    if (session->deadline_ns() <= now_ns()) overdue.push_back(id);
  }
  for (const bitswap::SessionId id : overdue) {
    FetchSession* const session = find(id);
    if (session == nullptr) continue;
    const std::vector<Cid> cids(
        session->streams ? session->expected.begin() : session->lent.begin(),
        session->streams ? session->expected.end() : session->lent.end());
    session->streams = false;
    session->lent.clear();
    parts_.second->drop(id, cids);
    if (session->said.empty()) session->said = "other sources did not bring it in time";
    step(bitswap::WantBlocks{id, cids, session->deadline_ns()});
  }
}

void Fetcher::store_brought(std::vector<Block> blocks) {
  parts_.jobs.run([this, &store = parts_.store, blocks = std::move(blocks)]() -> JobQueue::Then {
    return [this, blocks, stored = store.put(blocks)] {
      std::vector<Block> named;
      for (const Block& block : blocks) {
        for (const Cid& name : parts_.wanted.names_of(block.cid())) {
          named.push_back(Block::trusted(name, block.data()));
          if (!stored.ok()) fail_all(name, stored.error());
        }
      }
      if (stored.ok()) brought(named);
    };
  });
}

BitswapPace Fetcher::pace_of(const FetchSession& session) const {
  BitswapPace pace;
  for (const bitswap::ClientPeerStat& peer : client_.peers()) {
    if (!session.helpers.contains(peer.peer)) continue;
    ++pace.peers;
    pace.bytes_per_second += peer.bytes_per_second;
  }
  return pace;
}

// Bitswap has nobody left to ask.
void Fetcher::starving(const Cid& cid) {
  const auto waiting = expected_.find(cid);
  if (waiting == expected_.end() || parts_.second == nullptr) return;
  for (const bitswap::SessionId id : std::vector(waiting->second)) {
    if (find(id)->streams || begin_stream(*find(id))) return;
    (void)parts_.second->offer(id, std::span(&cid, 1), BitswapPace{});
  }
}

// --- What the client says ---

void Fetcher::step(const bitswap::ClientEvent& event) {
  for (bitswap::ClientAction& action : client_.step(now_ns(), event)) {
    actions_.push_back(std::move(action));
  }
  timer_->set(client_.next_tick_ns());
  // What an action leads to comes behind the actions that are there already: messages to a peer
  // keep their order.
  if (std::exchange(carrying_out_, true)) return;
  while (!actions_.empty()) {
    bitswap::ClientAction action = std::move(actions_.front());
    actions_.pop_front();
    carry_out(action);
  }
  carrying_out_ = false;
}

void Fetcher::carry_out(bitswap::ClientAction& action) {
  if (auto* wants = std::get_if<bitswap::SendWants>(&action)) {
    bitswap::Outgoing message;
    message.full = wants->full;
    message.wants = std::move(wants->wants);
    parts_.outbox.send_wants(wants->peer, std::move(message));
  } else if (const auto* search = std::get_if<bitswap::FindProviders>(&action)) {
    search_.find(search->cid);
    starving(search->cid);
  } else if (const auto* dial = std::get_if<bitswap::DialPeer>(&action)) {
    search_.dial(dial->peer);
  } else if (const auto* accept = std::get_if<bitswap::Accept>(&action)) {
    if (accept->duplicate) count_duplicate(accept->cid);
  } else if (const auto* give_up = std::get_if<bitswap::GiveUp>(&action)) {
    this->give_up(*give_up);
  } else if (const auto* avoid = std::get_if<bitswap::AvoidPeer>(&action)) {
    parts_.on_avoid(avoid->peer, avoid->why);
  }
}

void Fetcher::give_up(const bitswap::GiveUp& action) {
  FetchSession* const session = find(action.session);
  if (session == nullptr || !session->expected.contains(action.cid)) return;
  std::string why = action.why;
  if (session->providers.empty() && !search_.why_nobody_found().empty()) {
    why += "; " + search_.why_nobody_found();
  }
  for (const PeerId& peer : session->providers) {
    std::string failure = search_.why_not_reached(peer);
    if (search_.is_dialed(peer)) failure = "it has not answered so far";
    if (!failure.empty()) why += "; dialing " + peer.to_string() + ": " + failure;
  }
  if (!session->said.empty()) why += "; " + session->said;
  session->on_give_up(action.cid, why);
}

void Fetcher::count_duplicate(const Cid& cid) {
  if (arriving_ == nullptr) return;
  const auto& blocks = arriving_->blocks;
  const auto block = std::find_if(blocks.begin(), blocks.end(),
                                  [&cid](const auto& one) { return one.cid == cid; });
  ++stat_.duplicate_blocks;
  if (block != blocks.end()) stat_.duplicate_bytes += block->bytes;
}

void Fetcher::fill(ExchangeStat& stat) const {
  stat = stat_;
  stat.wantlist = client_.wantlist();
  stat.asked = client_.peers();
  if (parts_.second != nullptr) stat.http = parts_.second->stat();
}

}  // namespace timerose::exchange
