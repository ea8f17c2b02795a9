// Small blocks fetched one at a time between two real nodes of one process over loopback, their
// stores on the disk: from the question of a thread to the verified bytes, beside a libp2p ping
// between the same two. What the way of a command through the daemon adds is not in it.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <iostream>
#include <memory>
#include <optional>

#include "blockstore/rocks_blockstore.h"
#include "blockstore/rocks_database.h"
#include "blockstore/store_testing.h"
#include "exchange/service.h"
#include "mesh/bridge_host.h"
#include "mesh/host_testing.h"

namespace timerose::exchange {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int kBlocks = 2000;
constexpr size_t kBlockBytes = 4096;
constexpr int kPings = 500;

template <typename T>
T must(Result<T> result) {
  if (result.ok()) return std::move(result).value();
  std::cerr << result.error().message << '\n';
  std::exit(1);
}

class Node : public mesh::testing_support::HostThread {
 public:
  Node(uint8_t number, const std::filesystem::path& folder)
      : HostThread(start_host(number)),
        random_(number),
        database_(must(RocksDatabase::open(folder, {}))),
        store_(*database_),
        exchange_({loop(), host(), store_, random_, pool_}, {}) {
    start([this](const mesh::Event& event) {
      (void)exchange_.on_event(event);
      // It may have itself replaced.
      if (const auto heard = on_event_) heard(event);
    });
  }
  ~Node() {
    stop([this] { exchange_.stop(); });
  }

  // Waits on another thread for what `ask` is told on the loop.
  template <typename T>
  T await(const std::function<void(std::promise<T>&)>& ask) {
    std::promise<T> promise;
    loop().post([&] { ask(promise); });
    return promise.get_future().get();
  }

  double ping_us(const PeerId& peer) {
    return await<double>([&](std::promise<double>& promise) {
      on_event_ = [&](const mesh::Event& event) {
        const auto* pinged = std::get_if<mesh::Pinged>(&event);
        if (pinged == nullptr) return;
        on_event_ = {};
        promise.set_value(static_cast<double>(pinged->round_trip_ns.value_or(0)) / 1e3);
      };
      (void)host().ping(peer);
    });
  }

  void connect(const mesh::PeerAddresses& peer) {
    await<bool>([&](std::promise<bool>& promise) {
      // By then both know which protocols the other speaks.
      on_event_ = [&](const mesh::Event& event) {
        if (!std::holds_alternative<mesh::Identified>(event)) return;
        on_event_ = {};
        promise.set_value(true);
      };
      (void)host().connect(peer);
    });
  }

  mesh::PeerAddresses where() {
    mesh::PeerAddresses here{id(), {}};
    while (here.addresses.empty()) here.addresses = host().listen_addresses();
    return here;
  }

  Blockstore& store() { return store_; }
  Service& exchange() { return exchange_; }

 private:
  static std::unique_ptr<mesh::Host> start_host(uint8_t number) {
    mesh::HostOptions options;
    options.mdns = false;
    options.listen = {"/ip4/127.0.0.1/tcp/0"};
    return must(mesh::start_bridge_host(PrivateKey::from_seed({number}), options));
  }

  SeededRandom random_;
  ThreadPool pool_{4};
  std::unique_ptr<RocksDatabase> database_;
  RocksBlockstore store_;
  Service exchange_;
  std::function<void(const mesh::Event&)> on_event_;
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void run() {
  const testing_support::TemporaryFolder folder;
  Node giver(1, folder.path() / "giver");
  Node taker(2, folder.path() / "taker");
  std::vector<Cid> cids;
  for (int i = 0; i < kBlocks; ++i) {
    const Block block = testing_support::block_of(i, kBlockBytes);
    if (!giver.store().put(std::span(&block, 1)).ok()) std::exit(1);
    cids.push_back(block.cid());
  }
  taker.connect(giver.where());
  const PeerId peer = giver.where().peer;

  std::vector<double> pings;
  pings.reserve(kPings);
  for (int i = 0; i < kPings; ++i) pings.push_back(taker.ping_us(peer));
  std::vector<double> fetches;
  for (const Cid& cid : cids) {
    const auto start = SteadyClock::now();
    (void)must(taker.exchange().fetch_block(cid, {}));
    fetches.push_back(
        std::chrono::duration<double, std::micro>(SteadyClock::now() - start).count());
  }
  const double ping = median(pings);
  const double fetch = median(fetches);
  std::cout << fmt::format("a block of {} bytes {:.0f} us, ping {:.0f} us: {:.1f} pings\n",
                           kBlockBytes, fetch, ping, fetch / ping);
}

}  // namespace
}  // namespace timerose::exchange

int main() { timerose::exchange::run(); }
