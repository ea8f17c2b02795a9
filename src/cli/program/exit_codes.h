// What the process's exit code tells a script. `run` and `rerun` give the guest's own code unless
// one of the last group applies.
#pragma once

namespace timerose::cli {

inline constexpr int kExitSuccess = 0;
inline constexpr int kExitFailure = 1;  // the command failed; standard error says why
inline constexpr int kExitUsage = 2;    // the command line makes no sense

inline constexpr int kExitStopped = 124;      // the call was stopped by its fuel budget or deadline
inline constexpr int kExitRunFailed = 125;    // we failed: usage, disk, repository
inline constexpr int kExitNotRunnable = 126;  // what was named is no function that can run
inline constexpr int kExitNotFound = 127;     // the function or its data is not there
inline constexpr int kExitTrapped = 134;      // the guest trapped

}  // namespace timerose::cli
