// The filter of system calls, as a program of the kernel's packet filter: a list to compare with.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <vector>

#include "isolation/sandbox.h"

namespace timerose::isolation {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "the system calls of this processor are not known here"
#endif

// What reading frames, answering, memory, threads and the signals of guests' traps need.
constexpr std::array kAllowed{
    SYS_read, SYS_write, SYS_pread64, SYS_pwrite64, SYS_readv, SYS_writev, SYS_recvfrom, SYS_sendto,
    SYS_recvmsg, SYS_sendmsg, SYS_close, SYS_lseek, SYS_ftruncate, SYS_memfd_create, SYS_fcntl,
    SYS_pipe2,  // a sanitizer asks by pipes what can be read
    //
    SYS_mmap, SYS_munmap, SYS_mprotect, SYS_mremap, SYS_madvise, SYS_brk, SYS_membarrier,
    //
    SYS_futex, SYS_sched_yield, SYS_nanosleep, SYS_clock_nanosleep, SYS_clock_gettime,
    SYS_clock_getres, SYS_gettimeofday, SYS_getrandom, SYS_restart_syscall,
    //
    SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sigaltstack, SYS_set_robust_list,
    SYS_rseq, SYS_gettid, SYS_getpid, SYS_sched_getaffinity, SYS_exit, SYS_exit_group};

// What libraries try by themselves and do without.
constexpr std::array kDenied{
    SYS_openat,    SYS_newfstatat, SYS_fstat,     SYS_statx,  SYS_readlinkat,
    SYS_faccessat, SYS_ioctl,      SYS_prctl,     SYS_uname,  SYS_sysinfo,
    SYS_getcwd,    SYS_getrusage,  SYS_prlimit64, SYS_tgkill, SYS_sched_setscheduler,
    SYS_getppid,   SYS_getuid,     SYS_geteuid,
#if defined(__x86_64__)
    SYS_open,      SYS_stat,       SYS_readlink,  SYS_access,
#endif
};

constexpr uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr uint32_t kKill = SECCOMP_RET_KILL_PROCESS;
constexpr uint32_t fail_with(int code) {
  return SECCOMP_RET_ERRNO | (static_cast<uint32_t>(code) & SECCOMP_RET_DATA);
}

// A filter is instructions in order; a comparison says how many to pass over.
class Filter {
 public:
  void load(size_t offset) {
    add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)));
  }
  void end(uint32_t verdict) { add(BPF_STMT(BPF_RET | BPF_K, verdict)); }
  void end_if_equal(uint32_t value, uint32_t verdict) {
    add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
    end(verdict);
  }
  void end_unless_equal(uint32_t value, uint32_t verdict) {
    add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0));
    end(verdict);
  }
  // clone(2) makes threads, and nothing else.
  void allow_threads() {
    add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4));
    load(offsetof(seccomp_data, args));  // the low half of the flags
    add(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kThreadFlag, 0, 1));
    end(kAllow);
    end(kKill);
  }
  bool install() {
    const sock_fprog program{static_cast<unsigned short>(code_.size()), code_.data()};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
  }

 private:
  static constexpr uint32_t kThreadFlag = 0x00010000;
  void add(sock_filter one) { code_.push_back(one); }
  std::vector<sock_filter> code_;
};

}  // namespace

bool filter_system_calls() {
  Filter filter;
  filter.load(offsetof(seccomp_data, arch));
  filter.end_unless_equal(kArchitecture, kKill);
  filter.load(offsetof(seccomp_data, nr));
  for (const auto call : kAllowed) filter.end_if_equal(static_cast<uint32_t>(call), kAllow);
  for (const auto call : kDenied) {
    filter.end_if_equal(static_cast<uint32_t>(call), fail_with(EPERM));
  }
  // Threads are then made by clone, whose flags can be looked at.
  filter.end_if_equal(SYS_clone3, fail_with(ENOSYS));
  filter.allow_threads();
  filter.end(kKill);
  return filter.install();
}

}  // namespace timerose::isolation
