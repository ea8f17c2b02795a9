#include "sim/jobs/mesh_node.h"

namespace timerose::sim::jobs {

void MeshNode::start() {
  if (is_up()) return;
  ++life_;
  world_.chronicle.note(number_, "starts", life_);
  runner_ = std::make_unique<Runner>(world_, number_, nature_.manner, nature_.slower);
  advertiser_ = std::make_unique<Advertiser>(world_, number_, *runner_);
  if (nature_.asks) {
    asker_ = std::make_unique<Asker>(world_, number_);
    asker_->hear_kept(kept_);
  }
  advertiser_->start();
}

void MeshNode::stop(bool silently) {
  if (!is_up()) return;
  world_.chronicle.note(number_, "stops", silently ? 1 : 0);
  ++world_.books.totals.departures;
  if (asker_) {
    kept_ = asker_->kept(silently);
    asker_->abandon_all();
  }
  runner_->lose_all();
  advertiser_.reset();
  asker_.reset();
  runner_.reset();
  world_.wires.gone(number_, silently);
}

}  // namespace timerose::sim::jobs
