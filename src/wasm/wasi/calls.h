// The functions of WASI preview 1, one declaration each, by family. `p` are the parameters as the
// witx lists them, results as pointers at the end. An Errno is what the guest gets.
#pragma once

#include "wasm/wasi/guest_io.h"
#include "wasm/wasi/state.h"

namespace timerose::wasi {

using State = Context::State;
using Parameters = const uint64_t*;

// calls_process.cc
Attempt<void> args_get(State& state, GuestMemory memory, Parameters p);
Attempt<void> args_sizes_get(State& state, GuestMemory memory, Parameters p);
Attempt<void> environ_get(State& state, GuestMemory memory, Parameters p);
Attempt<void> environ_sizes_get(State& state, GuestMemory memory, Parameters p);
Attempt<void> random_get(State& state, GuestMemory memory, Parameters p);
Attempt<void> sched_yield(State& state, GuestMemory memory, Parameters p);
wasm::HostResult proc_exit(Context& context, GuestMemory memory, Parameters p);
wasm::HostResult proc_raise(Context& context, GuestMemory memory, Parameters p);

// calls_clock.cc
Attempt<void> clock_res_get(State& state, GuestMemory memory, Parameters p);
Attempt<void> clock_time_get(State& state, GuestMemory memory, Parameters p);
Attempt<void> poll_oneoff(State& state, GuestMemory memory, Parameters p);

// calls_io.cc
Attempt<void> fd_read(State& state, GuestMemory memory, Parameters p);
Attempt<void> fd_pread(State& state, GuestMemory memory, Parameters p);
Attempt<void> fd_write(State& state, GuestMemory memory, Parameters p);
Attempt<void> fd_pwrite(State& state, GuestMemory memory, Parameters p);
Attempt<void> fd_seek(State& state, GuestMemory memory, Parameters p);
Attempt<void> fd_tell(State& state, GuestMemory memory, Parameters p);
Attempt<void> fd_allocate(State& state, GuestMemory memory, Parameters p);
Attempt<void> fd_advise(State& state, GuestMemory memory, Parameters p);
Attempt<void> fd_sync(State& state, GuestMemory memory, Parameters p);
Attempt<void> fd_datasync(State& state, GuestMemory memory, Parameters p);

// calls_fd.cc
Attempt<void> fd_close(State& state, GuestMemory memory, Parameters p);
Attempt<void> fd_renumber(State& state, GuestMemory memory, Parameters p);
Attempt<void> fd_fdstat_get(State& state, GuestMemory memory, Parameters p);
Attempt<void> fd_fdstat_set_flags(State& state, GuestMemory memory, Parameters p);
Attempt<void> fd_fdstat_set_rights(State& state, GuestMemory memory, Parameters p);
Attempt<void> fd_filestat_get(State& state, GuestMemory memory, Parameters p);
Attempt<void> fd_filestat_set_size(State& state, GuestMemory memory, Parameters p);
Attempt<void> fd_filestat_set_times(State& state, GuestMemory memory, Parameters p);
Attempt<void> fd_prestat_get(State& state, GuestMemory memory, Parameters p);
Attempt<void> fd_prestat_dir_name(State& state, GuestMemory memory, Parameters p);
Attempt<void> fd_readdir(State& state, GuestMemory memory, Parameters p);

// calls_path.cc
Attempt<void> path_open(State& state, GuestMemory memory, Parameters p);
Attempt<void> path_filestat_get(State& state, GuestMemory memory, Parameters p);
Attempt<void> path_filestat_set_times(State& state, GuestMemory memory, Parameters p);
Attempt<void> path_readlink(State& state, GuestMemory memory, Parameters p);

// calls_names.cc
Attempt<void> path_create_directory(State& state, GuestMemory memory, Parameters p);
Attempt<void> path_link(State& state, GuestMemory memory, Parameters p);
Attempt<void> path_remove_directory(State& state, GuestMemory memory, Parameters p);
Attempt<void> path_rename(State& state, GuestMemory memory, Parameters p);
Attempt<void> path_symlink(State& state, GuestMemory memory, Parameters p);
Attempt<void> path_unlink_file(State& state, GuestMemory memory, Parameters p);

// calls_sock.cc: there are no sockets, so each says EBADF or ENOTSOCK.
Attempt<void> sock_accept(State& state, GuestMemory memory, Parameters p);
Attempt<void> sock_recv(State& state, GuestMemory memory, Parameters p);
Attempt<void> sock_send(State& state, GuestMemory memory, Parameters p);
Attempt<void> sock_shutdown(State& state, GuestMemory memory, Parameters p);

// filestat.cc: shared by the calls on descriptors and those on paths.
Attempt<Filestat> filestat_of(const vfs::Node& node);
// EINVAL for flags that contradict each other or do not exist.
Attempt<void> set_times(State& state, vfs::Node& node, uint64_t access_ns, uint64_t modify_ns,
                        uint64_t flags);

}  // namespace timerose::wasi
