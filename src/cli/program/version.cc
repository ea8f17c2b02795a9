#include "cli/program/version.h"

namespace timerose::cli {

std::string version_number() { return TIMEROSE_VERSION; }
std::string version_line() { return "timerose version " + version_number(); }

std::string compiler_line() {
#ifdef __clang__
  return "built with clang " __clang_version__;
#else
  return "built with gcc " __VERSION__;
#endif
}

}  // namespace timerose::cli
