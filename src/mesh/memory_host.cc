#include "mesh/memory_host.h"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

namespace timerose::mesh {
namespace {

constexpr uint64_t kRoundTripNs = 1000;

SharedBytes joined(const std::vector<ByteView>& pieces) {
  Bytes frame;
  size_t bytes = 0;
  for (const ByteView piece : pieces) bytes += piece.size();
  frame.reserve(bytes);
  for (const ByteView piece : pieces) frame.insert(frame.end(), piece.begin(), piece.end());
  return frame;
}

}  // namespace

MemoryHost::MemoryHost(std::shared_ptr<MemoryNetwork::State> network,
                       std::unique_ptr<MemoryNode> node)
    : network_(std::move(network)), node_(std::move(node)) {}

MemoryHost::~MemoryHost() {
  {
    const Lock lock(network_->mutex);
    while (!node_->connections.empty()) {
      const PeerId peer = node_->connections.begin()->first;
      network_->disconnect(*node_, peer, "the peer has gone");
    }
    network_->nodes.erase(node_->self);
  }
  if (node_->descriptor >= 0) close(node_->descriptor);
}

// --- Events ---

void MemoryHost::take_events(std::vector<Event>& out, size_t max) {
  const Lock lock(network_->mutex);
  for (size_t taken = 0; taken < max && !node_->events.empty();) {
    Event event = std::move(node_->events.front());
    node_->events.pop_front();
    if (hand_over(event, out)) ++taken;
  }
  if (node_->descriptor >= 0 && node_->events.empty()) {
    eventfd_t count = 0;
    (void)eventfd_read(node_->descriptor, &count);
  }
}

bool MemoryHost::hand_over(Event& event, std::vector<Event>& out) {
  if (const auto* frame = std::get_if<StreamFrame>(&event)) {
    const auto end = node_->streams.find(frame->stream);
    if (end == node_->streams.end()) return false;
    frame_taken(end->second, frame->frame.size());
  } else if (const auto* writable = std::get_if<StreamWritable>(&event)) {
    if (!node_->streams.contains(writable->stream)) return false;
  } else if (const auto* closed = std::get_if<StreamClosed>(&event)) {
    node_->streams.erase(closed->stream);
  }
  out.push_back(std::move(event));
  return true;
}

void MemoryHost::frame_taken(const MemoryNode::StreamEnd& end, size_t bytes) {
  end.here().unread_bytes -= bytes;
  MemoryStream::End& sender = end.there();
  if (!sender.blocked || !sender.open || end.here().unread_bytes > kSendQueueBytes / 2) return;
  sender.blocked = false;
  sender.node->tell(StreamWritable{sender.id});
}

// --- Connections ---

Status MemoryHost::listen(const Address& address) {
  if (address.empty() || address[0] != '/') {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("'{}' is no address: expected one like /memory/0", address)};
  }
  const Lock lock(network_->mutex);
  if (node_->listening.empty()) node_->listening.push_back(node_->address());
  node_->tell(Listening{node_->address()});
  return success();
}

Status MemoryHost::connect(const PeerAddresses& target) {
  for (const Address& address : target.addresses) {
    if (address.empty() || address[0] != '/') {
      return Error{ErrorCode::kInvalidArgument, fmt::format("'{}' is no address", address)};
    }
  }
  const Lock lock(network_->mutex);
  const std::string why = network_->connect(*node_, target.peer);
  if (!why.empty()) node_->tell(DialFailed{target.peer, why});
  return success();
}

void MemoryHost::disconnect(const PeerId& peer) {
  const Lock lock(network_->mutex);
  network_->disconnect(*node_, peer, "disconnected");
}

void MemoryHost::deny(const PeerId& peer, bool denied) {
  const Lock lock(network_->mutex);
  if (!denied) {
    node_->denied.erase(peer);
    return;
  }
  node_->denied.insert(peer);
  network_->disconnect(*node_, peer, "denied");
}

std::vector<Address> MemoryHost::listen_addresses() const {
  const Lock lock(network_->mutex);
  return node_->listening;
}

QueryId MemoryHost::ping(const PeerId& peer) {
  const Lock lock(network_->mutex);
  const auto query = network_->next_id<QueryId>();
  if (node_->connections.contains(peer)) {
    node_->tell(Pinged{query, kRoundTripNs, ""});
  } else {
    node_->tell(Pinged{query, std::nullopt, "not connected"});
  }
  return query;
}

// --- Streams ---

void MemoryHost::handle_protocol(const Protocol& protocol) {
  const Lock lock(network_->mutex);
  node_->protocols.insert_or_assign(protocol.name, protocol);
}

StreamId MemoryHost::open_stream(const PeerId& peer, const std::vector<std::string>& protocols) {
  const Lock lock(network_->mutex);
  const auto id = network_->next_id<StreamId>();
  network_->open_stream(*node_, peer, protocols, id);
  return id;
}

Sent MemoryHost::send(StreamId stream, const std::vector<ByteView>& pieces) {
  const Lock lock(network_->mutex);
  const auto found = node_->streams.find(stream);
  if (found == node_->streams.end() || !found->second.here().open) return Sent::kClosed;
  const MemoryNode::StreamEnd& end = found->second;
  MemoryStream::End& there = end.there();

  // The peer has closed the stream, and what still comes on it is passed over.
  if (!there.open) return Sent::kTaken;
  size_t bytes = 0;
  for (const ByteView piece : pieces) bytes += piece.size();
  if (there.unread_bytes > 0 && there.unread_bytes + bytes > kSendQueueBytes) {
    end.here().blocked = true;
    return Sent::kFull;
  }
  const auto protocol = there.node->protocols.find(end.stream->protocol);
  if (protocol != there.node->protocols.end() && bytes > protocol->second.frame_bytes_max) {
    network_->reset(*end.stream, fmt::format("a frame of {} bytes, over the limit of {}", bytes,
                                             protocol->second.frame_bytes_max));
    return Sent::kTaken;
  }
  there.waiting.push_back(joined(pieces));
  there.unread_bytes += bytes;
  network_->deliver(*end.stream, 1 - end.side);
  return Sent::kTaken;
}

void MemoryHost::set_reading(StreamId stream, bool reading) {
  const Lock lock(network_->mutex);
  const auto found = node_->streams.find(stream);
  if (found == node_->streams.end()) return;
  found->second.here().reading = reading;
  network_->deliver(*found->second.stream, found->second.side);
}

void MemoryHost::close_stream(StreamId stream) {
  const Lock lock(network_->mutex);
  const auto found = node_->streams.find(stream);
  if (found == node_->streams.end()) return;
  const MemoryNode::StreamEnd end = found->second;
  node_->streams.erase(found);
  end.here().open = false;
  end.here().waiting.clear();
  end.there().peer_ended = true;
  network_->deliver(*end.stream, 1 - end.side);
}

// --- Routing ---

QueryId MemoryHost::find_providers(ByteView multihash, uint32_t count_max) {
  const Lock lock(network_->mutex);
  const auto query = network_->next_id<QueryId>();
  if (network_->routing_silent) return query;
  ProvidersFound found{query, {}};
  for (const PeerId& peer : network_->providers[to_bytes(multihash)]) {
    if (peer == node_->self || found.providers.size() == count_max) continue;
    const MemoryNode* const node = network_->find(peer);
    found.providers.push_back({peer, node == nullptr ? std::vector<Address>() : node->listening});
  }
  if (!found.providers.empty()) node_->tell(std::move(found));
  node_->tell(QueryEnded{query, static_cast<uint32_t>(network_->nodes.size() - 1), ""});
  return query;
}

QueryId MemoryHost::provide(ByteView multihash) {
  const Lock lock(network_->mutex);
  const auto query = network_->next_id<QueryId>();
  if (network_->routing_silent) return query;
  network_->providers[to_bytes(multihash)].insert(node_->self);
  node_->tell(QueryEnded{query, static_cast<uint32_t>(network_->nodes.size() - 1), ""});
  return query;
}

QueryId MemoryHost::find_peer(const PeerId& peer) {
  const Lock lock(network_->mutex);
  const auto query = network_->next_id<QueryId>();
  if (network_->routing_silent) return query;
  const MemoryNode* const node = network_->find(peer);
  if (node != nullptr) node_->tell(PeerFound{query, {peer, node->listening}});
  node_->tell(QueryEnded{query, static_cast<uint32_t>(network_->nodes.size() - 1),
                         node == nullptr ? "no peer knows it" : ""});
  return query;
}

QueryId MemoryHost::get_value(ByteView key) {
  const Lock lock(network_->mutex);
  const auto query = network_->next_id<QueryId>();
  if (network_->routing_silent) return query;
  for (const auto& [peer, node] : network_->nodes) {
    const auto record = node->records.find(to_bytes(key));
    if (record != node->records.end()) node_->tell(ValueFound{query, record->second, peer});
  }
  node_->tell(QueryEnded{query, static_cast<uint32_t>(network_->nodes.size() - 1), ""});
  return query;
}

// Every connected peer is offered the record, and decides.
QueryId MemoryHost::put_value(ByteView key, ByteView value) {
  const Lock lock(network_->mutex);
  const auto query = network_->next_id<QueryId>();
  if (network_->routing_silent) return query;
  node_->records.insert_or_assign(to_bytes(key), to_bytes(value));
  for (const auto& [peer, connection] : node_->connections) {
    MemoryNode* const other = network_->find(peer);
    const auto offer = network_->next_id<QueryId>();
    other->offers[offer] = {to_bytes(key), to_bytes(value)};
    other->tell(RecordOffered{offer, node_->self, to_bytes(key), to_bytes(value)});
  }
  node_->tell(QueryEnded{query, static_cast<uint32_t>(node_->connections.size()),
                         node_->connections.empty() ? "no peer to keep the record" : ""});
  return query;
}

void MemoryHost::accept_record(QueryId offer) {
  const Lock lock(network_->mutex);
  const auto found = node_->offers.find(offer);
  if (found == node_->offers.end()) return;
  node_->records.insert_or_assign(std::move(found->second.first), std::move(found->second.second));
  node_->offers.erase(found);
}

// --- Pub/sub ---

void MemoryHost::subscribe(const std::string& topic) {
  const Lock lock(network_->mutex);
  node_->topics.insert(topic);
}

void MemoryHost::unsubscribe(const std::string& topic) {
  const Lock lock(network_->mutex);
  node_->topics.erase(topic);
}

Status MemoryHost::publish(const std::string& topic, ByteView data) {
  if (data.size() > MemoryNetwork::kMessageBytesMax) {
    return Error{ErrorCode::kLimitExceeded,
                 fmt::format("a message of {} bytes; at most {} can be published", data.size(),
                             MemoryNetwork::kMessageBytesMax)};
  }
  const Lock lock(network_->mutex);
  const auto& connections = node_->connections;
  if (std::none_of(connections.begin(), connections.end(), [&](const auto& connection) {
        return network_->find(connection.first)->topics.contains(topic);
      })) {
    return Error{ErrorCode::kNotFound, "no connected peer listens to '" + topic + "'"};
  }
  const uint64_t number = ++network_->numbers;
  network_->messages.emplace(
      number, MemoryNetwork::State::Message{topic, node_->self, SharedBytes::copy_of(data)});
  node_->messages_seen.insert(number);
  network_->forward(*node_, number);
  return success();
}

void MemoryHost::judge(MessageId message, Verdict verdict) {
  const Lock lock(network_->mutex);
  const auto found = node_->messages_waiting.find(message);
  if (found == node_->messages_waiting.end()) return;
  if (verdict == Verdict::kAccept) network_->forward(*node_, found->second);
  node_->messages_waiting.erase(found);
}

}  // namespace timerose::mesh
