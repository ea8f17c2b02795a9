// What a simulated node tells the others of itself, by the real schedule; and how that comes to
// those who listen: the flood itself is not followed (advert_gossip.h does that), an advert
// arrives a little later, or not at all.
#pragma once

#include <cstdint>

#include "base/random.h"
#include "scheduler/adverts/advert_policy.h"
#include "sim/jobs/mesh_world.h"

namespace timerose::sim::jobs {

class Runner;

class Advertiser {
 public:
  Advertiser(MeshWorld& world, NodeNumber self, const Runner& runner);
  void start();
  // As of now, not signed.
  [[nodiscard]] scheduler::Advert advert();

 private:
  void look();
  void tell(scheduler::Advert now);

  MeshWorld& world_;
  const NodeNumber self_;
  const Runner& runner_;
  SeededRandom random_;
  Dice dice_;
  scheduler::AdvertPolicy policy_;
  scheduler::Coordinate place_;
  scheduler::Advert told_;
};

// Who runs a node: three nodes each.
std::string operator_of(NodeNumber node);

}  // namespace timerose::sim::jobs
