// Watching a job of the node from a command's thread.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "cli/calls/answer.h"
#include "cli/program/session.h"
#include "compute/executor.h"
#include "node/jobs/job_news.h"
#include "node/seen.h"

namespace timerose::cli {

// That waits until the command is cancelled.
std::shared_ptr<node::JobChannel> new_job_watcher(const Session& session);

using OnExplained = std::function<Status(const scheduler::Explanation&)>;

// Until the job ends. `on_explained` is called before anything runs, if it was asked to explain;
// `live` is given what the guest writes, as far as it comes in order;
// `seen` says how much of each stream that was. What the job waits for is told on standard error.
// An error if the reader of standard output has gone: the job goes on.
Result<std::shared_ptr<const node::JobEnd>> follow_job(const Session& session,
                                                       node::JobChannel& watcher,
                                                       const LiveOutput& live, node::Seen& seen,
                                                       const OnExplained& on_explained = {});

}  // namespace timerose::cli
