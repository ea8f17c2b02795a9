// Which guests run in worker processes of their own, as Execute.Isolation says.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "isolation/pool.h"
#include "multiformats/peer_id.h"
#include "node/config.h"
#include "node/repository.h"

namespace timerose::node {

enum class Isolation {
  kNone,    // all run in this process
  kOthers,  // those of other requesters in a worker process for each
  kAll,     // this node's own calls too
};
// "none", "others" or "all".
Result<Isolation> isolation_named(std::string_view name);
const char* isolation_name(Isolation isolation);

// Thread-safe.
class GuestIsolation {
 public:
  // `repository` and `clock` must outlive it. `self` is the node.
  static Result<std::unique_ptr<GuestIsolation>> create(const Config& config,
                                                        Repository& repository, PeerId self,
                                                        Clock& clock);

  // Where a requester's guests run; null: in this process.
  std::unique_ptr<compute::Runner> runner_for(const PeerId& requester);
  // That of this node's own calls; null: this process.
  compute::Runner* own_runner() { return own_.get(); }

  // Functions whose code worker processes have compiled, each for its requester.
  [[nodiscard]] std::vector<Cid> warm(size_t max) { return pool_.warm(max); }

  // For a person: what is isolated, and what holds it in. Starts a worker if there was none yet.
  [[nodiscard]] std::string describe();

 private:
  GuestIsolation(Isolation isolation, PeerId self, isolation::Pool::Parts parts,
                 isolation::PoolOptions options);

  const Isolation isolation_;
  const PeerId self_;
  const uint64_t memory_bytes_of_all_max_;
  isolation::Pool pool_;
  std::unique_ptr<compute::Runner> own_;
};

}  // namespace timerose::node
