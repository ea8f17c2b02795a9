#include "sim/jobs/advertiser.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "sim/jobs/mesh_node.h"

namespace timerose::sim::jobs {
namespace {

using scheduler::Advert;
using scheduler::AdvertPolicy;

constexpr uint64_t kLookMin_ms = 500;
constexpr uint64_t kLookMax_ms = 20'000;
constexpr uint64_t kLooksAPeriod = 200;
constexpr uint64_t kUsualRun_ms = 100;  // as a node guesses how long work waits
// From the first node to the last, in hops of the flood.
constexpr uint64_t kHopsMax = 5;
// Copies that a node receives, and what is around each (timerose-sim adverts).
constexpr double kCopies = 4;
constexpr double kEnvelopeBytes = 180;
constexpr double kOffersBytes = 550;  // of ids, for each advert

}  // namespace

std::string operator_of(NodeNumber node) { return fmt::format("op{}", node / 3); }

Advertiser::Advertiser(MeshWorld& world, NodeNumber self, const Runner& runner)
    : world_(world),
      self_(self),
      runner_(runner),
      random_(world.dice.seed()),
      dice_(world.dice.seed()),
      policy_(random_),
      place_(world.geography.coordinate(self, dice_)) {}

void Advertiser::start() {
  world_.after(self_, dice_.below(kSecond), [this] { look(); });
}

void Advertiser::look() {
  const size_t nodes = world_.scenario.nodes;
  Advert now = advert();
  if (policy_.is_due(world_.now_ms(), nodes, is_real_change(told_, now))) {
    policy_.sent(world_.now_ms(), nodes);
    told_ = now;
    tell(std::move(now));
  }
  const uint64_t every_ms =
      std::clamp(AdvertPolicy::period_ms(nodes) / kLooksAPeriod, kLookMin_ms, kLookMax_ms);
  world_.after(self_, every_ms * kMillisecond, [this] { look(); });
}

Advert Advertiser::advert() {
  const Machine& machine = world_.geography.machine(self_);
  Advert out;
  out.node = *world_.id_of(self_).public_key();
  out.issued_unix_ms = world_.unix_ms(self_);
  out.sequence = out.issued_unix_ms;
  out.interval_s = AdvertPolicy::interval_s(world_.scenario.nodes);
  out.coordinate = place_;
  out.capacity.cores = static_cast<uint32_t>(machine.cores);
  out.capacity.memory_bytes = machine.memory_bytes;
  out.capacity.disk_bytes = uint64_t{1} << 40;
  out.capacity.labels = {
      {"zone", world_.scenario.regions[world_.geography.spot(self_).region].name}};
  out.capacity.engines = {"modelled 1"};
  out.capacity.operator_name = operator_of(self_);
  const auto load = runner_.load();
  out.use.running = static_cast<uint32_t>(load.running);
  out.use.queued = static_cast<uint32_t>(load.waiting);
  out.use.cores_free = out.capacity.cores - std::min(out.capacity.cores, out.use.running);
  out.use.memory_free_bytes =
      machine.memory_bytes - std::min(machine.memory_bytes, runner_.memory_used());
  out.use.disk_free_bytes = out.capacity.disk_bytes;
  const uint64_t wait_ms =
      out.use.cores_free > 0 ? 0 : (load.waiting + 1) * kUsualRun_ms / machine.cores;
  out.use.wait_ms = static_cast<uint32_t>(std::min<uint64_t>(wait_ms, UINT32_MAX));
  out.speed.fuel_per_s = machine.fuel_per_s;
  out.speed.network_bytes_s = machine.down_bytes_s;
  out.warm = scheduler::WarmSet(runner_.warm());
  if (world_.scenario.faults.praise && world_.nodes[self_]->lies()) {
    out.use.running = out.use.queued = out.use.wait_ms = 0;
    out.use.cores_free = out.capacity.cores;
    out.use.memory_free_bytes = out.capacity.memory_bytes;
    out.speed.fuel_per_s = out.speed.network_bytes_s = Advert::kSpeedMax;
    out.warm = scheduler::WarmSet(world_.catalogue.modules());
  }
  return out;
}

void Advertiser::tell(Advert now) {
  CHECK(now.sign(world_.key_of(self_)).ok());
  const auto bytes = now.encode();
  CHECK(bytes.ok());
  Totals& totals = world_.books.totals;
  ++totals.adverts;
  const double copy = static_cast<double>(bytes->size()) + kEnvelopeBytes;
  totals.advert_bytes += static_cast<uint64_t>((kCopies * copy + kOffersBytes) *
                                               static_cast<double>(world_.scenario.nodes));
  const auto shared = std::make_shared<const Bytes>(*bytes);
  for (const NodeNumber node : world_.askers) {
    if (node == self_ || !world_.present(node)) continue;
    // Four copies by four ways: lost only with all of them.
    const double loss = world_.scenario.faults.loss;
    if (dice_.chance(loss * loss * loss)) continue;
    if (world_.geography.apart_until_ns(self_, node, world_.events.now_ns()) != 0) continue;
    const uint64_t way_ns = world_.geography.latency_ns(self_, node);
    const uint64_t after_ns = way_ns + dice_.below(kHopsMax * 20 * kMillisecond);
    world_.after(node, after_ns, [this_world = &world_, node, shared] {
      this_world->nodes[node]->asker()->hear(*shared);
    });
  }
}

}  // namespace timerose::sim::jobs
