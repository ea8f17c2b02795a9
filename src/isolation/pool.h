// The worker processes of a node: one or more for each requester that has calls under way, kept
// warm for a while, so many at most.
#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "isolation/process.h"
#include "isolation/strikes.h"
#include "isolation/worker.h"
#include "wasm/module.h"

namespace timerose::isolation {

struct PoolOptions {
  Program program{-1, {kWorkerName}};
  uint64_t memory_bytes_max = 0;  // of one worker; 0: no limit
  std::string group_folder;       // of cgroup v2, in which a group for each worker may be made
  // More wait idle only as long as their requesters' calls keep them busy.
  size_t workers_max = 16;
};

// Whose answers may be given to others (compute::Runner::scope).
enum class Answers {
  kOfRequester,  // what this requester's worker says is told to nobody else
  kOfAll,        // the requester is the node itself
};

// Thread-safe.
class Pool {
 public:
  // What it stands on; must outlive it.
  struct Parts {
    Clock& clock;
    std::function<Result<wasm::ModuleCache*>()> modules;  // compiles for the workers
    std::function<void(const std::string&)> log;          // of what the owner of a node should know
  };
  Pool(Parts parts, PoolOptions options);
  // No run may be under way.
  ~Pool();

  // Runs calls of one requester, whose name is any bytes that are his alone.
  std::unique_ptr<compute::Runner> runner_for(const std::string& requester, Answers answers);

  struct Status {
    size_t idle = 0;
    size_t busy = 0;
    uint64_t started = 0;              // since the pool was made
    uint64_t broken = 0;               // of them, those that did not end as they should
    std::optional<Measures> measures;  // of the last one that was started
    std::string failure;               // why the last one could not be started
    std::vector<pid_t> processes;      // of those there are
  };
  [[nodiscard]] Status status();
  // What would hold a worker in; starts one if there was none yet.
  Result<Measures> measures();

 private:
  class RequesterRunner;
  struct Member {
    std::unique_ptr<Process> process;
    std::string requester;  // empty: of nobody yet
    uint64_t idle_since_ns = 0;
    std::string group;
  };
  using Members = std::list<Member>;

  Result<compute::Answer> run(const std::string& requester, Work work);
  Result<Member> take(const std::string& requester);
  void give_back(Member member);
  void end(Member& member);
  Result<Member> start();
  Result<std::unique_ptr<Process>> start_process();
  std::string join_group(pid_t process);
  compute::Answer failed(const Sha256Digest& call, const std::string& requester,
                         const Process::Broken& broken);
  void drop_ended(uint64_t now_ns, Members& dropped);
  void log_start(Measures measures);

  const Parts parts_;
  const PoolOptions options_;
  std::mutex mutex_;  // of what follows, up to the launcher
  Members idle_;      // used last: first
  size_t busy_ = 0;
  std::map<pid_t, std::string> busy_processes_;
  uint64_t started_ = 0;
  uint64_t broken_ = 0;
  std::optional<Measures> measures_;
  std::string failure_;
  Strikes strikes_;
  // Starts all of them: the system ends a worker with the thread that started it.
  ThreadPool launcher_{1};
};

}  // namespace timerose::isolation
