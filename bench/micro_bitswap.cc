// Bitswap's answering engine alone: 1,000 peers that want 10,000 blocks each. The time is that of
// the thread's processor in step() and in answering its LookUps; messages of wants are made before.
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <unistd.h>

#include <ctime>
#include <deque>
#include <fstream>

#include "base/random.h"
#include "exchange/bitswap/server.h"

namespace timerose::bitswap {
namespace {

constexpr uint64_t kPeers = 1000;
constexpr uint64_t kWantsOfPeer = 10'000;
constexpr uint64_t kWantsOfMessage = 1000;
constexpr uint64_t kMessagesAtOnce = 50;  // made before they are told
constexpr uint32_t kBlockBytes = 256U << 10;

enum class Content { kShared, kDistinct };  // all peers want the same, or each something else

Cid cid_of(uint64_t number) {
  SeededRandom random(number);
  Sha256Digest digest;
  random.fill(digest);
  return Cid::from_sha256(Codec::kRaw, digest);
}

double resident_mib() {
  malloc_trim(0);
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  file >> pages >> pages;
  return pages * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1024 * 1024);
}

// Adds to `total` the processor's time while it lives.
class Stopwatch {
 public:
  explicit Stopwatch(double& total) : total_(total), start_(now()) {}
  ~Stopwatch() { total_ += now() - start_; }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  static double now() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }
  double& total_;
  const double start_;
};

class Drive {
 public:
  explicit Drive(Content content) : content_(content), server_({}, 1) {
    for (uint64_t i = 0; i < kPeers; ++i) {
      std::array<uint8_t, 32> seed{};
      std::memcpy(seed.data(), &i, sizeof(i));
      peers_.push_back(PeerId::of(PrivateKey::from_seed(seed).public_key()));
      step(ServerPeerConnected{peers_.back(), Version::k120});
    }
  }

  // Every peer tells its wants, a message each in turn; LookUps are answered at once.
  void tell_wants() {
    for (uint64_t first = 0; first < kWantsOfPeer; first += kWantsOfMessage) {
      for (uint64_t peer = 0; peer < kPeers; peer += kMessagesAtOnce) {
        std::vector<ServerEvent> messages;
        for (uint64_t i = peer; i < peer + kMessagesAtOnce; ++i) {
          messages.emplace_back(wants_of(i, first));
        }
        const Stopwatch timed(seconds);
        for (const ServerEvent& message : messages) step(message);
      }
    }
  }

  void add_blocks() {
    have_blocks = true;
    const uint64_t cids = content_ == Content::kShared ? kWantsOfPeer : kWantsOfPeer * kPeers;
    const Stopwatch timed(seconds);
    for (uint64_t i = 0; i < cids; ++i) step(BlocksAdded{{cid_of(i)}});
  }

  // The host writes all there is to write.
  void write_all() {
    const Stopwatch timed(seconds);
    while (!on_the_way_.empty()) {
      const ServerEvent sent = std::move(on_the_way_.front());
      on_the_way_.pop_front();
      step(sent);
    }
  }

  bool have_blocks = true;
  uint64_t blocks_sent = 0;
  double seconds = 0;

 private:
  [[nodiscard]] WantsReceived wants_of(uint64_t peer, uint64_t first) const {
    WantsReceived message{.from = peers_[peer], .wants = {}};
    for (uint64_t i = first; i < first + kWantsOfMessage; ++i) {
      message.wants.push_back(
          {.cid = cid_of(number(peer, i)), .priority = static_cast<int32_t>(kWantsOfPeer - i)});
    }
    return message;
  }

  [[nodiscard]] uint64_t number(uint64_t peer, uint64_t want) const {
    return content_ == Content::kShared ? want : peer * kWantsOfPeer + want;
  }

  void step(const ServerEvent& event) {
    for (const ServerAction& action : server_.step(0, event)) {
      if (const auto* look = std::get_if<LookUp>(&action)) {
        LookedUp answer{.peer = look->peer, .found = {}};
        for (const Cid& cid : look->cids) {
          answer.found.push_back({cid, have_blocks ? std::optional(kBlockBytes) : std::nullopt});
        }
        step(answer);
      } else if (const auto* send = std::get_if<SendBlocks>(&action)) {
        blocks_sent += send->blocks.size();
        on_the_way_.push_back({send->peer, send->bytes});
      }
    }
  }

  const Content content_;
  Server server_;
  std::vector<PeerId> peers_;
  std::deque<MessageSent> on_the_way_;
};

void report(benchmark::State& state, Drive& drive, double mib) {
  constexpr auto kWants = static_cast<double>(kPeers * kWantsOfPeer);
  if (drive.blocks_sent != kPeers * kWantsOfPeer) state.SkipWithError("not every want answered");
  state.SetIterationTime(drive.seconds);
  state.counters["wants/s"] = kWants / drive.seconds;
  state.counters["MiB"] = mib;
  state.counters["B/want"] = mib * 1024 * 1024 / kWants;
}

// All blocks are here: looked up, queued by priority, sent in turns. The memory is that of all
// wants queued, less those of the 64 MiB that are on the way.
void WantsServed(benchmark::State& state) {
  for (auto _ : state) {
    const double before = resident_mib();
    Drive drive(static_cast<Content>(state.range(0)));
    drive.tell_wants();
    const double mib = resident_mib() - before;
    drive.write_all();
    report(state, drive, mib);
  }
}
BENCHMARK(WantsServed)->ArgName("distinct")->Arg(0)->Arg(1)->Iterations(1)->UseManualTime();

// No block is here at first: all wants wait, then the blocks come one by one.
void WantsThatWait(benchmark::State& state) {
  for (auto _ : state) {
    const double before = resident_mib();
    Drive drive(static_cast<Content>(state.range(0)));
    drive.have_blocks = false;
    drive.tell_wants();
    const double mib = resident_mib() - before;
    drive.add_blocks();
    drive.write_all();
    report(state, drive, mib);
  }
}
BENCHMARK(WantsThatWait)->ArgName("distinct")->Arg(0)->Arg(1)->Iterations(1)->UseManualTime();

}  // namespace
}  // namespace timerose::bitswap

BENCHMARK_MAIN();
