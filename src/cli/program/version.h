// The version of the program, as `timerose --version` and `timerose version` print it.
#pragma once

#include <string>

namespace timerose::cli {

std::string version_number();  // "0.1.0"
std::string version_line();    // "timerose version 0.1.0"
std::string compiler_line();   // "built with gcc 12.2.0"

}  // namespace timerose::cli
