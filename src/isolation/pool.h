// The worker processes of a node: one or more for each requester that has calls under way, kept
// warm for a while, so many at most.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "isolation/attendant.h"
#include "isolation/code_shelf.h"
#include "isolation/memory_watch.h"
#include "isolation/process.h"
#include "isolation/strikes.h"
#include "isolation/worker.h"
#include "wasm/module.h"

namespace timerose::isolation {

// A worker with less does not come to run anything.
inline constexpr uint64_t kWorkerMemoryMin = 384ULL << 20;
// One that holds more when its call has ended does not wait for another, where all have a limit.
inline constexpr uint64_t kIdleMemoryMax = 128ULL << 20;

struct PoolOptions {
  Program program{-1, {kWorkerName}};
  uint64_t memory_bytes_max = 0;  // of one worker, kWorkerMemoryMin at least; 0: no limit
  // Of all that run calls together: beyond it who_must_end() says whose call ends. 0: no limit.
  uint64_t memory_bytes_of_all_max = 0;
  std::string group_folder;  // of cgroup v2, in which a group for each worker may be made
  uint64_t compile_ns_max = kCompileNs;  // of one run
  uint64_t run_put_bytes_max = kRunPutBytesMax;
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
    // What this process has compiled for itself, workers need not compile.
    std::function<Result<wasm::ModuleCache*>()> modules;
    std::function<void(const std::string&)> log;  // of what the owner of a node should know
  };
  Pool(Parts parts, PoolOptions options);
  // No run may be under way.
  ~Pool();

  // Runs calls of one requester, whose name is any bytes that are his alone.
  std::unique_ptr<compute::Runner> runner_for(const std::string& requester, Answers answers);

  // Modules of which a worker has compiled code; the latest used first.
  [[nodiscard]] std::vector<Cid> warm(size_t max);

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
  class RequesterCodes;
  struct Member {
    std::unique_ptr<Process> process;
    uint64_t number = 0;    // of no other: the system uses a process's id again
    std::string requester;  // empty: of nobody yet
    uint64_t idle_since_ns = 0;
  };
  using Members = std::list<Member>;

  struct Call {
    const compute::Invocation& call;
    const Sha256Digest& digest;
    const compute::Budget& budget;
    const wasi::Context::OnWrite& on_write;
    const compute::Surroundings& around;
  };
  Result<compute::Answer> run(const std::string& requester, const Call& call);
  Result<Member> take(const std::string& requester);
  void add_busy(Member& member, const std::string& requester);
  void give_back(Member member);
  void end(Member& member);
  Result<Member> start();
  Result<std::unique_ptr<Process>> start_process();
  // What this process has compiled for itself.
  Result<Bytes> own_code(const Cid& module) const;
  CodeShelf::Code shelved(const std::string& requester, const Cid& module);
  bool has_code(const std::string& requester, const Cid& module);
  Process::Broken why_broken(const Member& member);
  compute::Answer failed(const Sha256Digest& call, const std::string& requester,
                         const Process::Broken& broken);
  // Ends those that have ended, or were idle for so long that they soon do.
  void tend();
  void drop_ended(uint64_t now_ns, Members& dropped);
  // Whether any runs a call.
  bool look_at_memory();
  void log_start(const Process& process);

  const Parts parts_;
  const PoolOptions options_;
  std::mutex mutex_;  // of what follows, up to the attendant
  Members idle_;      // used last: first
  size_t busy_ = 0;   // with those that are being started
  struct Busy {
    const Process* process;
    std::string requester;
    bool held_too_much = false;  // so it was ended
  };
  std::map<uint64_t, Busy> busy_members_;
  struct Compiled {
    std::string requester;
    std::set<Cid> modules;
  };
  std::map<uint64_t, Compiled> compiled_;  // by workers that are there
  uint64_t numbers_ = 0;
  uint64_t started_ = 0;
  uint64_t broken_ = 0;
  std::optional<Measures> measures_;
  std::string failure_;
  Strikes strikes_;
  CodeShelf shelf_;
  Attendant attendant_;
  std::optional<MemoryWatch> memory_watch_;  // if there is a limit
};

}  // namespace timerose::isolation
