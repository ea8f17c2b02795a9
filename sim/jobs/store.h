// What a node of the mesh holds, and how it comes by more: each object once, from the nearest
// holder, from another one when that is lost. A small model of an exchange, not the real one.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "sim/jobs/mesh_world.h"

namespace timerose::sim::jobs {

class Store {
 public:
  // So long a holder is searched for before the object is given up.
  static constexpr uint64_t kGiveUpNs = 20 * kSecond;

  Store(MeshWorld& world, NodeNumber self) : world_(world), self_(self) {}
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  enum class WaitId : uint64_t {};
  // Called later: whether all of it is here now.
  using Done = std::function<void(bool)>;
  WaitId fetch(const std::vector<ObjectNumber>& objects, Done done);
  // Nothing more is wanted; `done` is not called.
  void forget(WaitId wait);

  [[nodiscard]] bool holds(ObjectNumber object) const {
    return world_.catalogue.holds(self_, object);
  }
  [[nodiscard]] bool is_fetching(ObjectNumber object) const { return fetches_.contains(object); }

 private:
  struct Fetch {
    uint64_t begun_ns = 0;
    uint64_t flows_since_ns = 0;
    bool flowing = false;
    FlowId flow{};
    NodeNumber source = 0;
    uint64_t life = 0;  // of the source, when it began
    std::vector<WaitId> waiting;
  };
  struct Wait {
    size_t missing = 0;
    bool failed = false;
    Done done;
  };
  void search(ObjectNumber object);
  void begin(ObjectNumber object);
  void watch(ObjectNumber object, FlowId flow);
  void came(ObjectNumber object);
  void end(ObjectNumber object, bool here);

  MeshWorld& world_;
  const NodeNumber self_;
  std::map<ObjectNumber, Fetch> fetches_;
  std::map<WaitId, Wait> waits_;
  uint64_t last_ = 0;
};

}  // namespace timerose::sim::jobs
