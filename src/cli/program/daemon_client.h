// Commands of a repository whose node runs: carried out by the daemon, as if here.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/program/streams.h"
#include "node/daemon/daemon.h"

namespace timerose::cli {

// The exit code, if a daemon runs for the repository; else nothing. An error if the daemon did not
// carry it out.
Result<std::optional<int>> carried_out_by_daemon(const std::filesystem::path& repository,
                                                 const std::vector<std::string>& words);

// The other side: the command line of a client, with the client's streams.
node::LocalReply carry_out_for_client(node::Daemon& daemon, Clock& clock, Random& random,
                                      const node::LocalRequest& request,
                                      const CancelFlag& cancelled);

}  // namespace timerose::cli
