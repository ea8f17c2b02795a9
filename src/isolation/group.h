// A control group (cgroup v2) of one worker process: what the system holds it to, whatever it does.
//
// By the kernel's rules (admin-guide/cgroup-v2) a group has files of those controllers that its
// parent's cgroup.subtree_control names, a parent that names any has no process of its own, and
// memory stays counted where it was first used. So the parent is a folder without processes, its
// controllers are switched on here (systemd's Delegate= leaves that to the service), and a process
// joins before it has done anything.
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
// Of nodes that were killed: those without a process.
void remove_empty_groups(const std::filesystem::path& parent);

}  // namespace timerose::isolation
