// The C face of the bridge crate, apart from Wasmtime's own headers. Mirrors bridge/src/lib.rs.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// BLAKE3 of `len` bytes at `data`, its first `out_len` bytes of output written to `out`.
void timerose_blake3(const uint8_t* data, size_t len, uint8_t* out, size_t out_len);

#ifdef __cplusplus
}
#endif
