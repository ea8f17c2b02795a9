#include "mesh/bridge_events.h"

#include <memory>
#include <utility>

#include "mesh/bridge_fields.h"

namespace timerose::mesh {
namespace {

SharedBytes take_over(const timerose_buffer& buffer) {
  std::shared_ptr<const void> owner(
      buffer.data, [buffer](const void* /*data*/) { timerose_buffer_release(buffer); });
  return {std::move(owner), ByteView(buffer.data, buffer.size)};
}

std::optional<PeerId> peer_of(ByteView bytes) {
  if (bytes.empty()) return std::nullopt;
  auto peer = PeerId::decode(bytes);
  if (!peer.ok()) return std::nullopt;
  return std::move(peer).value();
}

Direction direction_of(const timerose_event& raw) {
  return (raw.flags & TIMEROSE_FLAG_INBOUND) != 0 ? Direction::kInbound : Direction::kOutbound;
}

Event listening(FieldReader fields) { return Listening{.address = fields.next_text()}; }

Event listen_ended(FieldReader fields) {
  auto address = fields.next_text();
  return ListenEnded{.address = std::move(address), .why = fields.next_text()};
}

Event dial_failed(FieldReader fields) {
  auto peer = peer_of(fields.next());
  return DialFailed{.peer = std::move(peer), .why = fields.next_text()};
}

Event pinged(const timerose_event& raw, FieldReader fields) {
  Pinged event{.query = QueryId(raw.id), .round_trip_ns = {}, .why = fields.next_text()};
  if ((raw.flags & TIMEROSE_FLAG_OK) != 0) event.round_trip_ns = raw.number;
  return event;
}

Event providers_found(const timerose_event& raw, FieldReader fields) {
  ProvidersFound event{.query = QueryId(raw.id), .providers = {}};
  while (!fields.done()) {
    auto peer = peer_of(fields.next());
    auto addresses = fields.next_texts();
    if (peer) event.providers.push_back({std::move(*peer), std::move(addresses)});
  }
  return event;
}

Event value_found(const timerose_event& raw, FieldReader fields) {
  Bytes value = to_bytes(fields.next());
  return ValueFound{
      .query = QueryId(raw.id), .value = std::move(value), .from = peer_of(fields.next())};
}

Event query_ended(const timerose_event& raw, FieldReader fields) {
  return QueryEnded{.query = QueryId(raw.id),
                    .peers_asked = static_cast<uint32_t>(raw.number),
                    .why = fields.next_text()};
}

Event reachability_changed(const timerose_event& raw, FieldReader fields) {
  return ReachabilityChanged{.public_address = (raw.flags & TIMEROSE_FLAG_OK) != 0,
                             .address = fields.next_text()};
}

Event identified(PeerId peer, FieldReader fields) {
  Identified event{
      .peer = std::move(peer), .agent = {}, .protocols = {}, .addresses = {}, .observed = {}};
  event.agent = fields.next_text();
  event.protocols = fields.next_texts();
  event.addresses = fields.next_texts();
  event.observed = fields.next_text();
  return event;
}

Event record_offered(const timerose_event& raw, PeerId from, FieldReader fields) {
  Bytes key = to_bytes(fields.next());
  return RecordOffered{.offer = QueryId(raw.id),
                       .from = std::move(from),
                       .key = std::move(key),
                       .value = to_bytes(fields.next())};
}

Event connection_opened(const timerose_event& raw, PeerId peer, FieldReader fields) {
  return ConnectionOpened{.connection = ConnectionId(raw.id),
                          .peer = std::move(peer),
                          .direction = direction_of(raw),
                          .address = fields.next_text(),
                          .relayed = (raw.flags & TIMEROSE_FLAG_RELAYED) != 0};
}

Event stream_opened(const timerose_event& raw, PeerId peer, FieldReader fields) {
  return StreamOpened{.stream = StreamId(raw.id),
                      .peer = std::move(peer),
                      .direction = direction_of(raw),
                      .protocol = fields.next_text()};
}

// The events whose first field is the peer they are about.
std::optional<Event> of_peer(const timerose_event& raw, FieldReader fields) {
  auto peer = peer_of(fields.next());
  if (!peer) return std::nullopt;
  switch (raw.kind) {
    case TIMEROSE_EVENT_CONNECTION_OPENED:
      return connection_opened(raw, std::move(*peer), fields);
    case TIMEROSE_EVENT_CONNECTION_CLOSED:
      return ConnectionClosed{ConnectionId(raw.id), std::move(*peer), fields.next_text()};
    case TIMEROSE_EVENT_IDENTIFIED:
      return identified(std::move(*peer), fields);
    case TIMEROSE_EVENT_LOCAL_PEER_SEEN:
      return LocalPeerSeen{{std::move(*peer), fields.next_texts()}};
    case TIMEROSE_EVENT_STREAM_OPENED:
      return stream_opened(raw, std::move(*peer), fields);
    case TIMEROSE_EVENT_STREAM_CLOSED:
      return StreamClosed{StreamId(raw.id), std::move(*peer), fields.next_text()};
    case TIMEROSE_EVENT_PEER_FOUND:
      return PeerFound{QueryId(raw.id), {std::move(*peer), fields.next_texts()}};
    case TIMEROSE_EVENT_RECORD_OFFERED:
      return record_offered(raw, std::move(*peer), fields);
    default:
      return std::nullopt;
  }
}

// The data of a message is a slice of the event's bytes.
std::optional<Event> message_received(const timerose_event& raw, const SharedBytes& bytes) {
  FieldReader fields(bytes.view());
  std::string topic = fields.next_text();
  auto from = peer_of(fields.next());
  auto publisher = peer_of(fields.next());
  const ByteView data = fields.next();
  if (!from) return std::nullopt;
  const auto offset = data.empty() ? 0 : static_cast<size_t>(data.data() - bytes.data());
  return MessageReceived{.message = MessageId(raw.id),
                         .topic = std::move(topic),
                         .from = std::move(*from),
                         .publisher = std::move(publisher),
                         .data = bytes.slice(offset, data.size())};
}

}  // namespace

std::optional<Event> from_bridge(const timerose_event& raw) {
  const SharedBytes bytes = take_over(raw.data);
  const FieldReader fields(bytes.view());
  switch (raw.kind) {
    case TIMEROSE_EVENT_STREAM_FRAME:
      return StreamFrame{StreamId(raw.id), bytes};
    case TIMEROSE_EVENT_STREAM_WRITABLE:
      return StreamWritable{StreamId(raw.id)};
    case TIMEROSE_EVENT_STREAM_ENDED:
      return StreamEnded{StreamId(raw.id)};
    case TIMEROSE_EVENT_LISTENING:
      return listening(fields);
    case TIMEROSE_EVENT_LISTEN_ENDED:
      return listen_ended(fields);
    case TIMEROSE_EVENT_DIAL_FAILED:
      return dial_failed(fields);
    case TIMEROSE_EVENT_PINGED:
      return pinged(raw, fields);
    case TIMEROSE_EVENT_PROVIDERS_FOUND:
      return providers_found(raw, fields);
    case TIMEROSE_EVENT_VALUE_FOUND:
      return value_found(raw, fields);
    case TIMEROSE_EVENT_QUERY_ENDED:
      return query_ended(raw, fields);
    case TIMEROSE_EVENT_REACHABILITY_CHANGED:
      return reachability_changed(raw, fields);
    case TIMEROSE_EVENT_MESSAGE_RECEIVED:
      return message_received(raw, bytes);
    default:
      return of_peer(raw, fields);
  }
}

}  // namespace timerose::mesh
