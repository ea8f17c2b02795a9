#include "node/network/advertising.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/duration.h"

namespace timerose::node {
namespace {

using scheduler::Advert;
using scheduler::Heard;

constexpr uint64_t kTickNs = 500 * kNsPerMs;
constexpr uint64_t kLookEveryNs = 5'000 * kNsPerMs;
constexpr uint64_t kMeasureEveryNs = 24ULL * 3600 * 1000 * kNsPerMs;
constexpr uint64_t kPingEveryNs = 2'000 * kNsPerMs;
constexpr size_t kPingsMax = 16;  // without an answer yet
// Pub/sub needs about a second to know who listens.
constexpr uint64_t kMeetNs = 1'500 * kNsPerMs;
// Judged at a time, before others have their turn: a signature is about 100 us.
constexpr size_t kKeptAtOnce = 256;
// A call that waits for a core, for want of a better guess.
constexpr uint64_t kUsualRunMs = 100;

}  // namespace

struct Advertising::Looked {
  std::mutex mutex;
  std::optional<MachineNumbers> machine;
  std::vector<scheduler::Gpu> gpus;
  uint64_t stored_bytes = 0;
  uint64_t fuel_per_s = 0;
  std::optional<Cid> receipt;  // of that
  std::string engine;
  scheduler::WarmSet warm;
};

Advertising::Advertising(const Parts& parts, OwnNode own, std::vector<KeptAdvert> kept)
    : parts_(parts),
      own_(std::move(own)),
      looked_(std::make_shared<Looked>()),
      table_(parts.key.public_key(), parts.random),
      policy_(parts.random),
      place_(parts.random),
      kept_(std::move(kept)) {
  std::ranges::reverse(kept_);
}

// What is known from before counts in the first question.
void Advertising::start() {
  parts_.host.subscribe(kTopic);
  hear_kept();
  timer_ = parts_.loop.timer([this] { on_time(); });
  timer_->set(parts_.loop.now_ns());
}

// At the start, and again once in a long while, when nothing else runs that would make it slower.
void Advertising::measure_if_due() {
  const uint64_t now_ns = parts_.loop.now_ns();
  if (!own_.engine || !own_.measure || now_ns < measure_at_ns_) return;
  const bool first = measure_at_ns_ == 0;
  if (!first && parts_.load() != std::pair<uint32_t, uint32_t>()) return;
  measure_at_ns_ = now_ns + kMeasureEveryNs;
  parts_.pool.submit([looked = looked_, engine = own_.engine, measure = own_.measure] {
    const auto opened = engine();
    if (!opened.ok()) return;
    const auto speed = measure();
    const std::lock_guard lock(looked->mutex);
    looked->engine = (*opened)->version();
    if (!speed.ok()) return;  // what was found before is told
    looked->fuel_per_s = speed->fuel_per_s;
    looked->receipt = speed->answer.receipt;
  });
}

void Advertising::stop() { timer_.reset(); }

bool Advertising::on_event(const mesh::Event& event) {
  return std::visit([this](const auto& one) { return on(one); }, event);
}

bool Advertising::on(const mesh::MessageReceived& event) {
  if (event.topic != kTopic) return false;
  parts_.host.judge(event.message, hear(event));
  return true;
}

mesh::Verdict Advertising::hear(const mesh::MessageReceived& event) {
  if (!allowance_.take(event.from, parts_.clock.monotonic_ns())) {
    table_.note_unread();
    return mesh::Verdict::kIgnore;
  }
  const uint64_t now_ms = parts_.clock.unix_ns() / kNsPerMs;
  const scheduler::AdvertTable::Outcome outcome = table_.hear(now_ms, event.data.view());
  const Heard heard = outcome.heard;
  note(outcome);
  if (is_fault_of_sender(heard)) return mesh::Verdict::kReject;
  return is_worth_passing_on(heard) ? mesh::Verdict::kAccept : mesh::Verdict::kIgnore;
}

void Advertising::hear_kept() {
  const uint64_t now_ms = parts_.clock.unix_ns() / kNsPerMs;
  for (size_t i = 0; i < kKeptAtOnce && !kept_.empty(); ++i) {
    const KeptAdvert kept = std::move(kept_.back());
    kept_.pop_back();
    const auto outcome = table_.hear_kept(now_ms, kept.heard_unix_ms, kept.bytes);
    note(outcome);
    if (!outcome.slot) changed_.insert(kept.node);
  }
}

void Advertising::note(const scheduler::AdvertTable::Outcome& outcome) {
  if (outcome.removed) forget(*outcome.removed, *outcome.removed_node);
  if (!outcome.slot || !is_worth_passing_on(outcome.heard)) return;
  const auto& advert = table_.at(*outcome.slot).advert;
  const PeerId node = advert->peer();
  changed_.insert(node);
  parts_.view.heard(*outcome.slot, advert);
  const auto peer = connected_.find(node);
  if (peer == connected_.end() || peer->second.round_trip_ns == 0) return;
  parts_.view.measured(node, static_cast<double>(peer->second.round_trip_ns) * 1e-9);
}

void Advertising::forget(scheduler::NodeSlot slot, const PublicKey& node) {
  changed_.insert(PeerId::of(node));
  parts_.view.gone(slot);
}

std::vector<AdvertChange> Advertising::take_changes() {
  std::vector<AdvertChange> changes;
  for (const PeerId& peer : std::exchange(changed_, {})) {
    const auto key = peer.public_key();
    const auto* known = key.ok() ? table_.find(*key) : nullptr;
    if (known == nullptr) {
      changes.push_back({peer, nullptr, 0});
    } else {
      changes.push_back({peer, known->advert, known->heard_unix_ms});
    }
  }
  return changes;
}

bool Advertising::on(const mesh::Pinged& event) {
  const auto ping = pings_.find(event.query);
  if (ping == pings_.end()) return false;
  const PeerId peer = ping->second;
  pings_.erase(ping);
  const auto found = connected_.find(peer);
  if (!event.round_trip_ns || found == connected_.end()) return true;
  uint64_t& least = found->second.round_trip_ns;
  least = least == 0 ? *event.round_trip_ns : std::min(least, *event.round_trip_ns);
  const auto key = peer.public_key();
  const auto* known = key.ok() ? table_.find(*key) : nullptr;
  if (known == nullptr) return true;
  table_.keep(*key, true);
  parts_.view.measured(peer, static_cast<double>(least) * 1e-9);
  place_.observe(known->advert->coordinate, static_cast<double>(*event.round_trip_ns) * 1e-9);
  return true;
}

bool Advertising::on(const mesh::ConnectionOpened& event) {
  ++connected_[event.peer].connections;
  if (met_at_ns_ == UINT64_MAX) met_at_ns_ = parts_.loop.now_ns() + kMeetNs;
  return false;
}

bool Advertising::on(const mesh::ConnectionClosed& event) {
  const auto found = connected_.find(event.peer);
  if (found == connected_.end() || --found->second.connections > 0) return false;
  connected_.erase(found);
  if (const auto key = event.peer.public_key(); key.ok()) table_.keep(*key, false);
  return false;
}

void Advertising::on_time() {
  const uint64_t now_ns = parts_.loop.now_ns();
  hear_kept();
  table_.expire(parts_.clock.unix_ns() / kNsPerMs,
                [this](scheduler::NodeSlot slot) { forget(slot, table_.at(slot).advert->node); });
  if (look_at_ns_ <= now_ns) look();
  measure_if_due();
  if (ping_at_ns_ <= now_ns) ping_one();
  tell();
  timer_->set(kept_.empty() ? now_ns + kTickNs : now_ns);
}

// On the pool: a disk may let us wait.
void Advertising::look() {
  const bool first = look_at_ns_ == 0;
  look_at_ns_ = parts_.loop.now_ns() + kLookEveryNs;
  for (const auto& [peer, bytes_s] : parts_.rates()) {
    network_bytes_s_ = std::max(network_bytes_s_, bytes_s);
    parts_.view.measured_rate(peer, bytes_s);
  }
  parts_.pool.submit([looked = looked_, own = own_, first] {
    const MachineNumbers machine = look_at_machine(own.folder);
    const scheduler::WarmSet ready(own.warm ? own.warm() : std::vector<Cid>());
    const uint64_t stored = own.stored_bytes && own.storage_bytes_max != 0 ? own.stored_bytes() : 0;
    auto gpus = first ? look_at_gpus("/") : std::vector<scheduler::Gpu>();
    const std::lock_guard lock(looked->mutex);
    if (first) looked->gpus = std::move(gpus);
    looked->machine = machine;
    looked->stored_bytes = stored;
    looked->warm = ready;
  });
}

void Advertising::ping_one() {
  ping_at_ns_ = parts_.loop.now_ns() + kPingEveryNs;
  if (connected_.empty()) return;
  if (pings_.size() >= kPingsMax) pings_.erase(pings_.begin());
  auto next = pinged_last_ ? connected_.upper_bound(*pinged_last_) : connected_.begin();
  if (next == connected_.end()) next = connected_.begin();
  pinged_last_ = next->first;
  pings_.emplace(parts_.host.ping(next->first), next->first);
}

Advert Advertising::own_advert() {
  Advert out;
  const uint64_t unix_ns = parts_.clock.unix_ns();
  out.node = parts_.key.public_key();
  out.issued_unix_ms = unix_ns / kNsPerMs;
  out.sequence = unix_ns / 1000;  // greater than before a restart, without a file
  out.interval_s = scheduler::AdvertPolicy::interval_s(table_.size() + 1);
  out.coordinate = place_.coordinate();
  out.capacity.labels = own_.labels;
  out.capacity.operator_name = own_.operator_name;
  const auto [running, queued] = parts_.load();
  const std::lock_guard lock(looked_->mutex);
  const MachineNumbers machine = looked_->machine.value_or(MachineNumbers());
  scheduler::Capacity& has = out.capacity;
  has.cores = std::min(machine.cores, Advert::kCoresMax);
  has.memory_bytes = std::min(machine.memory_bytes, Advert::kMemoryBytesMax);
  has.disk_bytes = std::min(machine.disk_bytes, Advert::kDiskBytesMax);
  if (own_.storage_bytes_max != 0) {
    has.disk_bytes = std::min(has.disk_bytes, own_.storage_bytes_max);
  }
  if (!looked_->engine.empty()) has.engines = {looked_->engine};
  has.gpus = looked_->gpus;
  out.warm = looked_->warm;
  out.speed.fuel_per_s = std::min(looked_->fuel_per_s, Advert::kSpeedMax);
  out.speed.network_bytes_s = std::min(network_bytes_s_, Advert::kSpeedMax);
  out.speed.receipt = looked_->receipt;
  scheduler::Use& use = out.use;
  use.running = std::min(running, Advert::kGuestsMax);
  use.queued = std::min(queued, Advert::kGuestsMax);
  use.cores_free = has.cores - std::min(has.cores, running);
  use.memory_free_bytes = std::min(machine.memory_free_bytes, has.memory_bytes);
  const uint64_t stored = std::min(looked_->stored_bytes, has.disk_bytes);
  use.disk_free_bytes = std::min(machine.disk_free_bytes, has.disk_bytes - stored);
  const uint64_t wait_ms = use.cores_free > 0 ? 0 : (queued + 1) * kUsualRunMs / has.cores;
  use.wait_ms = static_cast<uint32_t>(std::min<uint64_t>(wait_ms, UINT32_MAX));
  return out;
}

void Advertising::tell() {
  {
    const std::lock_guard lock(looked_->mutex);
    if (!looked_->machine) return;  // there is nothing to tell yet
  }
  const uint64_t now_ns = parts_.loop.now_ns();
  const size_t nodes = table_.size() + 1;
  Advert now = own_advert();
  const bool met = met_at_ns_ <= now_ns;
  if (!policy_.is_due(now_ns / kNsPerMs, nodes, met || is_real_change(told_, now))) return;
  if (!now.sign(parts_.key).ok()) return;
  const auto bytes = now.encode();
  // Nobody listens yet: again at the next tick.
  if (!bytes.ok() || !parts_.host.publish(kTopic, *bytes).ok()) return;
  policy_.sent(now_ns / kNsPerMs, nodes);
  if (met) met_at_ns_ = UINT64_MAX;
  told_ = std::move(now);
}

KnownNodes Advertising::nodes() {
  KnownNodes out;
  out.heard = table_.counters();
  const auto self = std::make_shared<Advert>(own_advert());
  const uint64_t now_ms = parts_.clock.unix_ns() / kNsPerMs;
  table_.for_each([&](scheduler::NodeSlot, const scheduler::AdvertTable::Known& known) {
    KnownNode node;
    node.advert = known.advert;
    node.heard_ms_ago = now_ms - std::min(now_ms, known.heard_unix_ms);
    const auto peer = connected_.find(known.advert->peer());
    node.is_measured = peer != connected_.end() && peer->second.round_trip_ns != 0;
    node.distance_s = node.is_measured ? static_cast<double>(peer->second.round_trip_ns) * 1e-9
                                       : round_trip_s(self->coordinate, known.advert->coordinate);
    out.nodes.push_back(std::move(node));
  });
  std::sort(out.nodes.begin(), out.nodes.end(),
            [](const KnownNode& a, const KnownNode& b) { return a.distance_s < b.distance_s; });
  out.nodes.insert(out.nodes.begin(), {self, 0, 0, true, true});
  return out;
}

}  // namespace timerose::node
