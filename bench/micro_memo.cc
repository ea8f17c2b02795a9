// Calls in process: executed afresh and recorded in memory, answered by the memo, and both with
// many outcomes in the memo. `make bench` prints them beside Node.js.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include "base/hex.h"
#include "base/random.h"
#include "blockstore/memory_blockstore.h"
#include "compute/executor.h"
#include "compute/place.h"
#include "unixfs/importer.h"
#include "unixfs/layout.h"

namespace timerose::compute {
namespace {

// examples/echo/echo.wat. Without an input it asks for their number and ends.
constexpr std::string_view kEchoModule =
    "0061736d010000000115046000017f60047f7e7f7f017f60027f7f006000000246030874696d65726f73650b696e70"
    "75"
    "745f636f756e740000087469"
    "6d65726f73650a696e7075745f7265616400010874696d65726f73650c6f75747075745f7772697465000203020103"
    "05"
    "03010001071a02066d656d6f"
    "727902000d74696d65726f73655f6d61696e00030a4b014903017f017e017f03402000100049044042002101034020"
    "00"
    "200141004180800410012102"
    "2002410047044041002002100220012002ad7c21010c010b0b200041016a21000c010b0b0b";

constexpr uint64_t kFrontBytes = 5120ULL << 20;  // 10^7 outcomes fit

struct Node {
  Node() {
    engine = wasm::Engine::create({}).value();
    modules = std::make_unique<wasm::ModuleCache>(*engine, std::nullopt);
    executor =
        std::make_unique<Executor>(Executor::Parts{store, memo, *engine, *modules, key, clock});
    const Bytes module_bytes = *hex_decode(kEchoModule);
    module =
        unixfs::import_bytes(module_bytes, unixfs::unixfs_v1_2025(), unixfs::sink_into(store))->cid;
  }

  // The call number `number`; each has a name of its own.
  [[nodiscard]] Request request(uint64_t number, bool use_memo) const {
    Invocation call(*module);
    call.abi = wasm::Abi::kTimerose;
    call.entry = "timerose_main";
    call.seed.resize(sizeof(number));
    std::memcpy(call.seed.data(), &number, sizeof(number));
    Request request(std::move(call));
    request.use_memo = use_memo;
    request.recording = Recording::kInMemory;
    return request;
  }

  // Puts outcomes for the calls 0 .. count-1 into the memo, as executions would.
  void remember_up_to(uint64_t count) {
    const Answer answer = executor->run(request(0, false)).value();
    Remembered entry;
    entry.outcome_digest = object_digest(*answer.outcome_cid).value();
    entry.outcome = *answer.outcome;
    entry.metering = answer.metering;
    Bytes encoded;
    for (; remembered < count; ++remembered) {
      const Invocation call = request(remembered, true).invocation;
      (void)call.encode_into(encoded);
      (void)memo.remember({sha256(encoded), place_of(call)}, entry, Memo::Keep::kInMemory);
    }
  }

  MemoryBlockstore store;
  Memo memo{nullptr, kFrontBytes};
  std::unique_ptr<wasm::Engine> engine;
  std::unique_ptr<wasm::ModuleCache> modules;
  PrivateKey key = PrivateKey::from_seed({});
  SystemClock clock;
  std::unique_ptr<Executor> executor;
  std::optional<Cid> module;
  uint64_t remembered = 0;
};

// One node at a time, made afresh for each number of outcomes.
Node& node(uint64_t outcomes) {
  static std::unique_ptr<Node> the_node;
  if (the_node == nullptr || the_node->remembered != outcomes) {
    the_node.reset();
    the_node = std::make_unique<Node>();
    the_node->remember_up_to(outcomes);
  }
  return *the_node;
}

double peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void run_or_stop(benchmark::State& state, Executor& executor, const Request& request, bool cached) {
  const auto answer = executor.run(request);
  if (!answer.ok()) {
    state.SkipWithError(answer.error().message.c_str());
  } else if (answer->cached != cached || !answer->outcome) {
    state.SkipWithError("not the answer that was to be measured");
  }
  benchmark::DoNotOptimize(answer);
}

void FreshCall(benchmark::State& state) {
  Node& one = node(1);
  const Request request = one.request(0, false);
  for (auto _ : state) run_or_stop(state, *one.executor, request, false);
}
BENCHMARK(FreshCall);

void AnsweredByMemo(benchmark::State& state) {
  Node& one = node(1);
  const Request request = one.request(0, true);
  for (auto _ : state) run_or_stop(state, *one.executor, request, true);
}
BENCHMARK(AnsweredByMemo);

// Requests for calls of 0 .. count-1 in an order without pattern.
void with_outcomes(benchmark::State& state, bool use_memo) {
  const auto count = static_cast<uint64_t>(state.range(0));
  Node& one = node(count);
  SeededRandom random(1);
  Request request = one.request(0, use_memo);
  for (auto _ : state) {
    const uint64_t number = random.next() % count;
    std::memcpy(request.invocation.seed.data(), &number, sizeof(number));
    run_or_stop(state, *one.executor, request, use_memo);
  }
  state.counters["peak_MiB"] = peak_mib();
}

void FreshCallWithOutcomes(benchmark::State& state) { with_outcomes(state, false); }
void AnsweredWithOutcomes(benchmark::State& state) { with_outcomes(state, true); }

// The two side by side for each number, so that 10^7 outcomes are made once.
const int kRegistered = [] {
  for (const int64_t count : {1'000, 100'000, 10'000'000}) {
    benchmark::RegisterBenchmark("FreshCallWithOutcomes", FreshCallWithOutcomes)->Arg(count);
    benchmark::RegisterBenchmark("AnsweredWithOutcomes", AnsweredWithOutcomes)->Arg(count);
  }
  return 0;
}();

// The parts of an answer from the memo.
void EncodeInvocation(benchmark::State& state) {
  const Request request = node(1).request(0, true);
  Bytes encoded;
  for (auto _ : state) benchmark::DoNotOptimize(request.invocation.encode_into(encoded).ok());
}
BENCHMARK(EncodeInvocation);

void HashInvocation(benchmark::State& state) {
  const Bytes encoded = *node(1).request(0, true).invocation.encode();
  for (auto _ : state) benchmark::DoNotOptimize(sha256(encoded));
}
BENCHMARK(HashInvocation);

}  // namespace
}  // namespace timerose::compute

BENCHMARK_MAIN();
