// A control group (cgroup v2) of one worker process: what the system holds it to, whatever it does.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "base/result.h"

namespace timerose::isolation {

struct GroupLimits {
  uint64_t memory_bytes_max = 0;  // 0: no limit
  uint64_t processes_max = 64;    // threads are counted too
};

// Makes a group below `parent`, a folder of cgroup v2 that this user may make groups in, and puts
// the process into it. Gives the group's folder. Errors say what the parent lacks.
Result<std::filesystem::path> join_group(const std::filesystem::path& parent, pid_t process,
                                         const GroupLimits& limits);
// Once the process has ended.
void remove_group(const std::filesystem::path& group);

}  // namespace timerose::isolation
