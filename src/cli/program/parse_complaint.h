// What a person should read about a command line that the parser did not take.
#pragma once

#include <CLI/App.hpp>
#include <span>
#include <string>
#include <vector>

namespace timerose::cli {

// Of `error`; `before` are the words up to the name of `command`, `words` those behind it. Options
// that there are not come first, from left to right.
std::string parse_complaint(CLI::App& root, std::span<const std::string> before, CLI::App& command,
                            std::span<const std::string> words, const CLI::ParseError& error);

// The commands that may follow `command`.
std::vector<CLI::App*> commands_below(CLI::App& command);
// The one of this name; null if there is none.
CLI::App* command_below(CLI::App& command, const std::string& name);

}  // namespace timerose::cli
