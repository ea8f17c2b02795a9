// What is told of a job: while it is under way to those who watch it, and of all jobs to those who
// list them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "compute/executor.h"
#include "node/network/channel.h"
#include "scheduler/execute/message.h"
#include "scheduler/jobs/job.h"

namespace timerose::node {

// One node that was asked, and what came of it.
struct JobStep {
  PeerId peer;
  std::string state;
  std::string why;
  uint64_t after_ms = 0;  // from the start of the job
};

// A job as it is listed; once it has ended it changes no more.
struct JobRecord {
  std::string id;
  Cid invocation;
  Cid function;
  std::string state;  // "placing", "running", ..., then "done", "failed", "cancelled"
  uint64_t started_unix_ms = 0;
  uint64_t took_ms = 0;  // so far
  bool ended = false;
  std::vector<JobStep> steps;
  std::optional<PeerId> executor;  // whose answer counts, or that runs it now
  std::string error;               // why it has no answer
  std::string note;                // what else is to be known of it
  std::optional<compute::Answer> answer;
};

// How a job ended.
struct JobEnd {
  scheduler::jobs::How how = scheduler::jobs::How::kFailed;
  std::optional<compute::Answer> answer;  // with an Outcome, or stopped
  Error error;                            // if there is none
  std::optional<PeerId> executor;
  std::optional<PeerId> told_by;  // whose memo had the answer; then nobody executed it for this job
  std::optional<scheduler::Explanation> explanation;
  std::vector<PeerId> liars;  // whose answers were false
  // Whose answers were right, and what they say they used was not.
  std::vector<PeerId> odd_metering;
  std::optional<Cid> evidence;  // of either, if anyone can check it
};

// The explanation, if it was asked for, comes before anything is run.
using JobNews =
    std::variant<std::shared_ptr<const scheduler::Explanation>, scheduler::jobs::Waiting,
                 scheduler::jobs::Fewer, scheduler::execute::Log, std::shared_ptr<const JobEnd>>;
using JobChannel = Channel<JobNews>;

}  // namespace timerose::node
