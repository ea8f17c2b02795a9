// What routing policy sees of a host, over the made-up world: it dials, and asks the routing. Of
// the rest of the contract nothing is used here.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "mesh/idle_host.h"
#include "sim/routing.h"

namespace timerose::sim {

class SimHost final : public mesh::IdleHost {
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
