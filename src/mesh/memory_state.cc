#include "mesh/memory_state.h"

#include <fmt/format.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <utility>

namespace timerose::mesh {

void MemoryNode::tell(Event event) {
  events.push_back(std::move(event));
  if (descriptor >= 0 && events.size() == 1) (void)eventfd_write(descriptor, 1);
}

MemoryNode* MemoryNetwork::State::find(const PeerId& peer) const {
  const auto node = nodes.find(peer);
  return node == nodes.end() ? nullptr : node->second;
}

std::string MemoryNetwork::State::connect(MemoryNode& from, const PeerId& to) {
  if (from.connections.contains(to)) return "";
  MemoryNode* const target = find(to);
  if (target == nullptr || target == &from) return "nobody there";
  if (refusing.contains(to)) return target->address() + ": connection refused";
  if (cuts.contains(pair_of(from.self, to))) return target->address() + ": no route to host";
  if (from.denied.contains(to) || target->denied.contains(from.self)) return "denied";

  from.connections[to] = next_id<ConnectionId>();
  target->connections[from.self] = next_id<ConnectionId>();
  const auto tell_of = [](MemoryNode& here, const MemoryNode& there, Direction direction) {
    here.tell(ConnectionOpened{here.connections[there.self], there.self, direction, there.address(),
                               false});
    std::vector<std::string> names;
    names.reserve(there.protocols.size());
    for (const auto& [name, protocol] : there.protocols) names.push_back(name);
    here.tell(Identified{there.self, "memory", names, there.listening, here.address()});
  };
  tell_of(from, *target, Direction::kOutbound);
  tell_of(*target, from, Direction::kInbound);
  return "";
}

void MemoryNetwork::State::reset_streams(MemoryNode& a, const PeerId& b, const std::string& why) {
  std::vector<std::shared_ptr<MemoryStream>> between;
  const auto collect = [&between](const MemoryNode& here, const PeerId& there) {
    for (const auto& [id, end] : here.streams) {
      if (end.there().self == there) between.push_back(end.stream);
    }
  };
  collect(a, b);
  if (const MemoryNode* const other = find(b); other != nullptr) collect(*other, a.self);
  for (const auto& stream : between) reset(*stream, why);
}

void MemoryNetwork::State::disconnect(MemoryNode& a, const PeerId& b, const std::string& why) {
  if (!a.connections.contains(b)) return;
  reset_streams(a, b, why);
  const auto close = [&why](MemoryNode& here, const PeerId& there) {
    const auto connection = here.connections.find(there);
    here.tell(ConnectionClosed{connection->second, there, why});
    here.connections.erase(connection);
  };
  close(a, b);
  if (MemoryNode* const other = find(b); other != nullptr) close(*other, a.self);
}

std::string MemoryNetwork::State::choose_protocol(const MemoryNode& from, const MemoryNode& to,
                                                  const std::vector<std::string>& protocols,
                                                  std::string& why) const {
  const auto name = std::find_if(protocols.begin(), protocols.end(),
                                 [&to](const auto& one) { return to.protocols.contains(one); });
  if (name == protocols.end()) {
    why = fmt::format("the peer speaks none of: {}", fmt::join(protocols, ", "));
    return "";
  }
  const auto count = std::count_if(to.streams.begin(), to.streams.end(), [&](const auto& entry) {
    const MemoryNode::StreamEnd& end = entry.second;
    return end.side == 1 && end.here().open && end.stream->protocol == *name &&
           end.there().self == from.self;
  });
  if (count >= to.protocols.at(*name).inbound_streams_max) {
    why = "the peer refused the stream: too many are open";
    return "";
  }
  return *name;
}

void MemoryNetwork::State::open_stream(MemoryNode& from, const PeerId& to,
                                       const std::vector<std::string>& protocols, StreamId id) {
  std::string why = connect(from, to);
  MemoryNode* const target = find(to);
  std::string protocol;
  if (why.empty()) protocol = choose_protocol(from, *target, protocols, why);
  if (!why.empty()) return from.tell(StreamClosed{id, to, why});

  auto stream = std::make_shared<MemoryStream>();
  stream->protocol = protocol;
  const auto fill = [](MemoryStream::End& end, MemoryNode& node, StreamId its_id) {
    end.node = &node;
    end.self = node.self;
    end.id = its_id;
  };
  fill(stream->ends[0], from, id);
  fill(stream->ends[1], *target, next_id<StreamId>());
  from.streams[id] = {stream, 0};
  target->streams[stream->ends[1].id] = {stream, 1};
  from.tell(StreamOpened{id, to, Direction::kOutbound, protocol});
  target->tell(StreamOpened{stream->ends[1].id, from.self, Direction::kInbound, protocol});
  if (ending.contains(to)) {
    stream->ends[0].peer_ended = true;
    deliver(*stream, 0);
  }
}

void MemoryNetwork::State::reset(MemoryStream& stream, const std::string& why) {
  for (size_t side = 0; side < 2; ++side) {
    MemoryStream::End& end = stream.ends[side];
    end.waiting.clear();
    if (!end.open) continue;
    end.open = false;
    end.node->tell(StreamClosed{end.id, stream.ends[1 - side].self, why});
  }
}

void MemoryNetwork::State::deliver(MemoryStream& stream, size_t side) {
  MemoryStream::End& end = stream.ends[side];
  if (!end.open || !end.reading) return;
  if (delays.contains(PeerPair(stream.ends[1 - side].self, end.node->self))) return;
  for (SharedBytes& frame : end.waiting) {
    end.node->tell(StreamFrame{end.id, std::move(frame)});
  }
  end.waiting.clear();
  if (end.peer_ended) tell_peer_ended(stream, side);
}

void MemoryNetwork::State::tell_peer_ended(MemoryStream& stream, size_t side) {
  MemoryStream::End& end = stream.ends[side];
  if (std::exchange(end.told_ended, true)) return;
  const auto protocol = end.node->protocols.find(stream.protocol);
  const bool opened_it = side == 0;
  if (opened_it && protocol != end.node->protocols.end() && protocol->second.sends_after_end) {
    return end.node->tell(StreamEnded{end.id});
  }
  end.open = false;
  end.node->tell(StreamClosed{end.id, stream.ends[1 - side].self, ""});
  // What it would be sent after that is nothing.
  MemoryStream::End& other = stream.ends[1 - side];
  if (!other.open) return;
  other.peer_ended = true;
  deliver(stream, 1 - side);
}

void MemoryNetwork::State::forward(MemoryNode& from, uint64_t number) {
  const Message& message = messages.at(number);
  for (const auto& [peer, connection] : from.connections) {
    MemoryNode* const node = find(peer);
    if (!node->topics.contains(message.topic)) continue;
    if (!node->messages_seen.insert(number).second) continue;
    const auto id = next_id<MessageId>();
    node->messages_waiting[id] = number;
    node->tell(MessageReceived{id, message.topic, from.self, message.publisher, message.data});
  }
}

}  // namespace timerose::mesh
