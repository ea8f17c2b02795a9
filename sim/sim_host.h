// What routing policy sees of a host, over the made-up world: it dials, and asks the routing. Of
// the rest of the contract nothing is used here.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "mesh/host.h"
#include "sim/routing.h"

namespace timerose::sim {

class SimHost final : public mesh::Host {
 public:
  // `on_event` hears what comes of questions, at its virtual time.
  using OnEvent = std::function<void(const mesh::Event&)>;
  SimHost(World& world, Routing& routing, NodeNumber number, OnEvent on_event)
      : world_(world), routing_(routing), number_(number), on_event_(std::move(on_event)) {}

  // As a process that ends.
  void forget_questions() { running_.clear(); }
  [[nodiscard]] size_t running() const { return running_.size(); }

  [[nodiscard]] const PeerId& self() const override { return world_.id_of(number_); }
  Status connect(const mesh::PeerAddresses& target) override;
  mesh::QueryId find_providers(ByteView multihash, uint32_t count_max) override;
  mesh::QueryId provide(ByteView multihash) override;
  void cancel_query(mesh::QueryId query) override { running_.erase(query); }
  void disconnect(const PeerId& peer) override;

  [[nodiscard]] int event_descriptor() const override { return -1; }
  void take_events(std::vector<mesh::Event>& /*out*/, size_t /*max*/) override {}
  Status listen(const mesh::Address& /*address*/) override { return success(); }
  void deny(const PeerId& /*peer*/, bool /*denied*/) override {}
  [[nodiscard]] std::vector<mesh::Address> listen_addresses() const override { return {}; }
  mesh::QueryId ping(const PeerId& /*peer*/) override { return {}; }
  void handle_protocol(const mesh::Protocol& /*protocol*/) override {}
  mesh::StreamId open_stream(const PeerId& /*peer*/,
                             const std::vector<std::string>& /*protocols*/) override {
    return {};
  }
  mesh::Sent send(mesh::StreamId /*stream*/, const std::vector<ByteView>& /*pieces*/) override {
    return mesh::Sent::kClosed;
  }
  void set_reading(mesh::StreamId /*stream*/, bool /*reading*/) override {}
  void close_stream(mesh::StreamId /*stream*/) override {}
  mesh::QueryId find_peer(const PeerId& /*peer*/) override { return {}; }
  mesh::QueryId get_value(ByteView /*key*/) override { return {}; }
  mesh::QueryId put_value(ByteView /*key*/, ByteView /*value*/) override { return {}; }
  void accept_record(mesh::QueryId /*offer*/) override {}
  void subscribe(const std::string& /*topic*/) override {}
  void unsubscribe(const std::string& /*topic*/) override {}
  Status publish(const std::string& /*topic*/, ByteView /*data*/) override { return success(); }
  void judge(mesh::MessageId /*message*/, mesh::Verdict /*verdict*/) override {}

 private:
  mesh::QueryId begin();

  World& world_;
  Routing& routing_;
  const NodeNumber number_;
  const OnEvent on_event_;
  uint64_t last_query_ = 0;
  std::set<mesh::QueryId> running_;
};

}  // namespace timerose::sim
