//! The Rust half of the program: Wasmtime's C API, rust-libp2p and BLAKE3 in one static library.
//!
//! Wasmtime is reached through its own C headers (copied out of the crate by the build), the rest
//! through `include/timerose_bridge.h`. Every function here is plain C ABI: it never unwinds (the
//! crate is built with `panic = "abort"`), never blocks and keeps no global state.

// An rlib contributes its symbols to a static library only if it is named.
extern crate wasmtime_c_api as _;

mod host;
mod wasm_describe;
mod wasm_limits;

use std::slice;

/// Hashes `len` bytes at `data` with BLAKE3 into the `out_len` bytes at `out`.
///
/// # Safety
/// `data` must be readable for `len` bytes and `out` writable for `out_len` bytes; either pointer
/// may be anything when its length is 0.
#[no_mangle]
pub unsafe extern "C" fn timerose_blake3(data: *const u8, len: usize, out: *mut u8, out_len: usize) {
    let input: &[u8] = if len == 0 { &[] } else { slice::from_raw_parts(data, len) };
    let output: &mut [u8] = if out_len == 0 { &mut [] } else { slice::from_raw_parts_mut(out, out_len) };
    let mut hasher = blake3::Hasher::new();
    hasher.update(input);
    hasher.finalize_xof().fill(output);
}
