// A call made ready to be a job: what executors are sent, and what placement needs to know of it.
#pragma once

#include <map>
#include <vector>

#include "compute/executor.h"
#include "exchange/exchange.h"
#include "node/jobs/known_answer.h"
#include "scheduler/execute/message.h"
#include "scheduler/jobs/job_options.h"

namespace timerose::node {

struct JobAsk {
  JobAsk(compute::Invocation canonical, Cid name)
      : call(std::move(canonical)), placing(std::move(name)) {}

  compute::Invocation call;
  scheduler::execute::Offer offer;  // but for its numbers and its deadline
  scheduler::jobs::JobCall placing;
  scheduler::jobs::JobOptions options;
  std::map<Cid, uint64_t> bytes_of;  // of all that it reads, as far as that is known
  std::vector<Cid> here;             // of these, what is in our store
  std::vector<Cid> elsewhere;        // and what is not
  // What this node's own memo says, and whose word that is.
  std::optional<KnownAnswer> known;
  bool detached = false;  // goes on without anyone who watches it
};

// The least that an input of unknown size is taken for: one block.
inline constexpr uint64_t kUnknownBytes = 256U << 10;
// How long the first block of an input, which tells its size, is searched for.
inline constexpr uint64_t kSizeTimeoutMs = 2'000;

// `exchange` is asked for the first blocks of inputs that are not in `store`. kLimitExceeded for a
// call that is too long for other nodes. On a thread that may wait.
Result<JobAsk> make_job_ask(const compute::Request& request, Blockstore& store,
                            exchange::Exchange& exchange);

}  // namespace timerose::node
