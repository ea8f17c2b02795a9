// One node of a simulated compute mesh: its process comes and goes, its disk and its key stay.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/jobs/advertiser.h"
#include "sim/jobs/asker.h"
#include "sim/jobs/mesh_world.h"
#include "sim/jobs/runner.h"

namespace timerose::sim::jobs {

class MeshNode final : public LinkEnd {
 public:
  struct Nature {
    Manner manner = Manner::kHonest;
    double slower = 1;  // times as long as its machine would take
    bool asks = false;
  };
  MeshNode(MeshWorld& world, NodeNumber number, const Nature& nature)
      : world_(world), number_(number), nature_(nature) {}

  void start();
  // `silently`: with its machine, so that others have to find out.
  void stop(bool silently);
  [[nodiscard]] bool is_up() const { return runner_ != nullptr; }
  // Which run of its process this is.
  [[nodiscard]] uint64_t life() const { return life_; }
  [[nodiscard]] const Nature& nature() const { return nature_; }
  [[nodiscard]] bool lies() const {
    return nature_.manner == Manner::kLiesAlone || nature_.manner == Manner::kLiesTogether;
  }

  // While it is up; an asker only if it asks.
  [[nodiscard]] Runner& runner() { return *runner_; }
  [[nodiscard]] Asker* asker() { return asker_.get(); }
  [[nodiscard]] Advertiser& advertiser() { return *advertiser_; }

  void link_ready(NodeNumber executor) override { asker_->link_ready(executor); }
  void link_lost(NodeNumber executor, const std::string& why) override {
    asker_->link_lost(executor, why);
  }
  void heard(NodeNumber executor, Message message) override {
    asker_->heard(executor, std::move(message));
  }
  void link_opened(mesh::StreamId link, NodeNumber requester) override {
    runner_->link_opened(link, requester);
  }
  void link_closed(mesh::StreamId link) override { runner_->link_closed(link); }
  void received(mesh::StreamId link, Message message) override {
    runner_->received(link, std::move(message));
  }

 private:
  MeshWorld& world_;
  const NodeNumber number_;
  const Nature nature_;
  uint64_t life_ = 0;
  std::vector<KeptAdvert> kept_;  // on its disk
  std::unique_ptr<Runner> runner_;
  std::unique_ptr<Asker> asker_;
  std::unique_ptr<Advertiser> advertiser_;
};

}  // namespace timerose::sim::jobs
