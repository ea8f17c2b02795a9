// What a node's client and server want done, and what it promises of that.
#include <algorithm>

#include "sim/bitswap_node.h"

namespace timerose::sim {
namespace {

// A look into the store.
constexpr uint64_t kLookUpNs = 100 * kMicrosecond;

uint64_t detail_of(const Cid& cid) { return std::hash<Cid>{}(cid); }

SharedBytes joined(const bitswap::Encoded& encoded) {
  Bytes frame;
  for (ByteView piece : encoded.pieces) frame.insert(frame.end(), piece.begin(), piece.end());
  return SharedBytes(std::move(frame));
}

}  // namespace

void BitswapNode::send(NodeNumber to, const bitswap::Outgoing& message,
                       EventQueue::Action written) {
  const SharedBytes frame = joined(bitswap::encode(message, version_with(to)));
  if (frame.size() > bitswap::kFrameBytesMax) fail("a frame is longer than any peer takes");
  uint64_t bytes = frame.size();
  for (const Block& block : message.blocks) {
    bytes += modelled_bytes(block.data().view()) - block.size();
  }
  ++world_.counts.messages;
  world_.network.send(number_, to, frame, bytes, std::move(written));
}

void BitswapNode::on(const bitswap::SendWants& action) {
  if (action.wants.size() > bitswap::kEntriesMax) fail("a message of too many wants");
  const NodeNumber to = world_.node_of(action.peer);
  for (const bitswap::Want& want : action.wants) {
    world_.note(number_, want.cancel ? "cancels" : "asks", detail_of(want.cid) ^ to);
  }
  bitswap::Outgoing message;
  message.full = action.full;
  message.wants = action.wants;
  send(to, message, {});
}

void BitswapNode::on(const bitswap::FindProviders& action) {
  world_.note(number_, "searches", detail_of(action.cid));
  find_providers(action.cid);
}

void BitswapNode::find_providers(const Cid& cid) {
  world_.find_providers(cid, [this, cid, life = life_](std::vector<PeerId> providers, bool ended) {
    if (life != life_) return;
    std::erase(providers, world_.id_of(number_));
    found_providers(cid, std::move(providers), ended);
  });
}

void BitswapNode::found_providers(const Cid& cid, std::vector<PeerId> providers, bool ended) {
  ask(bitswap::ProvidersKnown{
      .cid = cid, .providers = std::move(providers), .search_ended = ended});
}

void BitswapNode::on(const bitswap::DialPeer& action) {
  const NodeNumber peer = world_.node_of(action.peer);
  world_.note(number_, "dials", peer);
  dial(peer);
}

void BitswapNode::dial(NodeNumber peer) {
  const uint64_t delay_ns = 2 * kDialTrips * world_.network.latency_ns(number_, peer);
  world_.events.after(delay_ns, [this, peer] { world_.network.connect(number_, peer); });
}

void BitswapNode::on(const bitswap::Accept& action) {
  world_.note(number_, action.duplicate ? "duplicate" : "accepts", detail_of(action.cid));
  if (action.duplicate) {
    const bool honest = others_.honest(world_.node_of(action.from));
    ++(honest ? world_.counts.duplicates : world_.counts.repeats);
    if (!action.sessions.empty()) fail("a duplicate was given to a session");
    return;
  }
  auto arrived = arrived_.find(action.cid);
  const Block* real = world_.content.find(action.cid);
  if (arrived == arrived_.end() || real == nullptr ||
      !equal(arrived->second.data().view(), real->data().view())) {
    return fail("accepted bytes that are not those of " + action.cid.to_string());
  }
  if (action.sessions.empty()) fail("accepted a block that nobody waits for");
  if (store_.insert_or_assign(action.cid, arrived->second).second) stored(action.cid);
  tell(bitswap::BlocksAdded{.cids = {action.cid}});
  for (const uint64_t session : sessions_waiting_for(action.cid)) {
    if (!lent_.contains({session, action.cid})) continue;
    forget_claim({session, action.cid});
    ++world_.counts.accepted;
    --sessions_.at(session).in_flight;
    go_on(session);
  }
  for (const bitswap::SessionId id : action.sessions) {
    const auto session = static_cast<uint64_t>(id);
    if (!pending_.contains({session, action.cid})) {
      fail("accepted for a session that does not wait for it: " + action.cid.to_string());
      continue;
    }
    forget_claim({session, action.cid});
    ++world_.counts.accepted;
    --sessions_.at(session).in_flight;
    go_on(session);
  }
}

void BitswapNode::on(const bitswap::GiveUp& action) {
  world_.note(number_, "gives up", detail_of(action.cid));
  const auto session = static_cast<uint64_t>(action.session);
  auto claim = pending_.find({session, action.cid});
  if (claim == pending_.end()) return fail("gave up what was not wanted");
  if (world_.events.now_ns() != claim->second) fail("gave up at another time than the deadline");
  if (action.why.empty()) fail("gave up without a word");
  if (sessions_.at(session).fetch.file->anchored) {
    fail("node " + std::to_string(number_) +
         " gave up a block that a steady node has: " + action.why);
  }
  forget_claim({session, action.cid});
  ++world_.counts.given_up;
  --sessions_.at(session).in_flight;
  go_on(session);
}

void BitswapNode::on(const bitswap::AvoidPeer& action) {
  const NodeNumber peer = world_.node_of(action.peer);
  world_.note(number_, "avoids", peer);
  ++world_.counts.avoided;
  if (others_.honest(peer)) fail("an honest peer is avoided: " + action.why);
  world_.events.after(0, [this, peer] { world_.network.deny(number_, peer); });
}

void BitswapNode::on(const bitswap::LookUp& action) {
  world_.events.after(kLookUpNs, [this, action, life = life_] {
    if (life != life_) return;
    bitswap::LookedUp answer{.peer = action.peer, .found = {}};
    for (const Cid& cid : action.cids) {
      auto block = store_.find(cid);
      answer.found.push_back({.cid = cid, .bytes = std::nullopt});
      if (block != store_.end()) {
        answer.found.back().bytes = modelled_bytes(block->second.data().view());
      }
    }
    tell(answer);
  });
}

void BitswapNode::on(const bitswap::SendBlocks& action) {
  bitswap::Outgoing message;
  message.presences = action.presences;
  message.pending_bytes = action.pending_bytes;
  for (const Cid& cid : action.blocks) {
    auto block = store_.find(cid);
    if (block != store_.end()) message.blocks.push_back(block->second);
  }
  const PeerId peer = action.peer;
  send(world_.node_of(peer), message, [this, peer, bytes = action.bytes, life = life_] {
    if (life == life_) tell(bitswap::MessageSent{.peer = peer, .bytes = bytes});
  });
}

void BitswapNode::on(const bitswap::ClosePeer& action) {
  const NodeNumber peer = world_.node_of(action.peer);
  world_.events.after(0, [this, peer] { world_.network.disconnect(number_, peer); });
}

}  // namespace timerose::sim
