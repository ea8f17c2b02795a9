// timerose get: content written to disk.
#pragma once

#include "cli/program/grammar.h"

namespace timerose::cli {

void add_get_command(Grammar& grammar);

}  // namespace timerose::cli
