//! What Wasmtime's C API lacks: one budget for all linear memories of a store together, its peak,
//! the kind of a failure that is not a trap, and an engine whose failure to start is an error.

use std::ffi::c_void;

use wasmtime_c_api::wasmtime::{
    error::Result, Config, Engine, Error, PoolConcurrencyLimitError, ResourceLimiter, Store,
    ThrownException, Trap,
};
use wasmtime_c_api::{
    wasm_config_t, wasm_engine_t, wasm_trap_t, wasmtime_error_t, wasmtime_store_t, WasmtimeStoreData,
};

/// Mirrors `timerose_wasm_limits` of `include/timerose_bridge.h`.
#[repr(C)]
pub struct WasmLimits {
    memory_bytes_max: u64,
    table_elements_max: u64,
    instances_max: u32,
    memories_max: u32,
    tables_max: u32,
    denied: u32,
    memory_bytes: u64,
    table_elements: u64,
    denied_amount: u64,
}

const DENIED_MEMORY: u32 = 1;
const DENIED_TABLE: u32 = 2;
const DENIED_BY_MACHINE: u32 = 3;

impl WasmLimits {
    /// The new total if growing from `current` to `desired` stays within `max`.
    fn grown(total: u64, current: usize, desired: usize, max: u64) -> std::result::Result<u64, u64> {
        let wanted = total.saturating_add(desired.saturating_sub(current) as u64);
        if wanted <= max {
            Ok(wanted)
        } else {
            Err(wanted)
        }
    }

    fn deny(&mut self, what: u32, amount: u64) -> Result<bool> {
        self.denied = what;
        self.denied_amount = amount;
        Ok(false)
    }

    /// Growth that every limit allowed failed on this machine: the guest must not see that.
    fn machine_failed(&mut self, error: Error) -> Result<()> {
        self.denied = DENIED_BY_MACHINE;
        Err(error)
    }
}

impl ResourceLimiter for WasmLimits {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        if maximum.is_some_and(|most| desired > most) {
            return self.deny(DENIED_MEMORY, desired as u64);
        }
        match Self::grown(self.memory_bytes, current, desired, self.memory_bytes_max) {
            Ok(total) => self.memory_bytes = total,
            Err(wanted) => return self.deny(DENIED_MEMORY, wanted),
        }
        Ok(true)
    }

    fn memory_grow_failed(&mut self, error: Error) -> Result<()> {
        self.machine_failed(error)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        if maximum.is_some_and(|most| desired > most) {
            return self.deny(DENIED_TABLE, desired as u64);
        }
        match Self::grown(self.table_elements, current, desired, self.table_elements_max) {
            Ok(total) => self.table_elements = total,
            Err(wanted) => return self.deny(DENIED_TABLE, wanted),
        }
        Ok(true)
    }

    fn table_grow_failed(&mut self, error: Error) -> Result<()> {
        self.machine_failed(error)
    }

    fn instances(&self) -> usize {
        self.instances_max as usize
    }
    fn tables(&self) -> usize {
        self.tables_max as usize
    }
    fn memories(&self) -> usize {
        self.memories_max as usize
    }
}

struct LimitsPointer(*mut WasmLimits);
// SAFETY: a store is used by one thread at a time, and the limits only through their store.
unsafe impl Send for LimitsPointer {}
unsafe impl Sync for LimitsPointer {}

/// Puts the store under `limits`, which count what it uses from then on.
///
/// # Safety
/// `limits` must stay where it is, and be touched by nobody else while the store runs, until the
/// store is deleted.
#[no_mangle]
pub unsafe extern "C" fn timerose_wasm_store_limit(store: *mut wasmtime_store_t, limits: *mut WasmLimits) {
    // SAFETY: wasmtime_store_t is repr(C) with the Store as its only field.
    let store = &mut *store.cast::<Store<WasmtimeStoreData>>();
    let limits = LimitsPointer(limits);
    store.limiter(move |_| {
        let whole = &limits;
        // SAFETY: promised by the caller.
        unsafe { &mut *whole.0 as &mut dyn ResourceLimiter }
    });
}

const FAILURE_OTHER: i32 = -1;
const FAILURE_POOL_FULL: i32 = -2;
const FAILURE_EXCEPTION: i32 = -3;

/// What a `wasm_trap_t` or a `wasmtime_error_t` stands for: a trap's code (trap.h), or
/// one of the negative `TIMEROSE_WASM_FAILURE_*`.
///
/// # Safety
/// `failure` must point to a live object of one of the two types.
#[no_mangle]
pub unsafe extern "C" fn timerose_wasm_failure_kind(failure: *const c_void) -> i32 {
    // SAFETY: both types are repr(C) with an Error as their only field.
    const _: () = assert!(std::mem::size_of::<wasm_trap_t>() == std::mem::size_of::<Error>());
    const _: () = assert!(std::mem::size_of::<wasmtime_error_t>() == std::mem::size_of::<Error>());
    let error = &*failure.cast::<Error>();
    if let Some(trap) = error.downcast_ref::<Trap>() {
        return i32::from(*trap as u8);
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return FAILURE_POOL_FULL;
    }
    if error.is::<ThrownException>() {
        return FAILURE_EXCEPTION;
    }
    FAILURE_OTHER
}

/// The engine of `config`, which is taken; null and `error_out` set if it cannot be had.
///
/// # Safety
/// `config` must be owned by the caller; `error_out` must be writable.
#[no_mangle]
pub unsafe extern "C" fn timerose_wasm_engine_new(
    config: *mut wasm_config_t,
    error_out: *mut *mut wasmtime_error_t,
) -> *mut wasm_engine_t {
    // SAFETY: wasm_config_t and wasm_engine_t are repr(C) with a Config and an Engine as only field.
    const _: () = assert!(std::mem::size_of::<wasm_config_t>() == std::mem::size_of::<Config>());
    const _: () = assert!(std::mem::size_of::<wasm_engine_t>() == std::mem::size_of::<Engine>());
    let config = Box::from_raw(config.cast::<Config>());
    match Engine::new(&config) {
        Ok(engine) => Box::into_raw(Box::new(engine)).cast(),
        Err(error) => {
            *error_out = Box::into_raw(Box::new(wasmtime_error_t::from(error)));
            std::ptr::null_mut()
        }
    }
}
