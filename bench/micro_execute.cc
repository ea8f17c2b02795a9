// Small remote calls between two real nodes of one process over loopback, the memo off, beside the
// echo of a 64-byte frame over a bare stream between the same two hosts. The guest runs in the
// executor's process, then in a worker process of the requester's.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <iostream>
#include <mutex>
#include <thread>

#include "blockstore/memory_blockstore.h"
#include "exchange/network_blockstore.h"
#include "exchange/service.h"
#include "isolation/pool.h"
#include "isolation/worker.h"
#include "mesh/bridge_host.h"
#include "mesh/host_testing.h"
#include "scheduler/execute/service.h"

namespace timerose::scheduler::execute {
namespace {

using SteadyClock = std::chrono::steady_clock;

const mesh::Protocol kEcho{.name = "/timerose/bench/1.0.0", .frame_bytes_max = 4U << 20};
constexpr size_t kEchoBytes = 64;
constexpr int kWarmUp = 500;
constexpr int kRoundTrips = 5000;
constexpr int kPipelined = 60'000;
constexpr int kWindow = 1000;

// (module (memory (export "memory") 1) (func (export "_start")))
constexpr std::array<uint8_t, 50> kModule{
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x04, 0x01, 0x60, 0x00,
    0x00, 0x03, 0x02, 0x01, 0x00, 0x05, 0x03, 0x01, 0x00, 0x01, 0x07, 0x13, 0x02,
    0x06, 'm',  'e',  'm',  'o',  'r',  'y',  0x02, 0x00, 0x06, '_',  's',  't',
    'a',  'r',  't',  0x00, 0x00, 0x0a, 0x04, 0x01, 0x02, 0x00, 0x0b};

template <typename T>
T must(Result<T> result) {
  if (result.ok()) return std::move(result).value();
  std::cerr << result.error().message << '\n';
  std::exit(1);
}

double cpu_seconds() {
  timespec spent{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
}

// A node as the daemon wires it, its store in memory.
class Node : public mesh::testing_support::HostThread {
 public:
  explicit Node(uint8_t number, const std::vector<PeerId>& requesters)
      : HostThread(start_host(PrivateKey::from_seed({number}))),
        key_(PrivateKey::from_seed({number})),
        random_(number),
        exchange_({loop(), host(), store_, random_, pool_}, {}),
        content_(store_, exchange_, {}),
        engine_(must(wasm::Engine::create({}))),
        modules_(*engine_, std::nullopt),
        executor_({content_, memo_, *engine_, modules_, key_, clock_}) {
    TrustList trust(id());
    for (const PeerId& peer : requesters) (void)trust.add(peer, Role::kRequester);
    ServiceOptions options;
    options.executor.keep_ns = 1'000'000'000;
    service_ = std::make_unique<Service>(
        Service::Parts{
            loop(), host(), random_, [this] { return Result<compute::Executor*>(&executor_); },
            store_, exchange_, key_.public_key(), 0,
            [this](const PeerId& requester) {
              return isolated ? pool_of_workers_.runner_for(std::string(as_text(requester.bytes())),
                                                            isolation::Answers::kOfRequester)
                              : nullptr;
            }},
        options, std::move(trust));
    start([this](const mesh::Event& event) {
      if (service_->on_event(event)) return;
      exchange_.on_event(event);
      if (on_other) on_other(event);
    });
  }
  ~Node() {
    stop([this] {
      service_->stop();
      exchange_.stop();
    });
  }

  Service& service() { return *service_; }
  MemoryBlockstore& blocks() { return blocks_; }
  std::function<void(const mesh::Event&)> on_other;  // events that are not the service's
  std::atomic<bool> isolated = false;                // where guests run

 private:
  static std::unique_ptr<mesh::Host> start_host(const PrivateKey& key) {
    mesh::HostOptions options;
    options.mdns = false;
    options.listen = {"/ip4/127.0.0.1/tcp/0"};
    auto host = must(mesh::start_bridge_host(key, options));
    host->handle_protocol(kEcho);
    return host;
  }

  PrivateKey key_;
  SystemClock clock_;
  SeededRandom random_;
  ThreadPool pool_{2};
  MemoryBlockstore blocks_;
  GuardedBlockstore store_{blocks_};
  exchange::Service exchange_;
  exchange::NetworkBlockstore content_;
  compute::Memo memo_{nullptr, 64U << 20};
  std::unique_ptr<wasm::Engine> engine_;
  wasm::ModuleCache modules_;
  compute::Executor executor_;
  isolation::Pool pool_of_workers_{
      {clock_, [this] { return Result<wasm::ModuleCache*>(&modules_); },
       [](const std::string& line) { std::cerr << line + "\n"; }},
      {}};
  std::unique_ptr<Service> service_;
};

// A moment that a loop's thread tells the main thread of.
class Signal {
 public:
  void give() {
    const std::lock_guard lock(mutex_);
    given_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return given_; });
    given_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool given_ = false;
};

struct RoundTrips {
  std::vector<double> microseconds;
  double cpu = 0;  // microseconds of all threads, of one
  [[nodiscard]] double at(double part) {
    std::sort(microseconds.begin(), microseconds.end());
    return microseconds[static_cast<size_t>(part * static_cast<double>(microseconds.size() - 1))];
  }
};

// Calls begin() again each time that its callback comes, `count` times; all on the loop of `node`.
RoundTrips in_turn(Node& node, int count, const std::function<void(std::function<void()>)>& begin) {
  RoundTrips measured;
  Signal done;
  auto start = SteadyClock::now();
  std::function<void()> next = [&] {
    const auto now = SteadyClock::now();
    measured.microseconds.push_back(std::chrono::duration<double, std::micro>(now - start).count());
    if (measured.microseconds.size() == static_cast<size_t>(count)) return done.give();
    start = now;
    begin(next);
  };
  const double cpu = cpu_seconds();
  node.loop().post([&] {
    start = SteadyClock::now();
    begin(next);
  });
  done.wait();
  measured.cpu = (cpu_seconds() - cpu) * 1e6 / count;
  return measured;
}

class Bench {
 public:
  Bench() {
    connect();
    open_echo();
    module_ = Cid::of_sha256(Codec::kRaw, kModule);
    if (!b_.blocks().put(Block::trusted(*module_, Bytes(kModule.begin(), kModule.end()))).ok()) {
      std::exit(1);
    }
  }

  void isolate(bool isolated) { b_.isolated = isolated; }
  RoundTrips echo(int count) {
    return in_turn(a_, count, [this](std::function<void()> then) {
      on_echo_ = std::move(then);
      a_.host().send(echo_, {Bytes(kEchoBytes, 1)});
    });
  }
  RoundTrips calls(int count, bool receipt) {
    return in_turn(a_, count,
                   [this, receipt](std::function<void()> then) { ask(receipt, std::move(then)); });
  }
  // Seconds, and CPU seconds, for `count` calls with kWindow at a time.
  std::pair<double, double> pipelined(int count, bool receipt) {
    Signal done;
    int begun = 0;
    int ended = 0;
    std::function<void()> next = [&] {
      if (++ended == count) return done.give();
      if (begun < count) {
        ++begun;
        ask(receipt, next);
      }
    };
    const double cpu = cpu_seconds();
    const auto start = SteadyClock::now();
    a_.loop().post([&] {
      for (begun = 0; begun < std::min(count, kWindow); ++begun) ask(receipt, next);
    });
    done.wait();
    const std::chrono::duration<double> took = SteadyClock::now() - start;
    return {took.count(), cpu_seconds() - cpu};
  }

 private:
  void connect() {
    Signal connected;
    a_.on_other = [&](const mesh::Event& event) {
      if (std::holds_alternative<mesh::ConnectionOpened>(event)) connected.give();
    };
    std::vector<mesh::Address> addresses;
    while (addresses.empty()) {
      Signal asked;
      b_.loop().post([&] {
        addresses = b_.host().listen_addresses();
        asked.give();
      });
      asked.wait();
    }
    a_.loop().post([&] { (void)a_.host().connect({b_.host().self(), addresses}); });
    connected.wait();
  }
  void open_echo() {
    Signal opened;
    b_.on_other = [this](const mesh::Event& event) {
      const auto* frame = std::get_if<mesh::StreamFrame>(&event);
      if (frame != nullptr) b_.host().send(frame->stream, {frame->frame.view()});
    };
    a_.on_other = [&](const mesh::Event& event) {
      if (std::holds_alternative<mesh::StreamOpened>(event)) opened.give();
    };
    a_.loop().post([this] { echo_ = a_.host().open_stream(b_.host().self(), {kEcho.name}); });
    opened.wait();
    a_.on_other = [this](const mesh::Event& event) {
      const auto* frame = std::get_if<mesh::StreamFrame>(&event);
      if (frame != nullptr && frame->stream == echo_ && on_echo_) on_echo_();
    };
  }
  void ask(bool receipt, std::function<void()> then) {
    compute::Invocation call(*module_);
    call.entry = "_start";
    ++number_;
    for (size_t i = 0; i < sizeof(number_); ++i) {
      call.seed.push_back(static_cast<uint8_t>(number_ >> (8 * i)));
    }
    Offer offer;
    offer.invocation = must(call.encode());
    offer.fuel = 1U << 30;
    offer.fresh = true;
    offer.receipt = receipt;
    a_.service().ask(b_.host().self(), std::move(offer), [then = std::move(then)](Update update) {
      if (!std::holds_alternative<Finish>(update)) {
        if (std::holds_alternative<Accept>(update)) return;
        std::cerr << "the call failed\n";
        std::exit(1);
      }
      then();
    });
  }

  Node a_{1, {}};
  Node b_{2, {a_.host().self()}};
  std::optional<Cid> module_;
  mesh::StreamId echo_{};
  std::function<void()> on_echo_;
  uint64_t number_ = 0;
};

void print(const char* name, RoundTrips measured, double base) {
  std::cout << fmt::format(
      "{:34} p50 {:7.1f} us  p99 {:7.1f} us  cpu {:6.1f} us  {:.2f}x the echo\n", name,
      measured.at(0.5), measured.at(0.99), measured.cpu, measured.at(0.5) / base);
}

// The same calls in this process and in a worker, by turns, so that both see the same machine.
void compare_isolation(Bench& bench, bool receipt) {
  RoundTrips here;
  RoundTrips there;
  for (int turn = 0; turn < 4; ++turn) {
    for (const bool isolated : {false, true}) {
      bench.isolate(isolated);
      bench.calls(kWarmUp / 10, receipt);
      const RoundTrips some = bench.calls(kRoundTrips / 4, receipt);
      RoundTrips& all = isolated ? there : here;
      all.microseconds.insert(all.microseconds.end(), some.microseconds.begin(),
                              some.microseconds.end());
      all.cpu += some.cpu / 4;
    }
  }
  bench.isolate(false);
  std::cout << fmt::format(
      "{:34} p50 {:7.1f} us  p99 {:7.1f} us  beside {:.1f} and {:.1f} us in the node's process: "
      "{:.2f}x\n",
      receipt ? "isolated, memo off, with receipt" : "isolated, memo off", there.at(0.5),
      there.at(0.99), here.at(0.5), here.at(0.99), there.at(0.5) / here.at(0.5));
}

void print_rate(const char* name, std::pair<double, double> seconds, int count) {
  std::cout << fmt::format("{:34} {:8.0f} calls/s  cpu {:6.1f} us a call\n", name,
                           count / seconds.first, seconds.second * 1e6 / count);
}

void run() {
  Bench bench;
  bench.echo(kWarmUp);
  bench.calls(kWarmUp, false);
  RoundTrips echo = bench.echo(kRoundTrips);
  const double base = echo.at(0.5);
  print("64-byte echo, bare stream", std::move(echo), base);
  print("one call, memo off", bench.calls(kRoundTrips, false), base);
  print("one call, memo off, with receipt", bench.calls(kRoundTrips, true), base);
  compare_isolation(bench, false);
  compare_isolation(bench, true);
  print_rate("pipelined, memo off", bench.pipelined(kPipelined, false), kPipelined);
  print_rate("pipelined, memo off, with receipt", bench.pipelined(kPipelined / 4, true),
             kPipelined / 4);
  bench.isolate(true);
  print_rate("pipelined, memo off, isolated", bench.pipelined(kPipelined / 2, false),
             kPipelined / 2);
}

}  // namespace
}  // namespace timerose::scheduler::execute

int main(int argc, char** argv) {
  if (argc == 1 && argv[0] == std::string_view(timerose::isolation::kWorkerName)) {
    return timerose::isolation::run_worker();
  }
  timerose::scheduler::execute::run();
}
