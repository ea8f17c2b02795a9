#include "wasm/call.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "wasm/abi/abi.h"
#include "wasm/abi/fan.h"
#include "wasm/linking.h"
#include "wasm/native.h"
#include "wasm/session.h"

namespace timerose::wasm {

namespace {

// So far ahead of the engine's epoch that it never comes: for calls without a deadline.
constexpr uint64_t kNoDeadline = 1ULL << 62;
constexpr uint64_t kDeadlineMsMax = 366ULL * 24 * 3600 * 1000;

timerose_wasm_limits limits_of(const Call& call) {
  timerose_wasm_limits limits{};
  limits.memory_bytes_max = call.memory_bytes_max;
  limits.table_elements_max = std::min<uint64_t>(call.table_elements_max, kTableElementsMax);
  limits.instances_max = kInstancesPerCallMax;
  limits.memories_max = kMemoriesPerCallMax;
  limits.tables_max = kTablesPerCallMax;
  return limits;
}

// What ends a guest from outside, by the epoch: its deadline, and the wish of its asker.
class Watch {
 public:
  Watch(Deadlines& deadlines, Session& session) : session_(session) {
    const Call& call = session.call;
    if (call.deadline_ms != 0) {
      deadline_.emplace(deadlines,
                        std::chrono::milliseconds(std::min(call.deadline_ms, kDeadlineMsMax)));
    }
    if (call.cancellation != nullptr) {
      // A deadline that has passed: the epoch is bumped until the guest is gone.
      attached_.emplace(*call.cancellation, [this, &deadlines] {
        if (!cancelled_) cancelled_.emplace(deadlines, std::chrono::milliseconds(0));
      });
    }
  }

  // Why the guest is to end now, if it is.
  [[nodiscard]] std::optional<Stopped> passed() const {
    const Call& call = session_.call;
    if (call.cancellation != nullptr && call.cancellation->is_cancelled()) {
      return Stopped{StopReason::kCancelled, "the call was cancelled"};
    }
    if (!deadline_ || !deadline_->passed()) return std::nullopt;
    return Stopped{StopReason::kDeadline,
                   fmt::format("the deadline of {} ms has passed", call.deadline_ms)};
  }
  [[nodiscard]] Session& session() const { return session_; }

 private:
  Session& session_;
  std::optional<Deadlines::Armed> deadline_;
  std::optional<Deadlines::Armed> cancelled_;
  std::optional<Cancellation::Attached> attached_;  // sets cancelled_, so it goes first
};

wasmtime_error_t* on_epoch(wasmtime_context_t*, void* data, uint64_t* delta,
                           wasmtime_update_deadline_kind_t* kind) {
  const auto& watch = *static_cast<Watch*>(data);
  auto stopped = watch.passed();
  if (!stopped) {  // the epoch was bumped for another call
    *delta = 1;
    *kind = WASMTIME_UPDATE_DEADLINE_CONTINUE;
    return nullptr;
  }
  watch.session().ending = *std::move(stopped);
  return wasmtime_error_new("ended from outside");
}

void arm(std::optional<Watch>& watch, Deadlines& deadlines, wasmtime_store_t& store,
         Session& session) {
  if (session.call.deadline_ms == 0 && session.call.cancellation == nullptr) {
    wasmtime_context_set_epoch_deadline(session.context, kNoDeadline);
    return;
  }
  wasmtime_context_set_epoch_deadline(session.context, 1);
  watch.emplace(deadlines, session);
  wasmtime_store_epoch_deadline_callback(&store, on_epoch, &*watch, nullptr);
}

// The engine looks at the fuel at loops and calls only: a guest may come to its end overdrawn. One
// unit more than the budget tells that apart, since then nothing is left.
uint64_t engine_fuel(const Call& call) {
  return call.fuel == UINT64_MAX ? UINT64_MAX : call.fuel + 1;
}

void set_fuel(Session& session) {
  const ErrorPointer error(wasmtime_context_set_fuel(session.context, engine_fuel(session.call)));
  CHECK(error == nullptr);  // fuel is always on
}

// Whoever is given f units ends as with more, or is stopped: never a third thing.
void settle_fuel(const Session& session, CallResult& result) {
  uint64_t left = 0;
  const ErrorPointer error(wasmtime_context_get_fuel(session.context, &left));
  CHECK(error == nullptr);  // fuel is always on
  result.fuel_used = std::min(engine_fuel(session.call) - left, session.call.fuel);
  if (left == 0 && !std::holds_alternative<Stopped>(result.ending)) {
    result.ending = out_of_fuel(session);
    result.output.reset();
  }
}

CallResult refuse_memory(const Call& call, const EngineOptions& options) {
  CallResult refused;
  refused.ending = Stopped{
      StopReason::kLimit,
      fmt::format("the call may use {} bytes of memory, but this node gives a guest at most {}",
                  call.memory_bytes_max, options.memory_bytes_max)};
  return refused;
}

CallResult result_of(Session& session, abi::Finished finished) {
  CallResult result;
  result.ending = std::move(finished.ending);
  result.output = std::move(finished.output);
  settle_fuel(session, result);
  result.memory_bytes_peak = session.limits.memory_bytes;
  if (session.wasi) {
    result.stdout_bytes = session.wasi->take_stdout();
    result.stderr_bytes = session.wasi->take_stderr();
  }
  if (session.timerose) {
    const Bytes log = session.timerose->take_log();
    result.stderr_bytes.insert(result.stderr_bytes.end(), log.begin(), log.end());
  }
  return result;
}

}  // namespace

struct Prepared::State {
  Engine& engine;
  Target target;
  Linking linking;
  size_t fan_lengths = 0;

  void open_contexts(Session& session) const;
  Result<abi::Finished> call_guest(Session& session) const;
};

Prepared::Prepared(std::unique_ptr<State> state) : state_(std::move(state)) {}
Prepared::~Prepared() = default;

Result<std::unique_ptr<Prepared>> Prepared::create(Engine& engine, Target target) {
  CHECK(target.module != nullptr);
  TR_TRY(abi::check_entry(*target.module, target.abi, target.entry));
  TR_ASSIGN(Linking linking, Linking::create(engine, target.module, target.links));
  size_t lengths = 0;
  for (const ExternType& one : target.module->exports()) {
    if (target.abi == Abi::kFan && one.name == target.entry) {
      lengths = abi::fan_lengths(one.type).value_or(0);
    }
  }
  return std::unique_ptr<Prepared>(new Prepared(
      std::make_unique<State>(State{engine, std::move(target), std::move(linking), lengths})));
}

Result<abi::Finished> Prepared::State::call_guest(Session& session) const {
  if (auto ending = linking.instantiate(session)) {
    return abi::Finished{*std::move(ending), std::nullopt};
  }
  // A command has `_start`; anything else is a library, set up first.
  if (target.entry != "_start") {
    if (auto ending = initialize(session, *target.module)) {
      return abi::Finished{*std::move(ending), std::nullopt};
    }
  }
  switch (target.abi) {
    case Abi::kWasi:
      return abi::run_wasi(session, target.entry);
    case Abi::kFan:
      return abi::run_fan(session, target.entry, fan_lengths);
    case Abi::kTimerose:
      return abi::run_timerose(session, target.entry);
  }
  return Error{ErrorCode::kInternal, "unknown ABI"};
}

void Prepared::State::open_contexts(Session& session) const {
  const Call& call = session.call;
  session.has_links = linking.has_links();
  if (linking.uses(HostModule::kWasi)) {
    session.wasi.emplace(call.world, call.wasi_limits, session.blocks, call.layout);
    if (call.on_write) session.wasi->on_write(call.on_write);
    session.wasi->hold_output_in(call.output_room);
  }
  if (linking.uses(HostModule::kTimerose)) {
    session.timerose.emplace(
        abi::TimeroseContext::Parts{call.world, session.blocks, call.layout, session.sink,
                                    call.on_write, call.output_room},
        abi::TimeroseContext::Limits{call.output_bytes_max, call.wasi_limits.stdout_bytes_max});
  }
}

Result<CallResult> Prepared::run(const Call& call, Blockstore& store,
                                 const unixfs::BlockSink& sink) const {
  const Engine::Native& engine = state_->engine.native();
  if (call.memory_bytes_max > engine.options.memory_bytes_max) {
    return refuse_memory(call, engine.options);
  }
  Session session(call, store, sink, limits_of(call));
  state_->open_contexts(session);
  std::optional<Watch> watch;  // outlives the store, whose callback it is
  const StorePointer wasm_store(wasmtime_store_new(engine.engine.get(), &session, nullptr));
  session.context = wasmtime_store_context(wasm_store.get());
  timerose_wasm_store_limit(wasm_store.get(), &session.limits);
  set_fuel(session);
  arm(watch, *engine.deadlines, *wasm_store, session);

  TR_ASSIGN(abi::Finished finished, state_->call_guest(session));
  return result_of(session, std::move(finished));
}

}  // namespace timerose::wasm
