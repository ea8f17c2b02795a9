// Calls: one fresh sandbox each, the module compiled and linked beforehand; and what a process pays
// before its first call.
#include <benchmark/benchmark.h>
#include <wasmtime.h>

#include <cstdlib>
#include <filesystem>

#include "blockstore/memory_blockstore.h"
#include "unixfs/importer.h"
#include "wasm/call.h"
#include "wasm/engine.h"
#include "wasm/module.h"

namespace timerose::wasm {
namespace {

Bytes wat(std::string_view text) {
  wasm_byte_vec_t out;
  if (wasmtime_wat2wasm(text.data(), text.size(), &out) != nullptr) std::abort();
  Bytes binary(out.data, out.data + out.size);
  wasm_byte_vec_delete(&out);
  return binary;
}

constexpr std::string_view kNothing = R"((module (memory (export "memory") 1)
  (func (export "_start"))))";

// 64 bytes in, the same bytes out.
constexpr std::string_view kEcho = R"((module
  (import "timerose" "input_read" (func $read (param i32 i64 i32 i32) (result i32)))
  (import "timerose" "output_write" (func $write (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "timerose_main")
    (call $write (i32.const 0)
      (call $read (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 1024))))))";

constexpr std::string_view kWasiEcho = R"((module
  (import "wasi_snapshot_preview1" "fd_read"
    (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 1024))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (i32.store (i32.const 4) (i32.load (i32.const 8)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))))";

constexpr std::string_view kFan = R"((module (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "fx") (param i32 i32) (result i32)
    (i32.store8 (local.get 0) (i32.const 33)) (local.get 1))))";

struct Bench {
  Bench(std::string_view text, Abi abi, std::string entry) {
    const Bytes binary = wat(text);
    const Cid cid = Cid::of_sha256(Codec::kRaw, binary);
    auto module =
        ModuleCache(*engine, std::nullopt).get(cid, [&] { return Result<Bytes>(binary); });
    prepared =
        std::move(Prepared::create(*engine, {module.value(), abi, std::move(entry), {}}).value());
    const std::string input(64, 'i');
    call.world.args = {"guest"};
    call.world.inputs = {
        unixfs::import_bytes(as_bytes(input), layout, unixfs::sink_into(store)).value().cid};
    call.world.stdin_file = call.world.inputs.front();
    call.memory_bytes_max = 64U << 20;
    call.layout = layout;
  }

  unixfs::Layout layout = unixfs::unixfs_v1_2025();
  std::unique_ptr<Engine> engine = std::move(Engine::create({}).value());
  std::unique_ptr<Prepared> prepared;
  MemoryBlockstore store;
  Call call;
};

void run(benchmark::State& state, Bench& bench) {
  const unixfs::BlockSink sink = unixfs::sink_into(bench.store);
  for (auto _ : state) {
    auto result = bench.prepared->run(bench.call, bench.store, sink);
    if (!result.ok() || !std::holds_alternative<Exit>(result->ending)) std::abort();
    benchmark::DoNotOptimize(result);
  }
}

void call_nothing(benchmark::State& state) {
  Bench bench(kNothing, Abi::kWasi, "_start");
  run(state, bench);
}
BENCHMARK(call_nothing);

void call_timerose_echo(benchmark::State& state) {
  Bench bench(kEcho, Abi::kTimerose, "timerose_main");
  run(state, bench);
}
BENCHMARK(call_timerose_echo);

void call_wasi_echo(benchmark::State& state) {
  Bench bench(kWasiEcho, Abi::kWasi, "_start");
  run(state, bench);
}
BENCHMARK(call_wasi_echo);

void call_fan(benchmark::State& state) {
  Bench bench(kFan, Abi::kFan, "fx");
  run(state, bench);
}
BENCHMARK(call_fan);

void engine_create(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Engine::create({}));
}
BENCHMARK(engine_create)->Unit(benchmark::kMicrosecond);

// A module of about the given number of functions, from its file of compiled code.
void module_load(benchmark::State& state) {
  std::string text = "(module (memory 1)";
  for (int64_t i = 0; i < state.range(0); ++i) {
    text +=
        "(func (param i32 i32) (result i32) (i32.store (local.get 0) (i32.mul (local.get 1)"
        "(i32.load (i32.add (local.get 0) (i32.const " +
        std::to_string(i) + "))))) (i32.rotl (local.get 0) (local.get 1)))";
  }
  const Bytes binary = wat(text + ")");
  const Cid cid = Cid::of_sha256(Codec::kRaw, binary);
  std::string pattern = (std::filesystem::temp_directory_path() / "micro_wasm.XXXXXX").string();
  const std::filesystem::path folder = mkdtemp(pattern.data());
  auto engine = std::move(Engine::create({}).value());
  const auto read = [&] { return Result<Bytes>(binary); };
  if (!ModuleCache(*engine, folder).get(cid, read).ok()) std::abort();
  for (auto _ : state) benchmark::DoNotOptimize(ModuleCache(*engine, folder).get(cid, read));
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(entry.file_size()));
  }
  std::filesystem::remove_all(folder);
}
BENCHMARK(module_load)->Arg(1)->Arg(1000)->Arg(30000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace timerose::wasm

BENCHMARK_MAIN();
