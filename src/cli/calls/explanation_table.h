// Why a call was placed where it was, as a table.
#pragma once

#include <string>

#include "scheduler/placement/explanation.h"

namespace timerose::cli {

std::string explanation_table(const scheduler::Explanation& explanation);

}  // namespace timerose::cli
