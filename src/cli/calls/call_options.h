// The options of `run` and `deploy` that say what a guest sees, from text to values.
#pragma once

#include <CLI/App.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/program/session.h"
#include "compute/function.h"

namespace timerose::cli {

// As typed.
struct CallTexts {
  std::vector<std::string> inputs;
  std::vector<std::string> mounts;  // PATH=X
  std::vector<std::string> links;   // NAME=X
  std::vector<std::string> env;     // K=V
  std::string stdin_file;
  std::string entry;
  std::string memory;
  std::string seed;
};

// The options that `run` and `deploy` have in common: --mount, --link, --env, --entry, --memory.
void add_guest_options(CLI::App& command, CallTexts& texts);

// "NAME=VALUE" taken apart at the first '='; kInvalidArgument names `option` and the form expected.
Result<std::pair<std::string, std::string>> split_pair(std::string_view option,
                                                       std::string_view form,
                                                       const std::string& text);

Result<std::map<std::string, std::string>> parse_env(const std::vector<std::string>& texts);
Result<std::optional<uint64_t>> parse_memory(const std::string& text);
// Content that is named is resolved, and local paths are added.
Result<std::map<std::string, Cid>> resolve_pairs(Session& session, std::string_view option,
                                                 std::string_view form,
                                                 const std::vector<std::string>& texts);

// Everything but the arguments and the fx.
Result<compute::CallOptions> resolve_call(Session& session, const CallTexts& texts);

}  // namespace timerose::cli
