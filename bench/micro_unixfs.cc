// Adding and reading files in memory, beside SHA-256 alone over the same bytes: the counter
// "of_sha256" is the speed as a share of SHA-256's on one core, each at its best of runs in turns,
// so that a machine that is busy with other work slows both; "of_sha256_cpu" the same of processor
// time; "more_us" is the time beyond SHA-256's, for each file.
#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/random.h"
#include "blockstore/memory_blockstore.h"
#include "crypto/digest.h"
#include "unixfs/batch.h"
#include "unixfs/directory.h"
#include "unixfs/importer.h"
#include "unixfs/reader.h"

namespace timerose::unixfs {
namespace {

struct Took {
  double wall = 1e9;  // seconds
  double cpu = 1e9;   // of all threads together
};

double now(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

Took took(const auto& work) {
  const Took start{now(CLOCK_MONOTONIC), now(CLOCK_PROCESS_CPUTIME_ID)};
  work();
  return {now(CLOCK_MONOTONIC) - start.wall, now(CLOCK_PROCESS_CPUTIME_ID) - start.cpu};
}

Took best(const Took& a, const Took& b) {
  return {std::min(a.wall, b.wall), std::min(a.cpu, b.cpu)};
}

const Bytes& content(size_t bytes) {
  static Bytes data;
  if (data.size() != bytes) {
    data.resize(bytes);
    SeededRandom(1).fill(data);
  }
  return data;
}

// Runs `work` in turns with SHA-256 over the same data, `times` over in all; times only `work`.
void beside_sha256(benchmark::State& state, ByteView data, int times, const auto& work) {
  Took sha256_best;
  Took work_best;
  for (auto _ : state) {
    sha256_best = best(sha256_best, took([&] {
                         for (int i = 0; i < times; ++i) benchmark::DoNotOptimize(sha256(data));
                       }));
    const Took once = took(work);
    work_best = best(work_best, once);
    state.SetIterationTime(once.wall);
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * data.size()) * times);
  state.counters["of_sha256"] = sha256_best.wall / work_best.wall;
  state.counters["of_sha256_cpu"] = sha256_best.cpu / work_best.cpu;
  state.counters["more_us"] = 1e6 * (work_best.cpu - sha256_best.cpu) / times;
}

// Checks blocks at each reading, as a store on a disk must.
class VerifyingStore final : public Blockstore {
 public:
  Result<SharedBytes> get(const Cid& cid) override {
    TR_ASSIGN(SharedBytes data, blocks_.get(cid));
    TR_ASSIGN(const Block block, Block::verify(cid, std::move(data)));
    return block.data();
  }
  Result<bool> has(const Cid& cid) override { return blocks_.has(cid); }
  Result<uint64_t> size(const Cid& cid) override { return blocks_.size(cid); }
  Status put(std::span<const Block> blocks) override { return blocks_.put(blocks); }
  Status flush() override { return success(); }
  Status remove(const Cid& cid) override { return blocks_.remove(cid); }
  Status for_each(const std::function<Status(ByteView, uint64_t)>& visit) override {
    return blocks_.for_each(visit);
  }

 private:
  MemoryBlockstore blocks_;
};

Layout layout_of(const benchmark::State& state) {
  return state.range(1) == 0 ? unixfs_v1_2025() : unixfs_v0_2015();
}

Cid add(ByteView data, const Layout& layout, unsigned threads, const BlockSink& sink) {
  SpanSource source(data);
  return import_file(source, {.layout = layout, .hash_threads = threads, .progress = {}}, sink)
      .value()
      .cid;
}

void add_to_memory(benchmark::State& state) {
  const Bytes& data = content(static_cast<size_t>(state.range(0)) << 20);
  beside_sha256(state, data, 1, [&] {
    MemoryBlockstore store;
    add(data, layout_of(state), static_cast<unsigned>(state.range(2)), sink_into(store));
  });
}

void only_hash(benchmark::State& state) {
  const Bytes& data = content(static_cast<size_t>(state.range(0)) << 20);
  beside_sha256(state, data, 1, [&] {
    add(data, layout_of(state), static_cast<unsigned>(state.range(2)), discard());
  });
}

void cat_from_memory(benchmark::State& state) {
  const Bytes& data = content(static_cast<size_t>(state.range(0)) << 20);
  VerifyingStore store;
  const Cid cid = add(data, layout_of(state), 1, sink_into(store));
  uint64_t bytes = 0;
  beside_sha256(state, data, 1, [&] {
    const auto status =
        stream_file(store, cid, {}, static_cast<unsigned>(state.range(2)), [&](ByteView view) {
          bytes += view.size();
          return success();
        });
    CHECK(status.ok());
  });
  CHECK(bytes == state.iterations() * data.size());
}

// Arguments: MiB, profile (0: unixfs-v1-2025, 1: unixfs-v0-2015), threads.
BENCHMARK(add_to_memory)
    ->ArgNames({"MiB", "v0", "threads"})
    ->ArgsProduct({{256}, {0, 1}, {1, 2}})
    ->Iterations(6)
    ->UseManualTime();
BENCHMARK(only_hash)
    ->ArgNames({"MiB", "v0", "threads"})
    ->ArgsProduct({{256}, {0, 1}, {1, 2}})
    ->Iterations(6)
    ->UseManualTime();
BENCHMARK(cat_from_memory)
    ->ArgNames({"MiB", "v0", "threads"})
    ->ArgsProduct({{256, 1024}, {0}, {1, 2}})
    ->ArgsProduct({{256}, {1}, {1, 2}})
    ->Iterations(6)
    ->UseManualTime();

// One small file after another, as of a folder.
void add_small_files(benchmark::State& state) {
  const Bytes& data = content(static_cast<size_t>(state.range(0)));
  beside_sha256(state, data, 1000, [&] {
    BlockBatch batch(discard());
    for (int i = 0; i < 1000; ++i) {
      benchmark::DoNotOptimize(add(data, unixfs_v1_2025(), 1, batch.as_sink()));
    }
  });
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * 1000);
}
BENCHMARK(add_small_files)->ArgName("bytes")->Arg(100)->Arg(4096)->UseManualTime();

DirectoryBuilder directory_of(int64_t entries) {
  DirectoryBuilder builder(unixfs_v1_2025());
  const Imported child{Cid::of_sha256(Codec::kRaw, as_bytes("content")), 7, 7};
  for (int64_t i = 0; i < entries; ++i) {
    CHECK(builder.add("entry-" + std::to_string(i), child).ok());
  }
  return builder;
}

void build_directory(benchmark::State& state) {
  for (auto _ : state) {
    MemoryBlockstore store;
    benchmark::DoNotOptimize(directory_of(state.range(0)).finish(sink_into(store)).value());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * state.range(0));
}

void list_directory(benchmark::State& state) {
  MemoryBlockstore store;
  const Cid cid = directory_of(state.range(0)).finish(sink_into(store)).value().cid;
  for (auto _ : state) {
    int64_t entries = 0;
    const auto status = for_each_entry(store, cid, [&](const Entry&) {
      ++entries;
      return success();
    });
    CHECK(status.ok() && entries == state.range(0));
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * state.range(0));
}

void find_in_directory(benchmark::State& state) {
  MemoryBlockstore store;
  const Cid cid = directory_of(state.range(0)).finish(sink_into(store)).value().cid;
  int64_t i = 0;
  for (auto _ : state) {
    i = (i + 7919) % state.range(0);
    CHECK(find_entry(store, cid, "entry-" + std::to_string(i)).value().has_value());
  }
}

BENCHMARK(build_directory)->Arg(1000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(list_directory)->Arg(1000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(find_in_directory)->Arg(1000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace timerose::unixfs

BENCHMARK_MAIN();
