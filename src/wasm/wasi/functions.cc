#include "wasm/wasi/functions.h"

#include "wasm/wasi/calls.h"

namespace timerose::wasi {
namespace {

using Call = Attempt<void> (*)(State&, GuestMemory, Parameters);

// What the guest sees of an Attempt: an errno; or the call ends.
template <Call call>
wasm::HostResult answer(Context& context, GuestMemory memory, Parameters parameters) {
  auto attempted = call(context.state(), memory, parameters);
  if (attempted.ok()) return uint64_t{0};
  auto failure = attempted.failure();
  if (auto* stopped = std::get_if<wasm::Stopped>(&failure)) return std::move(*stopped);
  return static_cast<uint64_t>(std::get<Errno>(failure));
}

constexpr const char* kModule = "wasi_snapshot_preview1";

template <Call call>
constexpr wasm::HostFunction<Context> entry(const char* name, const char* parameters) {
  return {kModule, name, parameters, 'i', answer<call>};
}

constexpr wasm::HostFunction<Context> kFunctions[] = {
    entry<args_get>("args_get", "ii"),
    entry<args_sizes_get>("args_sizes_get", "ii"),
    entry<clock_res_get>("clock_res_get", "ii"),
    entry<clock_time_get>("clock_time_get", "iIi"),
    entry<environ_get>("environ_get", "ii"),
    entry<environ_sizes_get>("environ_sizes_get", "ii"),
    entry<fd_advise>("fd_advise", "iIIi"),
    entry<fd_allocate>("fd_allocate", "iII"),
    entry<fd_close>("fd_close", "i"),
    entry<fd_datasync>("fd_datasync", "i"),
    entry<fd_fdstat_get>("fd_fdstat_get", "ii"),
    entry<fd_fdstat_set_flags>("fd_fdstat_set_flags", "ii"),
    entry<fd_fdstat_set_rights>("fd_fdstat_set_rights", "iII"),
    entry<fd_filestat_get>("fd_filestat_get", "ii"),
    entry<fd_filestat_set_size>("fd_filestat_set_size", "iI"),
    entry<fd_filestat_set_times>("fd_filestat_set_times", "iIIi"),
    entry<fd_pread>("fd_pread", "iiiIi"),
    entry<fd_prestat_dir_name>("fd_prestat_dir_name", "iii"),
    entry<fd_prestat_get>("fd_prestat_get", "ii"),
    entry<fd_pwrite>("fd_pwrite", "iiiIi"),
    entry<fd_read>("fd_read", "iiii"),
    entry<fd_readdir>("fd_readdir", "iiiIi"),
    entry<fd_renumber>("fd_renumber", "ii"),
    entry<fd_seek>("fd_seek", "iIii"),
    entry<fd_sync>("fd_sync", "i"),
    entry<fd_tell>("fd_tell", "ii"),
    entry<fd_write>("fd_write", "iiii"),
    entry<path_create_directory>("path_create_directory", "iii"),
    entry<path_filestat_get>("path_filestat_get", "iiiii"),
    entry<path_filestat_set_times>("path_filestat_set_times", "iiiiIIi"),
    entry<path_link>("path_link", "iiiiiii"),
    entry<path_open>("path_open", "iiiiiIIii"),
    entry<path_readlink>("path_readlink", "iiiiii"),
    entry<path_remove_directory>("path_remove_directory", "iii"),
    entry<path_rename>("path_rename", "iiiiii"),
    entry<path_symlink>("path_symlink", "iiiii"),
    entry<path_unlink_file>("path_unlink_file", "iii"),
    entry<poll_oneoff>("poll_oneoff", "iiii"),
    {kModule, "proc_exit", "i", '\0', proc_exit},
    {kModule, "proc_raise", "i", 'i', proc_raise},
    entry<random_get>("random_get", "ii"),
    entry<sched_yield>("sched_yield", ""),
    entry<sock_accept>("sock_accept", "iii"),
    entry<sock_recv>("sock_recv", "iiiiii"),
    entry<sock_send>("sock_send", "iiiii"),
    entry<sock_shutdown>("sock_shutdown", "ii"),
};

}  // namespace

std::span<const wasm::HostFunction<Context>> functions() { return kFunctions; }

}  // namespace timerose::wasi
