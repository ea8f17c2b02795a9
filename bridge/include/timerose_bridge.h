// The C face of the bridge crate, apart from Wasmtime's own headers. Mirrors bridge/src/lib.rs.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// BLAKE3 of `len` bytes at `data`, its first `out_len` bytes of output written to `out`.
void timerose_blake3(const uint8_t* data, size_t len, uint8_t* out, size_t out_len);

// What a guest may have, and what it has: every linear memory, table and instance of one store
// counted together. The last four are written while the store runs.
struct timerose_wasm_limits {
  uint64_t memory_bytes_max;
  uint64_t table_elements_max;
  uint32_t instances_max;
  uint32_t memories_max;
  uint32_t tables_max;
  uint32_t denied;        // TIMEROSE_WASM_DENIED_*: the last growth that was refused
  uint64_t memory_bytes;  // memories never shrink: also the peak
  uint64_t table_elements;
  uint64_t denied_amount;  // the total that it would have made
};
#define TIMEROSE_WASM_DENIED_MEMORY 1
#define TIMEROSE_WASM_DENIED_TABLE 2
#define TIMEROSE_WASM_DENIED_BY_MACHINE 3  // within the limits, but the system had no memory

// Puts a store (wasmtime/store.h) under `limits`, which must outlive it.
struct wasmtime_store;
void timerose_wasm_store_limit(struct wasmtime_store* store, struct timerose_wasm_limits* limits);

// What a wasm_trap_t or wasmtime_error_t stands for: a trap's code (wasmtime/trap.h) or one of
// these.
#define TIMEROSE_WASM_FAILURE_OTHER (-1)
#define TIMEROSE_WASM_FAILURE_POOL_FULL (-2)  // no free slot in the pooling allocator
#define TIMEROSE_WASM_FAILURE_EXCEPTION (-3)  // a WebAssembly exception that nobody caught
int32_t timerose_wasm_failure_kind(const void* failure);

// Wasmtime's engine with this configuration, which is taken. NULL, with an error that the caller
// deletes, where the C API's own function would abort.
struct wasm_config_t;
struct wasm_engine_t;
struct wasmtime_error;
struct wasm_engine_t* timerose_wasm_engine_new(struct wasm_config_t* config,
                                               struct wasmtime_error** error);

// Imports, then exports of a module (wasmtime/module.h) as text. `module` is empty for an export;
// the texts are not terminated and valid only during the call.
struct wasmtime_module;
struct timerose_text {
  const char* data;
  size_t size;
};
typedef void (*timerose_wasm_visit_extern)(void* context, bool is_import,
                                           struct timerose_text module, struct timerose_text name,
                                           struct timerose_text kind, struct timerose_text type);
void timerose_wasm_module_describe(const struct wasmtime_module* module, void* context,
                                   timerose_wasm_visit_extern visit);

#ifdef __cplusplus
}
#endif
