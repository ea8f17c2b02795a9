// Shell completion, generated from the grammar itself.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace timerose::cli {

// A script for `shell` (bash, zsh or fish) that completes commands and options, and file names
// elsewhere. kInvalidArgument for another shell.
Result<std::string> completion_script(const CLI::App& root, std::string_view shell);

}  // namespace timerose::cli
