// -o text|json: whether a command prints for people or for programs.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "base/result.h"

namespace timerose::cli {

// Without the option `form` stays empty, which means text.
void add_form_option(CLI::App& command, std::string& form);
// kInvalidArgument if it is neither.
Result<bool> is_json(const std::string& form);

}  // namespace timerose::cli
