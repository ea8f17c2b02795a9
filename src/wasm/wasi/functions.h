// WASI preview 1 over content: the table of all its functions, as the engine binds them.
//
// Sockets exist as functions and answer as the specification says for what is no socket. Every
// pointer outside memory is EFAULT; nothing here depends on the machine.
#pragma once

#include <span>

#include "wasm/guest.h"
#include "wasm/wasi/context.h"

namespace timerose::wasi {

// Module "wasi_snapshot_preview1"; 45 functions, sorted by name.
std::span<const wasm::HostFunction<Context>> functions();

}  // namespace timerose::wasi
