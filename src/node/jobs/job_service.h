// The jobs of this node: carries out over the network what each Job wants (scheduler/jobs/job.h),
// and keeps the latest, over the end of the node too (records/job_records.h). Of the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "base/random.h"
#include "base/thread_pool.h"
#include "blockstore/guarded_blockstore.h"
#include "node/jobs/job_ask.h"
#include "node/jobs/job_news.h"
#include "node/jobs/mesh_view.h"
#include "node/records/job_records.h"
#include "node/verification.h"
#include "scheduler/execute/service.h"

namespace timerose::node {

class JobService {
 public:
  static constexpr size_t kJobsMax = 8192;  // under way
  // That ended are kept, unless Parts says otherwise.
  static constexpr size_t kEndedMax = 1000;
  // What a node that is killed forgets of its jobs.
  static constexpr uint64_t kSaveAfterMs = 200;
  // How long the holders of inputs that are not here are searched for before a job is placed.
  static constexpr uint64_t kFindHoldersMs = 500;
  // Of each stream of a guest, so much is kept for those who come later.
  static constexpr size_t kLogBytesMax = 1U << 20;

  using OnReached = std::function<void(const Status&)>;
  using OnHolders = std::function<void(const std::vector<PeerId>&)>;
  using Remember = std::function<Status(const compute::Invocation&, const compute::Answer&)>;

  // What it stands on; all must outlive it.
  struct Parts {
    EventLoop& loop;
    Clock& clock;
    Random& random;
    ThreadPool& pool;
    GuardedBlockstore& store;
    PublicKey key;  // ours
    scheduler::execute::Service& execution;
    MeshView& mesh;
    // A connection to the peer, made if there is none; tells on the loop.
    std::function<void(const PeerId&, OnReached)> reach;
    // Who has it, as far as the routing knows within kFindHoldersMs: tells on the loop, once.
    std::function<void(const Cid&, OnHolders)> find_holders;
    std::function<scheduler::Advert()> own_advert;
    // Keeps an answer of another node as if the call had run here. From the pool.
    Remember remember;
    // Learns from answers, and keeps proof of lies; null: nobody does.
    Verification* verification = nullptr;
    // Where jobs are kept; null: in memory alone. Its statements run on the pool.
    sqlite::Database* records = nullptr;
    size_t ended_max = kEndedMax;
  };

  // `kept`: from before, the oldest first.
  JobService(const Parts& parts, std::vector<KeptJob> kept);
  ~JobService();
  JobService(const JobService&) = delete;
  JobService& operator=(const JobService&) = delete;

  // Gives the job's id. `watcher`, if any, is told how it goes for as long as someone holds it; the
  // end is the last.
  Result<std::string> submit(std::shared_ptr<const JobAsk> ask,
                             const std::shared_ptr<JobChannel>& watcher);
  // What was written so far, what comes, and the end.
  Status watch(std::string_view id, const std::shared_ptr<JobChannel>& watcher);
  Status cancel(std::string_view id);
  // Newest first.
  [[nodiscard]] std::vector<JobRecord> list() const;
  // Of the job whose id begins so: kNotFound for none, kInvalidArgument for more than one.
  [[nodiscard]] Result<JobRecord> show(std::string_view id) const;
  // Ends all of them; those under way are kept as interrupted.
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace timerose::node
