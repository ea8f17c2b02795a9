// The parts of `timerose dag`.
#pragma once

#include "cli/program/grammar.h"

namespace timerose::cli {

void add_dag_car_commands(Grammar& grammar, CLI::App& group);  // import, export

}  // namespace timerose::cli
