// How fast frames move between two real hosts of one process, over loopback.
#include <benchmark/benchmark.h>
#include <poll.h>

#include <array>
#include <cstdlib>
#include <iostream>

#include "mesh/bridge_host.h"

namespace timerose::mesh {
namespace {

constexpr size_t kBytes = 1U << 30;
const Protocol kProtocol{.name = "/timerose/bench/1.0.0", .frame_bytes_max = 4U << 20};
constexpr std::array kAddresses{"/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1",
                                "/ip4/127.0.0.1/tcp/0/ws"};
constexpr std::array kNames{"tcp", "quic", "websocket"};

std::unique_ptr<Host> start(uint8_t number, const char* address) {
  std::array<uint8_t, 32> seed{};
  seed[0] = number;
  HostOptions options;
  options.mdns = false;
  options.listen = {address};
  auto host = start_bridge_host(PrivateKey::from_seed(seed), options);
  if (!host.ok()) {
    std::cerr << host.error().message << '\n';
    std::exit(1);
  }
  host.value()->handle_protocol(kProtocol);
  return std::move(host).value();
}

// A stream from one host to another, both driven by this thread.
class Link {
 public:
  explicit Link(const char* address) : from_(start(1, address)), to_(start(2, address)) {
    while (to_->listen_addresses().empty()) turn();
    if (!from_->connect({to_->self(), to_->listen_addresses()}).ok()) std::exit(1);
    stream_ = from_->open_stream(to_->self(), {kProtocol.name});
    while (!open_) turn();
  }

  void move(const Bytes& frame, size_t bytes) {
    received_ = 0;
    size_t sent = 0;
    while (received_ < bytes) {
      while (sent < bytes && from_->send(stream_, {frame}) == Sent::kTaken) sent += frame.size();
      turn();
    }
  }

 private:
  void turn() {
    std::array<pollfd, 2> descriptors{pollfd{from_->event_descriptor(), POLLIN, 0},
                                      pollfd{to_->event_descriptor(), POLLIN, 0}};
    ::poll(descriptors.data(), descriptors.size(), 1000);
    events_.clear();
    from_->take_events(events_, 1000);
    to_->take_events(events_, 1000);
    for (const Event& event : events_) {
      if (const auto* frame = std::get_if<StreamFrame>(&event)) received_ += frame->frame.size();
      if (std::holds_alternative<StreamOpened>(event)) open_ = true;
    }
  }

  std::unique_ptr<Host> from_;
  std::unique_ptr<Host> to_;
  StreamId stream_{};
  bool open_ = false;
  size_t received_ = 0;
  std::vector<Event> events_;
};

void move_frames(benchmark::State& state) {
  const auto transport = static_cast<size_t>(state.range(0));
  Link link(kAddresses.at(transport));
  const Bytes frame(static_cast<size_t>(state.range(1)), 0xa5);
  for (auto _ : state) link.move(frame, kBytes);
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * kBytes);
  state.SetLabel(kNames.at(transport));
}
BENCHMARK(move_frames)
    ->ArgsProduct({{0, 1, 2}, {4 << 10, 256 << 10, 2 << 20}})
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Iterations(1);

}  // namespace
}  // namespace timerose::mesh

BENCHMARK_MAIN();
