// This process as the node of a repository.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "cli/program/session.h"

namespace timerose::cli {

// Tells who the node is, where it listens and "ready", then carries out what clients ask until
// SIGTERM, SIGINT, SIGHUP or `node stop`. To be called while the process has one thread.
Result<int> run_node(Session& session, const std::function<Status(const std::string&)>& report);

}  // namespace timerose::cli
