// How long a command waits for an answer of the network.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "base/result.h"
#include "cli/program/session.h"
#include "node/network/channel.h"

namespace timerose::cli {

// --timeout
void add_ask_options(CLI::App& command, std::string& timeout);

// Also ends when the session is cancelled. kInvalidArgument for a timeout that makes no sense.
Result<node::Ask> ask_of(const Session& session, const std::string& timeout);

}  // namespace timerose::cli
