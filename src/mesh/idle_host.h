// A host without a network: takes every call and never tells anything. What stands in for a host in
// part derives from it and overrides that part.
#pragma once

#include "mesh/host.h"

namespace timerose::mesh {

class IdleHost : public Host {
 public:
  [[nodiscard]] int event_descriptor() const override { return -1; }
  void take_events(std::vector<Event>& /*out*/, size_t /*max*/) override {}

  Status listen(const Address& /*address*/) override { return success(); }
  Status connect(const PeerAddresses& /*target*/) override { return success(); }
  void disconnect(const PeerId& /*peer*/) override {}
  void deny(const PeerId& /*peer*/, bool /*denied*/) override {}
  [[nodiscard]] std::vector<Address> listen_addresses() const override { return {}; }
  QueryId ping(const PeerId& /*peer*/) override { return {}; }

  void handle_protocol(const Protocol& /*protocol*/) override {}
  StreamId open_stream(const PeerId& /*peer*/,
                       const std::vector<std::string>& /*protocols*/) override {
    return {};
  }
  Sent send(StreamId /*stream*/, const std::vector<ByteView>& /*pieces*/) override {
    return Sent::kClosed;
  }
  void set_reading(StreamId /*stream*/, bool /*reading*/) override {}
  void close_stream(StreamId /*stream*/) override {}

  QueryId find_providers(ByteView /*multihash*/, uint32_t /*count_max*/) override { return {}; }
  QueryId provide(ByteView /*multihash*/) override { return {}; }
  QueryId find_peer(const PeerId& /*peer*/) override { return {}; }
  QueryId get_value(ByteView /*key*/) override { return {}; }
  QueryId put_value(ByteView /*key*/, ByteView /*value*/) override { return {}; }
  void accept_record(QueryId /*offer*/) override {}
  void cancel_query(QueryId /*query*/) override {}

  void subscribe(const std::string& /*topic*/) override {}
  void unsubscribe(const std::string& /*topic*/) override {}
  Status publish(const std::string& /*topic*/, ByteView /*data*/) override { return success(); }
  void judge(MessageId /*message*/, Verdict /*verdict*/) override {}
};

}  // namespace timerose::mesh
