// The executor's half of a simulated node: the real ExecutorSide, and guests that are only a span
// of time, a number of bytes and a true Outcome; a liar's gives another one.
//
// What it promises is watched by ExecutorPromises.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "scheduler/execute/executor_side.h"
#include "sim/jobs/executor_promises.h"
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
  // Before the function can run here.
  [[nodiscard]] uint64_t compile_ns(const Cid& module) const;

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
    bool known = false;  // answered from the memo
    Truth truth;
  };
  struct Fetching {
    std::shared_ptr<const Job> job;
    Store::WaitId wait{};
  };

  void step(scheduler::execute::ExecutorEvent event);
  void watch_event(const scheduler::execute::ExecutorEvent& event);
  void watch_action(const scheduler::execute::ExecutorAction& action);
  void wake();
  void carry_out(scheduler::execute::ExecutorAction& action);
  void fetch(ExecutionId id, const std::shared_ptr<const Job>& job);
  void launch(ExecutionId id, const std::shared_ptr<const Job>& job);
  void stop(ExecutionId id);
  void end(ExecutionId id);
  [[nodiscard]] scheduler::execute::Estimate estimate_of(const Job& job) const;
  [[nodiscard]] uint64_t duration_ns(const Job& job, const Truth& truth) const;
  [[nodiscard]] double compile_fuel(const Cid& module) const;
  [[nodiscard]] uint64_t ns_for(double fuel) const;
  [[nodiscard]] uint64_t fuel_in(uint64_t ns) const;
  [[nodiscard]] std::optional<scheduler::execute::Finish> answer_known(const Cid& invocation) const;
  void make_warm(const Cid& module);
  [[nodiscard]] Bytes lie_about(const Cid& invocation) const;
  [[nodiscard]] scheduler::execute::Finish answer_of(const Job& job, const Truth& truth);
  [[nodiscard]] Bytes receipt_of(const Cid& invocation, ByteView outcome, uint64_t fuel) const;
  void watch();
  [[nodiscard]] std::vector<ObjectNumber> missing(const Job& job) const;

  MeshWorld& world_;
  const NodeNumber self_;
  const Manner manner_;
  const double slower_;
  const uint64_t cores_;
  ExecutorPromises promises_;
  std::unique_ptr<scheduler::execute::ExecutorSide> side_;  // from its first link on
  Store store_;
  std::unordered_map<ExecutionId, Running> running_;
  std::unordered_map<ExecutionId, Fetching> fetching_;
  std::unordered_map<mesh::StreamId, NodeNumber> links_;
  bool watching_ = false;
  std::vector<Cid> warm_;
  uint64_t memory_used_ = 0;
  uint64_t wakes_ns_ = UINT64_MAX;
  uint64_t launches_ = 0;
};

}  // namespace timerose::sim::jobs
