// Decisions of placement a second: nodes of four regions, objects with one to four holders and Zipf
// popularity, functions that are warm on some nodes. The number of nodes is the argument. Resident
// memory is of all that is known of them: adverts, indexes, objects, functions.
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "scheduler/placement/placement.h"

namespace timerose::scheduler {
namespace {

constexpr size_t kObjects = 100'000;
constexpr size_t kFunctions = 1000;
constexpr size_t kCalls = 65'536;
constexpr size_t kNotes = 30'000;  // of functions that were met at nodes

double resident_mib() {
  malloc_trim(0);
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  file >> pages >> pages;
  return pages * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1024 * 1024);
}

Cid cid_of(const std::string& text) { return Cid::of_sha256(Codec::kRaw, as_bytes(text)); }

// Ranks by Zipf's law with exponent 1, by the inverse of its continuous form.
size_t zipf(SeededRandom& dice, size_t count) {
  const double u = static_cast<double>(dice.next() >> 11) / static_cast<double>(1ULL << 53);
  return static_cast<size_t>(std::pow(static_cast<double>(count), u)) - 1;
}

struct Mesh {
  struct Call {
    std::vector<CallInput> inputs;
    CallToPlace call;
  };

  explicit Mesh(size_t count) : holders(1), work(1) {
    for (size_t i = 0; i < kFunctions; ++i) functions.push_back(cid_of("f" + std::to_string(i)));
    for (size_t i = 0; i < count; ++i) {
      refs.push_back(
          nodes.update(static_cast<uint32_t>(i), std::make_shared<const Advert>(advert(i))));
    }
    for (size_t i = 0; i < kObjects; ++i) {
      objects.push_back(ContentKey::of(cid_of(std::to_string(i))));
      const size_t copies = 1 + dice.next() % 4;
      for (size_t copy = 0; copy < copies; ++copy) {
        holders.add(objects.back(), refs[dice.next() % refs.size()]);
      }
    }
    for (const Cid& function : functions) {
      for (const uint64_t bytes : {1000U, 1'000'000U}) {
        work.observe(ContentKey::of(function), bytes, 10'000'000 + dice.next() % 100'000'000);
      }
    }
    for (size_t i = 0; i < kNotes; ++i) {
      nodes.note_warm(refs[dice.next() % refs.size()],
                      WarmSet::mark_of(functions[zipf(dice, kFunctions)]), true);
    }
    for (size_t i = 0; i < kCalls; ++i) calls.push_back(call());
    for (Call& one : calls) one.call.inputs = one.inputs;
  }

  Advert advert(size_t number) {
    Advert out;
    for (size_t i = 0; i < 4; ++i) out.node.bytes[i] = static_cast<uint8_t>(number >> (8 * i));
    out.capacity.cores = 8;
    out.capacity.memory_bytes = uint64_t{16} << 30;
    out.capacity.labels = {{"zone", number % 4 == 0 ? "eu" : "us"}};
    out.capacity.engines = {"wasmtime 48.0.8"};
    out.use.cores_free = 4;
    out.use.memory_free_bytes = uint64_t{8} << 30;
    out.use.wait_ms = static_cast<uint32_t>(dice.next() % 50);
    out.speed.fuel_per_s = 500'000'000 + dice.next() % 1'000'000'000;
    out.speed.network_bytes_s = 10'000'000 + dice.next() % 100'000'000;
    for (int32_t& part : out.coordinate.at_us) part = static_cast<int32_t>(dice.next() % 100'000);
    std::vector<Cid> warm;
    for (int i = 0; i < 8; ++i) warm.push_back(functions[zipf(dice, kFunctions)]);
    out.warm = WarmSet(warm);
    return out;
  }

  Call call() {
    Call out;
    const Cid& function = functions[zipf(dice, kFunctions)];
    out.call.function = ContentKey::of(function);
    out.call.function_mark = WarmSet::mark_of(function);
    out.call.function_bytes = 200'000;
    const size_t inputs = 1 + dice.next() % 2;
    for (size_t i = 0; i < inputs; ++i) {
      out.inputs.push_back({objects[zipf(dice, kObjects)], 1000 + dice.next() % 10'000'000});
    }
    return out;
  }

  SeededRandom dice{5};
  NodeIndex nodes;
  Holders holders;
  WorkHistory work;
  std::vector<NodeRef> refs;
  std::vector<Cid> functions;
  std::vector<ContentKey> objects;
  std::vector<Call> calls;
};

void decide_all(benchmark::State& state, const Requirement* required) {
  const double before = resident_mib();
  Mesh mesh(static_cast<size_t>(state.range(0)));
  state.counters["resident_MiB"] = resident_mib() - before;
  Placer placer(mesh.nodes, mesh.holders, mesh.work, mesh.refs[0], 9);
  Decision decision;
  size_t next = 0;
  uint64_t weighed = 0;
  uint64_t moved = 0;
  for (auto _ : state) {
    CallToPlace& call = mesh.calls[next++ % kCalls].call;
    call.required = required;
    placer.decide(call, decision);
    weighed += decision.count;
    moved += decision.candidates[0].move_bytes;
    benchmark::DoNotOptimize(decision);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
  const auto decisions = static_cast<double>(state.iterations());
  state.counters["candidates"] = static_cast<double>(weighed) / decisions;
  state.counters["moved_bytes"] = static_cast<double>(moved) / decisions;
}

void Decide(benchmark::State& state) { decide_all(state, nullptr); }
BENCHMARK(Decide)->Arg(1000)->Arg(10'000)->Arg(100'000);

void DecideWithRequirement(benchmark::State& state) {
  const Requirement required = *Requirement::parse("label.zone=eu, memory>=8GiB");
  decide_all(state, &required);
}
BENCHMARK(DecideWithRequirement)->Arg(10'000)->Arg(100'000);

}  // namespace
}  // namespace timerose::scheduler

BENCHMARK_MAIN();
