#include "mesh/bridge_host.h"

#include <algorithm>
#include <array>
#include <utility>

#include "mesh/bridge_events.h"
#include "mesh/bridge_fields.h"
#include "timerose_host.h"

namespace timerose::mesh {
namespace {

timerose_view view_of(ByteView bytes) { return {bytes.data(), bytes.size()}; }
timerose_view view_of(std::string_view text) { return view_of(as_bytes(text)); }

std::string take_text(const timerose_buffer& buffer) {
  std::string text(as_text({buffer.data, buffer.size}));
  timerose_buffer_release(buffer);
  return text;
}

FieldWriter fields_of(const std::vector<std::string>& texts) {
  FieldWriter fields;
  for (const auto& text : texts) fields.add(text);
  return fields;
}

FieldWriter fields_of(const std::vector<PeerAddresses>& peers) {
  FieldWriter fields;
  for (const auto& [peer, addresses] : peers) {
    fields.add(peer.bytes()).add(fields_of(addresses).view());
  }
  return fields;
}

uint32_t security_of(Security security) {
  switch (security) {
    case Security::kNoise:
      return TIMEROSE_SECURITY_NOISE;
    case Security::kTls:
      return TIMEROSE_SECURITY_TLS;
    default:
      return TIMEROSE_SECURITY_BOTH;
  }
}

uint32_t dht_mode_of(DhtMode mode) {
  switch (mode) {
    case DhtMode::kClient:
      return TIMEROSE_DHT_CLIENT;
    case DhtMode::kServer:
      return TIMEROSE_DHT_SERVER;
    case DhtMode::kAuto:
      break;
  }
  return TIMEROSE_DHT_AUTO;
}

class BridgeHost final : public Host {
 public:
  BridgeHost(timerose_host* host, PeerId self) : host_(host), self_(std::move(self)) {}
  ~BridgeHost() override { timerose_host_stop(host_); }
  BridgeHost(const BridgeHost&) = delete;
  BridgeHost& operator=(const BridgeHost&) = delete;

  [[nodiscard]] const PeerId& self() const override { return self_; }
  [[nodiscard]] int event_descriptor() const override {
    return timerose_host_event_descriptor(host_);
  }

  void take_events(std::vector<Event>& out, size_t max) override {
    std::array<timerose_event, 256> batch;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    while (max > 0) {
      const size_t wanted = std::min(max, batch.size());
      const size_t count = timerose_host_take(host_, batch.data(), wanted);
      for (size_t i = 0; i < count; ++i) {
        if (auto event = from_bridge(batch[i])) out.push_back(std::move(*event));
      }
      max -= count;
      if (count < wanted) break;
    }
  }

  Status listen(const Address& address) override {
    timerose_buffer error{};
    if (timerose_host_listen(host_, view_of(address), &error)) return success();
    return Error{ErrorCode::kInvalidArgument, take_text(error)};
  }

  Status connect(const PeerAddresses& target) override {
    timerose_buffer error{};
    const FieldWriter addresses = fields_of(target.addresses);
    const auto peer = view_of(target.peer.bytes());
    if (timerose_host_connect(host_, peer, view_of(addresses.view()), &error)) return success();
    return Error{ErrorCode::kInvalidArgument, take_text(error)};
  }

  void disconnect(const PeerId& peer) override {
    timerose_host_disconnect(host_, view_of(peer.bytes()));
  }
  void deny(const PeerId& peer, bool denied) override {
    timerose_host_deny(host_, view_of(peer.bytes()), denied);
  }

  [[nodiscard]] std::vector<Address> listen_addresses() const override {
    const timerose_buffer buffer = timerose_host_listen_addresses(host_);
    std::vector<Address> addresses;
    FieldReader fields({buffer.data, buffer.size});
    while (!fields.done()) addresses.push_back(fields.next_text());
    timerose_buffer_release(buffer);
    return addresses;
  }

  QueryId ping(const PeerId& peer) override {
    return QueryId(timerose_host_ping(host_, view_of(peer.bytes())));
  }

  void handle_protocol(const Protocol& protocol) override {
    timerose_host_handle_protocol(host_, view_of(protocol.name), protocol.frame_bytes_max,
                                  protocol.inbound_streams_max, protocol.sends_after_end);
  }

  StreamId open_stream(const PeerId& peer, const std::vector<std::string>& protocols) override {
    const FieldWriter names = fields_of(protocols);
    return StreamId(timerose_host_open_stream(host_, view_of(peer.bytes()), view_of(names.view())));
  }

  Sent send(StreamId stream, const std::vector<ByteView>& pieces) override {
    // A ByteView is a pointer and a size, but which comes first is the library's secret.
    views_.clear();
    for (const ByteView piece : pieces) views_.push_back(view_of(piece));
    switch (timerose_host_send(host_, uint64_t(stream), views_.data(), views_.size())) {
      case TIMEROSE_SENT_TAKEN:
        return Sent::kTaken;
      case TIMEROSE_SENT_FULL:
        return Sent::kFull;
      default:
        return Sent::kClosed;
    }
  }

  void set_reading(StreamId stream, bool reading) override {
    timerose_host_set_reading(host_, uint64_t(stream), reading);
  }
  void close_stream(StreamId stream) override {
    timerose_host_close_stream(host_, uint64_t(stream));
  }

  QueryId find_providers(ByteView multihash, uint32_t count_max) override {
    return QueryId(timerose_host_find_providers(host_, view_of(multihash), count_max));
  }
  QueryId provide(ByteView multihash) override {
    return QueryId(timerose_host_provide(host_, view_of(multihash)));
  }
  QueryId find_peer(const PeerId& peer) override {
    return QueryId(timerose_host_find_peer(host_, view_of(peer.bytes())));
  }
  QueryId get_value(ByteView key) override {
    return QueryId(timerose_host_get_value(host_, view_of(key)));
  }
  QueryId put_value(ByteView key, ByteView value) override {
    return QueryId(timerose_host_put_value(host_, view_of(key), view_of(value)));
  }
  void accept_record(QueryId offer) override {
    timerose_host_accept_record(host_, uint64_t(offer));
  }
  void cancel_query(QueryId query) override { timerose_host_cancel_query(host_, uint64_t(query)); }

  void subscribe(const std::string& topic) override {
    timerose_host_subscribe(host_, view_of(topic));
  }
  void unsubscribe(const std::string& topic) override {
    timerose_host_unsubscribe(host_, view_of(topic));
  }

  Status publish(const std::string& topic, ByteView data) override {
    switch (timerose_host_publish(host_, view_of(topic), view_of(data))) {
      case TIMEROSE_PUBLISH_TAKEN:
        return success();
      case TIMEROSE_PUBLISH_TOO_LONG:
        return Error{ErrorCode::kLimitExceeded,
                     "a message of " + std::to_string(data.size()) +
                         " bytes; at most 1048576 are passed on: publish a CID of it"};
      default:
        return Error{ErrorCode::kNotFound, "no connected peer listens to \"" + topic + '"'};
    }
  }

  void judge(MessageId message, Verdict verdict) override {
    const int code = verdict == Verdict::kAccept   ? TIMEROSE_VERDICT_ACCEPT
                     : verdict == Verdict::kReject ? TIMEROSE_VERDICT_REJECT
                                                   : TIMEROSE_VERDICT_IGNORE;
    timerose_host_judge(host_, uint64_t(message), code);
  }

 private:
  timerose_host* host_;
  PeerId self_;
  std::vector<timerose_view> views_;
};

}  // namespace

Result<std::unique_ptr<Host>> start_bridge_host(const PrivateKey& key, const HostOptions& options) {
  const Bytes private_key = key.encode();
  const FieldWriter listen = fields_of(options.listen);
  const FieldWriter announce = fields_of(options.announce);
  const FieldWriter bootstrap = fields_of(options.bootstrap);
  timerose_host_options raw{};
  raw.private_key = view_of(ByteView(private_key));
  raw.agent = view_of(options.agent);
  raw.listen = view_of(listen.view());
  raw.announce = view_of(announce.view());
  raw.bootstrap = view_of(bootstrap.view());
  if (options.network_key) raw.network_key = view_of(ByteView(*options.network_key));
  raw.dht_mode = dht_mode_of(options.dht);
  raw.mdns = options.mdns;
  raw.upnp = options.upnp;
  raw.relay_client = options.relay_client;
  raw.relay_server = options.relay_server;
  raw.connections_max = options.connections_max;
  raw.connections_of_peer_max = options.connections_of_peer_max;
  raw.pending_inbound_max = options.pending_inbound_max;
  raw.inbound_of_address_max = options.inbound_of_address_max;
  raw.inbound_of_subnet_max = options.inbound_of_subnet_max;
  raw.counts_loopback = options.counts_loopback;
  raw.reachability_delay_ms = options.reachability_delay_ms;
  raw.security = security_of(options.security);
  raw.records_folder = view_of(options.records_folder.native());
  raw.worker_threads = options.worker_threads;
  raw.send_queue_bytes_max = Host::kSendQueueBytes;
  timerose_buffer error{};
  timerose_host* host = timerose_host_start(&raw, &error);
  if (host == nullptr) {
    return Error{ErrorCode::kInvalidArgument, "starting the libp2p host: " + take_text(error)};
  }
  return std::unique_ptr<Host>(new BridgeHost(host, PeerId::of(key.public_key())));
}

}  // namespace timerose::mesh
