#include "isolation/sandbox.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <string_view>

namespace timerose::isolation {
namespace {

// A worker has a handful of descriptors and of threads.
constexpr rlim_t kDescriptorsMax = 64;
constexpr rlim_t kProcessesMax = 64;

bool limit(__rlimit_resource_t resource, rlim_t most) {
  const rlimit both{most, most};
  return setrlimit(resource, &both) == 0;
}

bool limit_resources(const Setup& setup) {
  bool all = limit(RLIMIT_CORE, 0) && limit(RLIMIT_NOFILE, kDescriptorsMax) &&
             limit(RLIMIT_MSGQUEUE, 0) && limit(RLIMIT_MEMLOCK, 0);
  // Without a namespace it would count all processes of the user.
  if (setup.in_namespaces) all = limit(RLIMIT_NPROC, kProcessesMax) && all;
  if (setup.memory_bytes_max == 0 || !memory_can_be_limited()) return all;
  return limit(RLIMIT_DATA, setup.memory_bytes_max) &&
         limit(RLIMIT_FSIZE, setup.memory_bytes_max) && all;
}

// When memory runs out, the system ends this process and not the node.
bool be_the_first_to_go() {
  constexpr std::string_view kFirst = "1000";
  const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const ssize_t written = ::write(file, kFirst.data(), kFirst.size());
  close(file);
  return written == static_cast<ssize_t>(kFirst.size());
}

// An empty file system that cannot be written takes the place of all others.
bool empty_root() {
  constexpr const char* kPlace = "/proc";  // any folder that is always there
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  constexpr unsigned long kFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  if (mount("none", kPlace, "tmpfs", kFlags, "size=4k,nr_inodes=4,mode=555") != 0) return false;
  if (chdir(kPlace) != 0 || syscall(SYS_pivot_root, ".", ".") != 0) return false;
  return umount2(".", MNT_DETACH) == 0 && chdir("/") == 0 &&
         mount("none", "/", nullptr, MS_REMOUNT | MS_RDONLY | kFlags, nullptr) == 0;
}

bool drop_rights() {
  __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> none{};
  return syscall(SYS_capset, &head, none.data()) == 0 &&
         prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

}  // namespace

bool memory_can_be_limited() {
#if defined(__SANITIZE_ADDRESS__)
  return false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
  return false;
#endif
#endif
  return true;
}

Measures confine(const Setup& setup) {
  Measures measures;
  const bool last_to_stay = be_the_first_to_go();
  if (limit_resources(setup) && last_to_stay) measures.add(Measure::kLimits);
  if (setup.in_namespaces) {
    measures.add(Measure::kUserNamespace);
    measures.add(Measure::kProcessNamespace);
    measures.add(Measure::kNoNetwork);
    if (empty_root()) measures.add(Measure::kEmptyRoot);
  }
  if (drop_rights()) measures.add(Measure::kNoNewPrivileges);
  if (filter_system_calls()) measures.add(Measure::kSystemCalls);
  return measures;
}

}  // namespace timerose::isolation
