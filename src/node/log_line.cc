#include "node/log_line.h"

#include <cstdio>

namespace timerose::node {

void write_to_log(const std::string& line) { std::fprintf(stderr, "timerose: %s\n", line.c_str()); }

}  // namespace timerose::node
