// What a test breaks on purpose, to see that each promise is watched. Nothing of it is set anywhere
// else: then all parts run as they ship.
#pragma once

#include <functional>
#include <vector>

#include "scheduler/execute/executor_side.h"
#include "scheduler/jobs/job_messages.h"
#include "scheduler/jobs/job_options.h"

namespace timerose::sim::jobs {

struct Sabotage {
  // The limits that executors heed, other than those that they promise.
  std::function<void(scheduler::execute::ExecutorLimits&)> limits;
  // What an executor wants done, before that is done.
  std::function<void(std::vector<scheduler::execute::ExecutorAction>&)> executor;
  // What a job takes for its options, other than what its asker wants.
  std::function<void(scheduler::jobs::JobOptions&)> options;
  // What a job wants done, before that is done.
  std::function<void(std::vector<scheduler::jobs::JobAction>&)> job;
};

}  // namespace timerose::sim::jobs
