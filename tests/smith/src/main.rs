//! smith FIRST COUNT: writes COUNT pairs of modules to standard output: a generated one and a driver
//! that calls it, each as a little-endian u32 length and its bytes. Pair number N depends on N alone.
//!
//! A generated module imports nothing but WASI functions and exports everything; it may loop for ever
//! (fuel stops it), trap, grow memory and compute with NaNs. Its driver imports each exported function
//! from "m", calls it with constants, folds the results into one number and prints that number's eight
//! bytes: so a result that differs between two runs is seen.

mod driver;

use arbitrary::Unstructured;
use std::io::{self, BufWriter, Write};
use wasm_smith::{Config, Module};

/// The import surface offered to the generator.
const WASI: &str = r#"(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir" (func (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32))))"#;

fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The seed bytes of module `number`: 256 to 4 KiB of them.
fn seed_bytes(number: u64) -> Vec<u8> {
    let mut state = number.wrapping_mul(0xd134_2543_de82_ef95) ^ 0x5eed;
    let words = 32 + (next(&mut state) % 480) as usize;
    (0..words).flat_map(|_| next(&mut state).to_le_bytes()).collect()
}

fn config(number: u64, wasi: &[u8]) -> Config {
    Config {
        available_imports: if number % 2 == 0 { Some(wasi.to_vec()) } else { None },
        max_imports: if number % 2 == 0 { 6 } else { 0 },
        export_everything: true,
        min_funcs: 1,
        max_funcs: 8,
        max_memories: if number % 5 == 0 { 3 } else { 1 },
        max_memory32_bytes: 64 << 20,
        max_instructions: 400,
        allow_start_export: number % 3 == 0,
        bulk_memory_enabled: true,
        multi_value_enabled: true,
        reference_types_enabled: true,
        saturating_float_to_int_enabled: true,
        sign_extension_ops_enabled: true,
        simd_enabled: true,
        relaxed_simd_enabled: number % 4 == 0,
        tail_call_enabled: true,
        memory64_enabled: false,
        threads_enabled: false,
        gc_enabled: number % 7 == 0,
        exceptions_enabled: false,
        custom_page_sizes_enabled: false,
        wide_arithmetic_enabled: false,
        ..Config::default()
    }
}

fn main() -> io::Result<()> {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let [first, count] = numbers[..] else {
        eprintln!("usage: smith FIRST COUNT");
        std::process::exit(2);
    };
    let wasi = wat::parse_str(WASI).expect("the WASI import surface is valid");
    let mut out = BufWriter::new(io::stdout().lock());
    for number in first..first + count {
        let seed = seed_bytes(number);
        // Too few seed bytes for a module of this shape: two empty frames keep the numbering.
        let module = Module::new(config(number, &wasi), &mut Unstructured::new(&seed))
            .map(|module| module.to_bytes())
            .unwrap_or_default();
        let driver = if module.is_empty() { Vec::new() } else { driver::for_module(&module) };
        for bytes in [module, driver] {
            out.write_all(&(bytes.len() as u32).to_le_bytes())?;
            out.write_all(&bytes)?;
        }
    }
    out.flush()
}
