// Carries out what an ExecutorSide decides about executions: fetches inputs and runs guests, each
// on threads of their own, and tells when they have ended.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <unordered_map>

#include "base/thread_pool.h"
#include "blockstore/guarded_blockstore.h"
#include "compute/executor.h"
#include "compute/runner.h"
#include "exchange/exchange.h"
#include "scheduler/execute/executor_side.h"
#include "scheduler/execute/guest_threads.h"
#include "scheduler/execute/known_inputs.h"
#include "scheduler/execute/output_budget.h"

namespace timerose::scheduler::execute {

// Where a requester's guests run; null: in this process. From any thread.
using RunnerOf = std::function<std::unique_ptr<compute::Runner>(const PeerId& requester)>;

// Of one thread, but for `tell`, which is called from others.
class Worker {
 public:
  struct Parts {
    std::function<Result<compute::Executor*>()> executor;  // made when first asked for
    GuardedBlockstore& store;
    exchange::Exchange& exchange;
    PublicKey key;  // ours, that signs
    std::function<void(ExecutorEvent)> tell;
    RunnerOf runner_of;          // absent: all run in this process
    size_t run_threads = 1;      // while guests end soon
    size_t run_threads_max = 1;  // while some go on for long
    size_t fetch_threads = 1;
    OutputLimits output;
  };
  // What a guest writes is told of while it runs up to so many bytes; the rest is in its Outcome.
  static constexpr uint64_t kLogBytesMax = 1U << 20;
  // Without a new block, a fetch of inputs ends after this.
  static constexpr uint64_t kFetchTimeoutMs = 30'000;

  explicit Worker(Parts parts);
  // Cancels what is under way, and waits for it.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void fetch(ExecutionId id, std::shared_ptr<const Job> job);
  void run(ExecutionId id, std::shared_ptr<const Job> job);
  void stop(ExecutionId id);
  void survey(QuestionId id, std::shared_ptr<const Job> job);
  void look_up(QuestionId id, const Cid& invocation);
  // Of each execution that was fetched for or run, once it has ended: what it holds goes.
  void let_go(ExecutionId id) { flights_.erase(id); }

  [[nodiscard]] const KnownInputs& known() const { return known_; }

 private:
  struct Flight {
    explicit Flight(GuardedBlockstore& store) : hold(store.hold()) {}
    std::atomic<bool> fetch_cancelled{false};
    wasm::Cancellation cancellation;
    GuardedBlockstore::Hold hold;  // from the first block fetched to the last one written
  };
  std::shared_ptr<Flight> flight_of(ExecutionId id);
  Status fetch_all(const Job& job, const std::atomic<bool>& cancelled);
  ExecutionEnded perform_job(ExecutionId id, const Job& job, Flight& flight);
  wasi::Context::OnWrite log_writer(ExecutionId id) const;

  const Parts parts_;
  KnownInputs known_;
  std::unordered_map<ExecutionId, std::shared_ptr<Flight>> flights_;
  ThreadPool fetchers_;
  OutputBudget output_;
  GuestThreads runners_;
  ThreadPool lookers_{1};  // for questions: these wait neither for the network nor for a guest
};

}  // namespace timerose::scheduler::execute
