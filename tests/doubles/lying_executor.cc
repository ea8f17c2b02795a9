// A peer that executes nothing: it answers every offer with an Outcome of its own making, signed by
// its own key, and praises itself in adverts. For tests of verification.
//
//   lying_executor ADDRESS [LIE [WORD...]]
//
// connects to the node at ADDRESS, prints its PeerID, and ends when its standard input does. LIE is
// what the guest is said to have written: liars that say the same lie together. Words:
//
//   operator=NAME   who its adverts say runs it
//   warm=CID        a function that starts there at once, as its adverts say
//   flags=TEXT      of the engine that it says it ran with: those of honest nodes make its metering
//                   theirs to compare
//   break-commit    it commits to another answer than the one that it reveals
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "compute/outcome.h"
#include "compute/receipt.h"
#include "mesh/bridge_host.h"
#include "node/network/advertising.h"
#include "node/network/peer_address.h"
#include "scheduler/adverts/advert.h"
#include "scheduler/execute/message.h"

namespace timerose {
namespace {

namespace execute = scheduler::execute;

constexpr int kAdvertEveryMs = 500;
constexpr char kEngine[] = "wasmtime 48.0.8";

struct Manner {
  std::string lie = "lie\n";
  std::string operator_name = "liar";
  std::string flags = "made up";
  bool breaks_commits = false;
  std::vector<Cid> warm;
};

class Liar {
 public:
  Liar(const PrivateKey& key, mesh::Host& host, Manner manner)
      : key_(key), host_(host), manner_(std::move(manner)) {
    host_.handle_protocol({std::string(execute::kProtocol), execute::kFrameBytesMax, 4});
    host_.subscribe(node::Advertising::kTopic);
  }

  void on(const mesh::Event& event) {
    if (const auto* frame = std::get_if<mesh::StreamFrame>(&event)) {
      auto messages = execute::decode_frame(frame->frame.view());
      if (!messages.ok()) return;
      for (const execute::Message& message : *messages) hear(frame->stream, message);
    } else if (const auto* opened = std::get_if<mesh::StreamOpened>(&event)) {
      streams_.insert(opened->stream);
    } else if (const auto* closed = std::get_if<mesh::StreamClosed>(&event)) {
      streams_.erase(closed->stream);
    } else if (const auto* received = std::get_if<mesh::MessageReceived>(&event)) {
      host_.judge(received->message, mesh::Verdict::kAccept);
    }
  }

  // Says that it lives, and how good it is.
  void praise_itself() {
    for (const mesh::StreamId stream : streams_) say(stream, execute::Heartbeat{});
    scheduler::Advert advert;
    const uint64_t now_ns = clock_.unix_ns();
    advert.issued_unix_ms = now_ns / 1'000'000;
    advert.sequence = now_ns / 1000;
    advert.interval_s = 1;
    advert.capacity.cores = advert.use.cores_free = 64;
    advert.capacity.memory_bytes = advert.use.memory_free_bytes = uint64_t{64} << 30;
    advert.capacity.disk_bytes = advert.use.disk_free_bytes = uint64_t{1} << 40;
    advert.capacity.engines = {kEngine};
    advert.capacity.operator_name = manner_.operator_name;
    advert.warm = scheduler::WarmSet(manner_.warm);
    advert.speed.fuel_per_s = 100'000'000'000;
    if (!advert.sign(key_).ok()) return;
    const auto bytes = advert.encode();
    if (bytes.ok()) (void)host_.publish(node::Advertising::kTopic, *bytes);
  }

 private:
  void say(mesh::StreamId stream, const execute::Message& message) {
    const Bytes frame = execute::encode_frame({message});
    (void)host_.send(stream, {frame});
  }

  void hear(mesh::StreamId stream, const execute::Message& message) {
    if (const auto* probe = std::get_if<execute::Probe>(&message)) {
      say(stream, execute::Estimate{probe->call, 0, {}, 0, true, false});
    } else if (const auto* known = std::get_if<execute::Known>(&message)) {
      say(stream, execute::Unknown{known->call});
    } else if (const auto* offer = std::get_if<execute::Offer>(&message)) {
      answer(stream, *offer);
    } else if (const auto* reveal = std::get_if<execute::Reveal>(&message)) {
      for (const execute::CallNumber call : reveal->calls) {
        const auto finish = committed_.find(call);
        if (finish != committed_.end()) say(stream, finish->second);
      }
    }
  }

  void answer(mesh::StreamId stream, const execute::Offer& offer) {
    auto finish = made_up(offer);
    if (!finish.ok()) return;
    if (!offer.commit) return say(stream, *finish);
    say(stream,
        execute::Commit{offer.call, manner_.breaks_commits ? sha256(as_bytes("something else"))
                                                           : sha256(finish->receipt)});
    committed_.insert_or_assign(offer.call, *std::move(finish));
  }

  [[nodiscard]] Result<execute::Finish> made_up(const execute::Offer& offer) {
    compute::Outcome outcome;
    outcome.ending = uint32_t{0};
    outcome.stdout_written.bytes = to_bytes(as_bytes(manner_.lie));
    outcome.output = Cid::of_sha256(Codec::kRaw, as_bytes(manner_.lie));
    execute::Finish finish;
    finish.call = offer.call;
    TR_ASSIGN(finish.outcome, outcome.encode());
    compute::Receipt receipt(Cid::of_sha256(Codec::kDagCbor, offer.invocation),
                             Cid::of_sha256(Codec::kDagCbor, finish.outcome));
    receipt.metering.engine =
        std::make_shared<const compute::EngineName>(compute::EngineName{kEngine, manner_.flags});
    receipt.metering.fuel_used = 1;
    receipt.metering.memory_bytes_peak = 65'536;
    receipt.circumstances.started_unix_ns = clock_.unix_ns();
    receipt.circumstances.duration_ns = 1000;
    TR_TRY(receipt.sign(key_));
    TR_ASSIGN(finish.receipt, receipt.encode());
    finish.blocks = {{*outcome.output, to_bytes(as_bytes(manner_.lie))}};
    return finish;
  }

  const PrivateKey& key_;
  mesh::Host& host_;
  const Manner manner_;
  SystemClock clock_;
  std::set<mesh::StreamId> streams_;
  std::map<execute::CallNumber, execute::Finish> committed_;
};

int run(const std::string& address, Manner manner) {
  SystemRandom random;
  const PrivateKey key = PrivateKey::generate(random);
  mesh::HostOptions options;
  options.listen = {"/ip4/127.0.0.1/tcp/0"};
  options.mdns = false;
  options.dht = mesh::DhtMode::kClient;
  auto host = mesh::start_bridge_host(key, options);
  const auto target = node::parse_peer(address);
  if (!host.ok() || !target.ok()) {
    fmt::print(stderr, "{}\n", host.ok() ? target.error().message : host.error().message);
    return 1;
  }
  Liar liar(key, **host, std::move(manner));
  if (auto status = (*host)->connect(*target); !status.ok()) {
    fmt::print(stderr, "{}\n", status.error().message);
    return 1;
  }
  fmt::print("{}\n", (*host)->self().to_string());
  (void)std::fflush(stdout);
  std::array<pollfd, 2> waits{pollfd{STDIN_FILENO, POLLIN, 0},
                              pollfd{(*host)->event_descriptor(), POLLIN, 0}};
  SystemClock clock;
  uint64_t praise_at_ns = 0;
  while (waits[0].revents == 0) {
    std::vector<mesh::Event> events;
    (*host)->take_events(events, 256);
    for (const mesh::Event& event : events) liar.on(event);
    if (clock.monotonic_ns() >= praise_at_ns) {
      liar.praise_itself();
      praise_at_ns = clock.monotonic_ns() + kAdvertEveryMs * 1'000'000ULL;
    }
    (void)poll(waits.data(), waits.size(), kAdvertEveryMs);
  }
  return 0;
}

// What stands behind `name` in one of the words; `otherwise` if none begins with it.
std::string word_of(std::span<char*> words, std::string_view name, std::string_view otherwise) {
  for (const std::string_view word : words) {
    if (word.starts_with(name)) return std::string(word.substr(name.size()));
  }
  return std::string(otherwise);
}

Manner manner_of(std::span<char*> words) {
  Manner manner;
  if (words.empty()) return manner;
  manner.lie = words[0];
  words = words.subspan(1);
  manner.operator_name = word_of(words, "operator=", manner.operator_name);
  manner.flags = word_of(words, "flags=", manner.flags);
  manner.breaks_commits = word_of(words, "break-commit", "it does not").empty();
  const auto function = Cid::parse(word_of(words, "warm=", ""));
  if (function.ok()) manner.warm = {*function};
  return manner;
}

}  // namespace
}  // namespace timerose

int main(int count, char** words) {
  if (count < 2) {
    fmt::print(stderr, "usage: lying_executor ADDRESS [LIE [WORD...]]\n");
    return 2;
  }
  const std::span<char*> all(words, static_cast<size_t>(count));
  return timerose::run(words[1], timerose::manner_of(all.subspan(2)));
}
