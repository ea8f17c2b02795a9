// The sweep of a store of many blocks: listed region by region from a real store on disk, planned,
// and announced to a host that only counts.
//
//   provide_sweep [BLOCKS] [FOLDER]      1,000,000 blocks, in a new folder under the system's own
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "base/random.h"
#include "blockstore/rocks_blockstore.h"
#include "mesh/idle_host.h"
#include "node/network/providing.h"

namespace timerose {
namespace {

constexpr uint64_t kBlocks = 1'000'000;
constexpr uint64_t kPutAtOnce = 10'000;

using Seconds = std::chrono::duration<double>;
using SteadyClock = std::chrono::steady_clock;

template <typename T>
T value_or_end(Result<T> result) {
  if (result.ok()) return std::move(result).value();
  std::cerr << result.error().message << '\n';
  std::exit(1);
}

void check(const Status& status) {
  if (status.ok()) return;
  std::cerr << status.error().message << '\n';
  std::exit(1);
}

// "VmRSS", "VmHWM": of this process, in MiB.
double memory_mib(const std::string& what) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(what)) return std::stod(line.substr(what.size() + 1)) / 1024;
  }
  return 0;
}

// Takes every announcement at once, as long as the loop turns.
class CountingHost final : public mesh::IdleHost {
 public:
  explicit CountingHost(EventLoop& loop) : loop_(loop) {}

  std::function<void(const mesh::Event&)> on_event;
  uint64_t provided = 0;
  size_t in_flight_max = 0;

  mesh::QueryId provide(ByteView /*multihash*/) override {
    ++provided;
    ended_.push_back(mesh::QueryId{provided});
    in_flight_max = std::max(in_flight_max, ended_.size());
    if (ended_.size() == 1) loop_.post([this] { end_all(); });
    return mesh::QueryId{provided};
  }

  [[nodiscard]] const PeerId& self() const override { return self_; }

 private:
  void end_all() {
    for (const mesh::QueryId query : std::exchange(ended_, {})) {
      on_event(mesh::QueryEnded{query, 20, ""});
    }
  }

  EventLoop& loop_;
  const PeerId self_ = PeerId::of(PrivateKey::from_seed({}).public_key());
  std::vector<mesh::QueryId> ended_;
};

void fill(RocksBlockstore& store, uint64_t blocks) {
  std::vector<Block> batch;
  for (uint64_t i = 0; i < blocks; ++i) {
    batch.push_back(Block::of_sha256(Codec::kRaw, to_bytes(as_bytes(std::to_string(i)))));
    if (batch.size() < kPutAtOnce && i + 1 < blocks) continue;
    check(store.put(batch));
    batch.clear();
  }
  check(store.flush());
}

void sweep(Blockstore& store, Pins& pins) {
  SystemClock clock;
  EventLoop loop(clock);
  ThreadPool pool(2);
  CountingHost host(loop);
  node::Providing providing({loop, host, clock, pool, store, pins, {}}, node::ProvideStrategy::kAll,
                            {});
  host.on_event = [&](const mesh::Event& event) {
    providing.on_event(event);
    if (providing.stat().provider.swept_until_ns >= clock.unix_ns()) loop.stop();
  };
  const auto begin = SteadyClock::now();
  loop.post([&] { providing.start(); });
  loop.run();
  const double seconds = Seconds(SteadyClock::now() - begin).count();
  pool.wait_idle();
  const exchange::ProviderStat stat = providing.stat().provider;
  fmt::print("announced          {} in {:.2f} s, {:.0f}/s, {} at a time\n", stat.announced, seconds,
             static_cast<double>(stat.announced) / seconds, host.in_flight_max);
  fmt::print("regions            {}, {} blocks each\n", stat.regions,
             stat.announced / std::max<uint64_t>(stat.regions, 1));
}

void list_once(Blockstore& store) {
  const auto begin = SteadyClock::now();
  exchange::RegionBlocks blocks({0, UINT64_MAX});
  check(store.for_each([&](ByteView multihash, uint64_t) {
    blocks.see(multihash);
    return success();
  }));
  fmt::print("one listing        {} blocks in {:.2f} s, {} held\n", blocks.seen(),
             Seconds(SteadyClock::now() - begin).count(), blocks.size());
}

int run(uint64_t blocks, const std::filesystem::path& folder) {
  auto database = value_or_end(RocksDatabase::open(folder / "blocks", {0, Access::kReadWrite}));
  RocksBlockstore store(*database);
  fill(store, blocks);
  sqlite::Database records(folder / "records.sqlite");
  Pins pins(records);
  const double before = memory_mib("VmRSS:");
  list_once(store);
  sweep(store, pins);
  fmt::print(
      "memory             {:.0f} MiB with the store open, {:.0f} MiB after, {:.0f} MiB at most\n",
      before, memory_mib("VmRSS:"), memory_mib("VmHWM:"));
  return 0;
}

}  // namespace
}  // namespace timerose

int main(int argc, char** argv) {
  const uint64_t blocks = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : timerose::kBlocks;
  std::string folder =
      argc > 2 ? argv[2] : (std::filesystem::temp_directory_path() / "sweepXXXXXX");
  if (argc <= 2 && mkdtemp(folder.data()) == nullptr) return 1;
  const int code = timerose::run(blocks, folder);
  std::error_code ignored;
  if (argc <= 2) std::filesystem::remove_all(folder, ignored);
  return code;
}
