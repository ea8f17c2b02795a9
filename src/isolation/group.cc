#include "isolation/group.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "base/file.h"

namespace timerose::isolation {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNameBegins = "timerose-worker-";
constexpr size_t kControllersBytesMax = 4096;

// In one call to the kernel, which takes all of it or nothing. Gives errno.
int write_into(const fs::path& file, std::string_view text) {
  const FileDescriptor opened(open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!opened.valid()) return errno;
  return write(opened.get(), text.data(), text.size()) < 0 ? errno : 0;
}

Status set(const fs::path& file, const std::string& text) {
  if (const int failure = write_into(file, text); failure != 0) {
    return errno_error(failure, fmt::format("writing {} into {}", text, file.string()));
  }
  return success();
}

// Whether a list of words has this one.
bool lists(const fs::path& file, std::string_view word) {
  const auto bytes = read_file(file, kControllersBytesMax);
  if (!bytes.ok()) return false;
  const std::string text = fmt::format(" {} ", as_text(*bytes));
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const char after = text[at + word.size()];
    if (text[at - 1] == ' ' && (after == ' ' || after == '\n')) return true;
  }
  return false;
}

// Why the kernel does not switch controllers on.
std::string_view hint(int failure) {
  switch (failure) {
    case EBUSY:
      return "processes are in that folder itself; with systemd, DelegateSubgroup= moves the node "
             "out of it";
    case ENOENT:
    case EINVAL:
      return "the folder's cgroup.controllers does not have both; with systemd, "
             "Delegate=memory pids gives them";
    case EACCES:
    case EPERM:
      return "the node's user may not write there; with systemd, Delegate=memory pids lets it";
    default:
      return "expected a folder of cgroup v2";
  }
}

Status switch_on_controllers(const fs::path& parent) {
  const fs::path file = parent / "cgroup.subtree_control";
  if (lists(file, "memory") && lists(file, "pids")) return success();
  const int failure = write_into(file, "+memory +pids");
  if (failure == 0) return success();
  return errno_error(failure, fmt::format("switching on memory and pids in {} ({})", file.string(),
                                          hint(failure)));
}

Status fill(const fs::path& group, pid_t process, const GroupLimits& limits) {
  if (limits.memory_bytes_max != 0) {
    TR_TRY(set(group / "memory.max", std::to_string(limits.memory_bytes_max)));
    // None of it goes to the disk; a system without swap has no such file.
    (void)set(group / "memory.swap.max", "0");
  }
  TR_TRY(set(group / "pids.max", std::to_string(limits.processes_max)));
  return set(group / "cgroup.procs", std::to_string(process));
}

}  // namespace

Result<fs::path> join_group(const fs::path& parent, pid_t process, const GroupLimits& limits) {
  TR_TRY(switch_on_controllers(parent));
  const fs::path group = parent / fmt::format("{}{}", kNameBegins, process);
  if (mkdir(group.c_str(), 0755) != 0 && errno != EEXIST) {
    return errno_error(errno, "making the control group " + group.string());
  }
  if (auto filled = fill(group, process, limits); !filled.ok()) {
    remove_group(group);
    return std::move(filled).error();
  }
  return group;
}

void remove_group(const fs::path& group) { rmdir(group.c_str()); }

void remove_empty_groups(const fs::path& parent) {
  std::error_code failure;
  for (const auto& one : fs::directory_iterator(parent, failure)) {
    // The kernel keeps those that have processes.
    if (one.path().filename().string().starts_with(kNameBegins)) remove_group(one.path());
  }
}

}  // namespace timerose::isolation
