#include "exchange/block_server.h"

#include <utility>

namespace timerose::exchange {
namespace {

// What the store has of them; an error of the store counts as absent, as the peer can ask others.
bitswap::LookedUp look(const PeerId& peer, const std::vector<Cid>& cids, Blockstore& store) {
  bitswap::LookedUp answer{peer, {}};
  for (const Cid& cid : cids) {
    const auto bytes = store.size(cid);
    if (bytes.ok()) answer.found.push_back({cid, static_cast<uint32_t>(*bytes)});
  }
  return answer;
}

std::vector<Block> read(const std::vector<Cid>& cids, Blockstore& store) {
  std::vector<Block> blocks;
  for (const Cid& cid : cids) {
    // The peer hashes what it gets.
    auto data = store.get_unverified(cid);
    if (data.ok()) blocks.push_back(Block::trusted(cid, std::move(*data)));
  }
  return blocks;
}

}  // namespace

BlockServer::BlockServer(const Parts& parts, const bitswap::ServerLimits& limits,
                         uint64_t hash_seed, bitswap::ServingPolicy serving)
    : parts_(parts), server_(limits, hash_seed), serving_(std::move(serving)) {
  timer_ = parts_.loop.timer([this] { step(bitswap::ServerTick{}); });
}

void BlockServer::connected(const PeerId& peer, bitswap::Version version) {
  Line& line = lines_[peer];
  if (line.connection == 0) line.connection = ++connections_;
  step(bitswap::ServerPeerConnected{peer, version});
}

void BlockServer::disconnected(const PeerId& peer) {
  if (lines_.erase(peer) > 0) step(bitswap::ServerPeerDisconnected{peer});
}

void BlockServer::asked(const PeerId& peer, bool full, std::vector<bitswap::Want> wants) {
  step(bitswap::WantsReceived{peer, full, std::move(wants)});
}

void BlockServer::blocks_added(std::vector<Cid> cids) {
  step(bitswap::BlocksAdded{std::move(cids)});
}

BlockServer::Line* BlockServer::line_of(const PeerId& peer, uint64_t connection) {
  const auto line = lines_.find(peer);
  return line == lines_.end() || line->second.connection != connection ? nullptr : &line->second;
}

void BlockServer::step(const bitswap::ServerEvent& event) {
  for (bitswap::ServerAction& action : server_.step(parts_.loop.now_ns(), event)) {
    if (auto* look = std::get_if<bitswap::LookUp>(&action)) {
      look_up(*look);
    } else if (auto* send = std::get_if<bitswap::SendBlocks>(&action)) {
      const PeerId peer = send->peer;
      lines_[peer].waiting.push_back(std::move(*send));
      send_next(peer);
    } else if (const auto* close = std::get_if<bitswap::ClosePeer>(&action)) {
      parts_.host.disconnect(close->peer);
    }
  }
  timer_->set(server_.next_tick_ns());
}

void BlockServer::look_up(const bitswap::LookUp& action) {
  std::vector<Cid> allowed;
  for (const Cid& cid : action.cids) {
    if (serving_.serves(action.peer, cid)) allowed.push_back(cid);
  }
  const uint64_t connection = lines_[action.peer].connection;
  parts_.jobs.run([this, connection, peer = action.peer, cids = std::move(allowed),
                   &store = parts_.store]() -> JobQueue::Then {
    return [this, connection, answer = look(peer, cids, store)] {
      if (line_of(answer.peer, connection) != nullptr) step(answer);
    };
  });
}

void BlockServer::send_next(const PeerId& peer) {
  Line& line = lines_[peer];
  if (line.busy || line.waiting.empty()) return;
  line.busy = true;
  bitswap::SendBlocks action = std::move(line.waiting.front());
  line.waiting.pop_front();
  if (action.blocks.empty()) return send(action, {}, line.connection);
  parts_.jobs.run([this, connection = line.connection, action = std::move(action),
                   &store = parts_.store]() -> JobQueue::Then {
    return [this, connection, action, blocks = read(action.blocks, store)]() mutable {
      send(action, std::move(blocks), connection);
    };
  });
}

void BlockServer::send(const bitswap::SendBlocks& action, std::vector<Block> blocks,
                       uint64_t connection) {
  if (line_of(action.peer, connection) == nullptr) return;
  bitswap::Outgoing message;
  message.presences = action.presences;
  message.pending_bytes = action.pending_bytes;
  blocks_sent_ += blocks.size();
  for (const Block& block : blocks) bytes_sent_ += block.size();
  message.blocks = std::move(blocks);
  parts_.outbox.send_blocks(action.peer, std::move(message),
                            [this, connection, peer = action.peer, bytes = action.bytes] {
                              sent(peer, bytes, connection);
                            });
}

void BlockServer::sent(const PeerId& peer, uint64_t bytes, uint64_t connection) {
  Line* const line = line_of(peer, connection);
  if (line == nullptr) return;
  line->busy = false;
  step(bitswap::MessageSent{peer, bytes});
  if (line_of(peer, connection) != nullptr) send_next(peer);
}

}  // namespace timerose::exchange
