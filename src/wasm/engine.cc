#include "wasm/engine.h"

#include <fmt/format.h>

#include "wasm/native.h"

namespace timerose::wasm {

namespace {

constexpr std::string_view kVersion = "wasmtime " WASMTIME_VERSION;

// Everything that changes compiled code or what a guest can observe. Written out one by one, so
// that a default changed by a newer Wasmtime changes nothing here.
void set_semantics(wasm_config_t& config) {
  wasmtime_config_consume_fuel_set(&config, true);
  wasmtime_config_epoch_interruption_set(&config, true);
  wasmtime_config_cranelift_nan_canonicalization_set(&config, true);
  wasmtime_config_cranelift_opt_level_set(&config, WASMTIME_OPT_LEVEL_SPEED);

  wasmtime_config_wasm_bulk_memory_set(&config, true);
  wasmtime_config_wasm_multi_value_set(&config, true);
  wasmtime_config_wasm_reference_types_set(&config, true);
  wasmtime_config_wasm_simd_set(&config, true);
  wasmtime_config_wasm_relaxed_simd_set(&config, true);
  wasmtime_config_wasm_relaxed_simd_deterministic_set(&config, true);
  wasmtime_config_wasm_multi_memory_set(&config, true);
  wasmtime_config_wasm_memory64_set(&config, true);
  wasmtime_config_wasm_tail_call_set(&config, true);
  wasmtime_config_gc_support_set(&config, true);
  wasmtime_config_wasm_function_references_set(&config, true);
  wasmtime_config_wasm_gc_set(&config, true);
  wasmtime_config_wasm_exceptions_set(&config, true);

  wasmtime_config_shared_memory_set(&config, false);
  wasmtime_config_wasm_custom_page_sizes_set(&config, false);
  wasmtime_config_wasm_wide_arithmetic_set(&config, false);
  wasmtime_config_wasm_stack_switching_set(&config, false);
}

// What set_semantics says, for people and for the name of compiled code.
constexpr std::string_view kSemantics =
    "fuel epoch nan-canonical opt=speed bulk-memory multi-value reference-types simd "
    "relaxed-simd=deterministic multi-memory memory64 tail-call function-references gc exceptions";

constexpr uint64_t kMemoryReservationBytes = 4ULL << 30;

void set_pool(wasm_config_t& config, const EngineOptions& options) {
  wasmtime_config_memory_reservation_set(&config, kMemoryReservationBytes);
  wasmtime_config_memory_may_move_set(&config, false);
  wasmtime_config_memory_init_cow_set(&config, true);

  const std::unique_ptr<wasmtime_pooling_allocation_config_t,
                        Deleter<wasmtime_pooling_allocation_config_delete>>
      pool(wasmtime_pooling_allocation_config_new());
  // A call has one instance, one memory and one table or two, but for the few that link modules.
  const uint32_t calls = options.instances_max;
  wasmtime_pooling_allocation_config_total_core_instances_set(pool.get(),
                                                              calls + kInstancesPerCallMax);
  wasmtime_pooling_allocation_config_total_memories_set(pool.get(), calls + kMemoriesPerCallMax);
  wasmtime_pooling_allocation_config_total_tables_set(pool.get(), 2 * calls + kTablesPerCallMax);
  wasmtime_pooling_allocation_config_total_gc_heaps_set(pool.get(), calls);
  wasmtime_pooling_allocation_config_total_stacks_set(pool.get(), 0);
  wasmtime_pooling_allocation_config_total_component_instances_set(pool.get(), 0);
  wasmtime_pooling_allocation_config_max_memories_per_module_set(pool.get(), kMemoriesPerModuleMax);
  wasmtime_pooling_allocation_config_max_tables_per_module_set(pool.get(), kTablesPerModuleMax);
  wasmtime_pooling_allocation_config_table_elements_set(pool.get(), kTableElementsMax);
  wasmtime_pooling_allocation_config_max_memory_size_set(pool.get(), options.memory_bytes_max);
  wasmtime_pooling_allocation_config_linear_memory_keep_resident_set(
      pool.get(), options.memory_keep_resident_bytes);
  wasmtime_pooling_allocation_config_table_keep_resident_set(pool.get(), 64U << 10);
  wasmtime_pooling_allocation_strategy_set(&config, pool.get());
}

}  // namespace

Engine::Engine(std::unique_ptr<Native> native) : native_(std::move(native)) {}
Engine::~Engine() = default;
const std::string& Engine::version() const { return native_->version; }
const std::string& Engine::flags() const { return native_->flags; }

Result<std::unique_ptr<Engine>> Engine::create(const EngineOptions& options) {
  if (options.memory_bytes_max > kMemoryReservationBytes) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("memory_bytes_max is {}, but a linear memory here holds at most {}",
                             options.memory_bytes_max, kMemoryReservationBytes)};
  }
  if (options.instances_max == 0) {
    return Error{ErrorCode::kInvalidArgument, "instances_max is 0: at least one call must fit"};
  }
  wasm_config_t* config = wasm_config_new();
  set_semantics(*config);
  set_pool(*config, options);
  wasmtime_config_max_wasm_stack_set(config, options.stack_bytes);
  wasmtime_config_parallel_compilation_set(config, options.compile_threads != 1);

  auto native = std::make_unique<Native>();
  wasmtime_error_t* error = nullptr;
  native->engine.reset(timerose_wasm_engine_new(config, &error));  // takes the config
  if (native->engine == nullptr) {
    return Error{ErrorCode::kInternal,
                 fmt::format("cannot set up Wasmtime with {} memory slots of {} GiB of address "
                             "space: {}; raise `ulimit -v`, or allow fewer calls at once",
                             options.instances_max + kMemoriesPerCallMax,
                             kMemoryReservationBytes >> 30, message_of(*ErrorPointer(error)))};
  }
  native->options = options;
  native->version = kVersion;
  native->flags = kSemantics;
  native->deadlines = std::make_unique<Deadlines>(
      [engine = native->engine.get()] { wasmtime_engine_increment_epoch(engine); });
  return std::unique_ptr<Engine>(new Engine(std::move(native)));
}

}  // namespace timerose::wasm
