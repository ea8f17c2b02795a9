// What some bytes are, before they are taken for a WebAssembly module.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace timerose::wasm {

// A WebAssembly binary over this size is refused.
inline constexpr size_t kModuleBytesMax = 512U << 20;

// Success if `bytes` start as a core module does; else kMalformed or kUnsupported, with what was
// found instead (nothing, text, WAT, a component, an ELF program, ...) and what to do.
Status check_is_module(ByteView bytes);

}  // namespace timerose::wasm
