#include "compute/execution.h"

#include <algorithm>

#include "compute/counting_blockstore.h"
#include "compute/memo.h"

namespace timerose::compute {
namespace {

// A guest's args[0]: the same whatever the module's file was called.
constexpr const char* kProgramName = "function";

wasm::Call to_call(const Invocation& call, const Sha256Digest& digest, const Budget& budget) {
  wasm::Call out;
  out.world.args.reserve(call.args.size() + 1);
  out.world.args.emplace_back(kProgramName);
  out.world.args.insert(out.world.args.end(), call.args.begin(), call.args.end());
  out.world.env.assign(call.env.begin(), call.env.end());
  out.world.inputs = call.inputs;
  out.world.mounts = call.mounts;
  out.world.stdin_file = call.stdin_file;
  if (!call.stdin_file && !call.inputs.empty()) out.world.stdin_file = call.inputs.front();
  out.world.random_key = random_key_of(digest);
  out.memory_bytes_max = call.memory_bytes_max;
  out.fuel = budget.fuel;
  out.deadline_ms = budget.deadline_ms;
  out.cancellation = budget.cancellation;
  out.output_room = budget.output_room;
  out.layout = output_layout(call.abi);
  return out;
}

Result<Written> keep_written(Bytes bytes, const unixfs::Layout& layout,
                             const unixfs::BlockSink& sink) {
  if (bytes.size() <= kInlineBytesMax) return Written{std::move(bytes), std::nullopt};
  TR_ASSIGN(const unixfs::Imported file, unixfs::import_bytes(bytes, layout, sink));
  return Written{{}, file.cid};
}

// The Outcome of a call that ended by itself.
Result<Outcome> to_outcome(wasm::CallResult& result, const unixfs::Layout& layout,
                           const unixfs::BlockSink& sink) {
  Outcome outcome;
  if (const auto* exit = std::get_if<wasm::Exit>(&result.ending)) {
    outcome.ending = exit->code;
    if (result.output) outcome.output = result.output->cid;
  } else {
    outcome.ending = std::get<wasm::Trap>(result.ending).kind;
  }
  TR_ASSIGN(outcome.stdout_written, keep_written(std::move(result.stdout_bytes), layout, sink));
  TR_ASSIGN(outcome.stderr_written, keep_written(std::move(result.stderr_bytes), layout, sink));
  return outcome;
}

}  // namespace

std::array<uint8_t, 32> random_key_of(const Sha256Digest& invocation) {
  constexpr std::string_view kLabel = "timerose random v1";
  std::array<uint8_t, kLabel.size() + sizeof(Sha256Digest)> input;
  const auto rest = std::copy(kLabel.begin(), kLabel.end(), input.begin());
  std::copy(invocation.begin(), invocation.end(), rest);
  return sha256(input);
}

Result<Answer> execute(const wasm::Prepared& prepared, const Invocation& call,
                       const Sha256Digest& digest, const Budget& budget,
                       const wasi::Context::OnWrite& on_write, const Surroundings& around) {
  wasm::Call native = to_call(call, digest, budget);
  native.on_write = on_write;
  CountingBlockstore store(around.store);
  Answer answer(object_cid(digest));
  answer.circumstances.executor = around.executor;
  answer.circumstances.started_unix_ns = around.clock.unix_ns();
  const uint64_t start_ns = around.clock.monotonic_ns();
  TR_ASSIGN(wasm::CallResult result, prepared.run(native, store, around.sink));
  answer.circumstances.duration_ns = around.clock.monotonic_ns() - start_ns;
  answer.circumstances.blocks_read = store.blocks_read();
  answer.circumstances.bytes_read = store.bytes_read();
  answer.metering = {around.engine, result.fuel_used, result.memory_bytes_peak};
  if (auto* stopped = std::get_if<wasm::Stopped>(&result.ending)) {
    answer.stopped = std::move(*stopped);
    return answer;
  }
  if (const auto* trap = std::get_if<wasm::Trap>(&result.ending)) {
    answer.trap_message = trap->message;
  }
  TR_ASSIGN(answer.outcome, to_outcome(result, native.layout, around.sink));
  TR_ASSIGN(const Bytes bytes, answer.outcome->encode());
  answer.outcome_cid = object_cid(sha256(bytes));
  return answer;
}

}  // namespace timerose::compute
