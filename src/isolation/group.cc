#include "isolation/group.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"

namespace timerose::isolation {
namespace {

namespace fs = std::filesystem;

Status write_into(const fs::path& file, const std::string& text) {
  const FileDescriptor opened(open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!opened.valid()) return errno_error(errno, "opening " + file.string());
  return write_all(opened.get(), as_bytes(text));
}

Status fill(const fs::path& group, pid_t process, const GroupLimits& limits) {
  if (limits.memory_bytes_max != 0) {
    TR_TRY(write_into(group / "memory.max", std::to_string(limits.memory_bytes_max)));
    // All of the process's memory counts, and none of it goes to the disk.
    (void)write_into(group / "memory.swap.max", "0");
  }
  TR_TRY(write_into(group / "pids.max", std::to_string(limits.processes_max)));
  return write_into(group / "cgroup.procs", std::to_string(process));
}

}  // namespace

Result<fs::path> join_group(const fs::path& parent, pid_t process, const GroupLimits& limits) {
  const fs::path group = parent / fmt::format("timerose-worker-{}", process);
  if (mkdir(group.c_str(), 0755) != 0 && errno != EEXIST) {
    return errno_error(errno, "making the control group " + group.string());
  }
  if (auto filled = fill(group, process, limits); !filled.ok()) {
    remove_group(group);
    return std::move(filled).error().within(
        fmt::format("a control group needs the controllers memory and pids in {}",
                    (parent / "cgroup.subtree_control").string()));
  }
  return group;
}

void remove_group(const fs::path& group) { rmdir(group.c_str()); }

}  // namespace timerose::isolation
