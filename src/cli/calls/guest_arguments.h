// Which words of `timerose run [OPTIONS] FUNCTION [ARGS...]` are the guest's.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace timerose::cli {

// Takes the guest's arguments off the end of `words`, the words after the command's name. Options
// of `command` may stand before the function and right behind it; from the first other word behind
// the function, or behind "--", all is the guest's. "-h" and "--help" behind the function are the
// guest's.
std::vector<std::string> take_guest_arguments(const CLI::App& command,
                                              std::vector<std::string>& words);

}  // namespace timerose::cli
