// A worker process from within: runs the guests of one requester, one at a time, for the node that
// started it. It has no files, no network and no key; blocks and compiled code come from the node.
#pragma once

#include <functional>

#include "compute/invocation.h"

namespace timerose::isolation {

// What the program is started as (argv[0]) to be a worker.
inline constexpr const char* kWorkerName = "timerose-worker";

// Without a run for so long, it ends.
inline constexpr int kIdleEndMs = 60'000;

struct WorkerHooks {
  std::function<void(const compute::Invocation&)> before_run;  // for tests: to go wrong
};

// Serves at kChannelDescriptor and kCancelDescriptor (launch.h) until the node has no more use for
// it; gives the exit code. To be called first of all, while the process has one thread.
int run_worker(const WorkerHooks& hooks = {});

}  // namespace timerose::isolation
