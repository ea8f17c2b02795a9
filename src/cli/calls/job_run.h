// timerose run as a job of the node: placed on the mesh, shown as if it ran here.
#pragma once

#include "cli/calls/answer.h"
#include "cli/calls/job_options.h"
#include "cli/program/session.h"
#include "compute/executor.h"
#include "node/jobs/known_answer.h"

namespace timerose::cli {

// Whether the call goes to the node's jobs, and not straight to this process's own executor: if
// that was asked for, or if other nodes are there that could run it.
Result<bool> is_job(Session& session, const JobWish& wish);

// `known`: what this node's own memo says, if that alone does not count.
// Gives the exit code of the guest, or an error whose code says what went wrong.
Result<int> run_job(Session& session, const JobWish& wish, const compute::Request& request,
                    const std::optional<node::KnownAnswer>& known, wasm::Abi abi, Show show);

}  // namespace timerose::cli
