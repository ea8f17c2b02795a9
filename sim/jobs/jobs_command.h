// `timerose-sim jobs`: runs a compute mesh of a scenario file, one for each seed, and says what
// came of it.
#pragma once

#include <span>
#include <string_view>

namespace timerose::sim::jobs {

inline constexpr const char* kJobsUsage =
    "timerose-sim jobs [SCENARIO.json] [--seeds A..B | --seeds COUNT | --seed N]\n"
    "                  [--nodes N] [--lasts SPAN] [--placing shipped|omniscient]\n"
    "                  [--table] [--pictures FOLDER] [-o text|json] [--trace]\n";

// Without a scenario: for each seed one made up from it, with all faults. The exit code is 1 if a
// promise was broken, 2 if the command is wrong.
int run_jobs(std::span<char*> words);

}  // namespace timerose::sim::jobs
