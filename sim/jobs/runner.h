// The executor's half of a simulated node: the real ExecutorSide, and guests that are only a span
// of time, a number of bytes and a true Outcome; a liar's gives another one.
//
// Promises: no more runs or is fetched at a time than the limits say, for all and for one
// requester; no guest uses more fuel than its call has; queues stay within their limits; what
// nobody waits for any more is stopped when its lease has ended.
#pragma once

#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "scheduler/execute/executor_side.h"
#include "sim/jobs/mesh_world.h"
#include "sim/jobs/store.h"

namespace timerose::sim::jobs {

enum class Manner : uint8_t {
  kHonest,
  kNeverRuns,     // accepts, and does nothing
  kLiesAlone,     // each its own lie
  kLiesTogether,  // all of them the same
};

class Runner final : public scheduler::execute::ExecutorView {
 public:
  Runner(MeshWorld& world, NodeNumber self, Manner manner, double slower);
  ~Runner() override;
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  void link_opened(mesh::StreamId link, NodeNumber requester);
  void link_closed(mesh::StreamId link);
  void received(mesh::StreamId link, Message message);
  // The process ends with all that runs in it.
  void lose_all();

  [[nodiscard]] scheduler::execute::ExecutorSide::Load load() const;
  [[nodiscard]] uint64_t cores() const { return cores_; }
  [[nodiscard]] size_t running() const { return running_.size(); }
  // The latest functions that started here, the last one first.
  [[nodiscard]] const std::vector<Cid>& warm() const { return warm_; }
  [[nodiscard]] uint64_t memory_used() const { return memory_used_; }

  [[nodiscard]] bool may_ask(const PeerId& requester) const override;
  [[nodiscard]] bool has_inputs(const scheduler::execute::Job& job) const override;

  // Nothing is asked of it, and nothing is left of what was.
  void check_at_rest();

 private:
  using ExecutionId = scheduler::execute::ExecutionId;
  using Job = scheduler::execute::Job;
  struct Running {
    std::shared_ptr<const Job> job;
    uint64_t begun_ns = 0;
    uint64_t number = 0;  // of the event that ends it
    uint64_t memory = 0;
    Truth truth;
  };
  struct Fetching {
    std::shared_ptr<const Job> job;
    Store::WaitId wait{};
  };

  void step(scheduler::execute::ExecutorEvent event);
  void wake();
  void carry_out(scheduler::execute::ExecutorAction& action);
  void fetch(ExecutionId id, const std::shared_ptr<const Job>& job);
  void launch(ExecutionId id, const std::shared_ptr<const Job>& job);
  void stop(ExecutionId id);
  void end(ExecutionId id);
  [[nodiscard]] scheduler::execute::Estimate estimate_of(const Job& job) const;
  [[nodiscard]] uint64_t duration_ns(const Job& job, const Truth& truth);
  void make_warm(const Cid& module);
  void count_move(const Job& job, const std::vector<ObjectNumber>& missing);
  [[nodiscard]] scheduler::execute::Finish answer_of(const Job& job, const Truth& truth);
  [[nodiscard]] Bytes receipt_of(const Job& job, ByteView outcome, uint64_t fuel) const;
  void check_limits();
  void watch();
  void check_wanted(const Job& job);
  [[nodiscard]] std::vector<ObjectNumber> missing(const Job& job) const;

  MeshWorld& world_;
  const NodeNumber self_;
  const Manner manner_;
  const double slower_;
  const uint64_t cores_;
  const scheduler::execute::ExecutorLimits limits_;
  std::unique_ptr<scheduler::execute::ExecutorSide> side_;  // from its first link on
  Store store_;
  std::unordered_map<ExecutionId, Running> running_;
  std::unordered_map<ExecutionId, Fetching> fetching_;
  std::unordered_map<mesh::StreamId, NodeNumber> links_;
  std::unordered_map<NodeNumber, uint64_t> heard_ns_;  // when each requester was heard last
  // Who has offered an Invocation since it was executed last.
  std::unordered_map<Cid, std::set<NodeNumber>> askers_;
  bool watching_ = false;
  std::vector<Cid> warm_;
  uint64_t memory_used_ = 0;
  uint64_t wakes_ns_ = UINT64_MAX;
  uint64_t launches_ = 0;
};

}  // namespace timerose::sim::jobs
