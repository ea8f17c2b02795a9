#include "sim/advert_gossip.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "scheduler/adverts/advert_policy.h"
#include "sim/dice.h"
#include "sim/gossip_mesh.h"

namespace timerose::sim {
namespace {

using scheduler::AdvertPolicy;

constexpr size_t kDials = 15;  // connections that a node opens
// A mesh finds its form in some heartbeats; then floods are followed all along the rest.
constexpr size_t kHeartbeatsBefore = 60;
constexpr size_t kHeartbeats = 240;
// Bytes around a message: sender, number, topic, signature, and the frames of the transport.
constexpr double kEnvelopeBytes = 180;
constexpr double kIdBytes = 48;
constexpr double kOfferBytes = 70;
// Schedules that are followed; of more nodes, a sample. And crossings of links by floods.
constexpr uint64_t kSchedulesMax = 10'000;
constexpr uint64_t kCrossingsMax = 100'000'000;

// When one node sends, from its first advert to the end.
std::vector<uint64_t> schedule(const AdvertGossipOptions& options, uint64_t seed, uint64_t end_ms) {
  SeededRandom random(seed);
  Dice dice(seed + 1);
  AdvertPolicy policy(random);
  const uint64_t period_ms = AdvertPolicy::period_ms(options.nodes);
  const uint64_t tick_ms = std::max<uint64_t>(500, period_ms / 200);
  const double change =
      options.changes_a_period * static_cast<double>(tick_ms) / static_cast<double>(period_ms);
  std::vector<uint64_t> sent;
  bool changed = false;
  for (uint64_t now = dice.below(period_ms); now < end_ms; now += tick_ms) {
    changed = changed || dice.chance(change);
    if (!policy.is_due(now, options.nodes, changed)) continue;
    policy.sent(now, options.nodes);
    sent.push_back(now);
    changed = false;
  }
  return sent;
}

struct Spacings {
  double sum = 0;
  double squares = 0;
  double most = 0;
  double count = 0;
  void add(const std::vector<uint64_t>& sent) {
    for (size_t i = 1; i < sent.size(); ++i) {
      const double spacing = static_cast<double>(sent[i] - sent[i - 1]) / 1000;
      sum += spacing;
      squares += spacing * spacing;
      most = std::max(most, spacing);
      ++count;
    }
  }
};

uint64_t sum(const std::vector<uint64_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

// What nodes receive of so many adverts a second.
void follow_floods(const AdvertGossipOptions& options, double adverts_s, Dice& dice,
                   AdvertGossipResult& result) {
  const GossipSettings settings;
  GossipMesh mesh(options.nodes, kDials, settings, dice);
  for (size_t i = 0; i < kHeartbeatsBefore; ++i) mesh.heartbeat();
  const uint64_t floods = std::clamp<uint64_t>(kCrossingsMax / (options.nodes * settings.degree), 1,
                                               options.floods_max);
  uint64_t reached = 0;
  uint64_t beats = 0;
  for (uint64_t i = 0; i < floods; ++i) {
    for (; beats < i * kHeartbeats / floods; ++beats) mesh.heartbeat();
    reached += mesh.flood(static_cast<uint32_t>(dice.below(options.nodes)));
  }
  const auto nodes = static_cast<double>(options.nodes);
  const auto followed = static_cast<double>(floods);
  result.copies = static_cast<double>(sum(mesh.copies())) / followed / nodes;
  result.reach = static_cast<double>(reached) / followed / (nodes - 1);

  // Ids of one heartbeat share a frame.
  const double message = static_cast<double>(options.advert_bytes) + kEnvelopeBytes;
  const double in_window =
      adverts_s * static_cast<double>(settings.offered_heartbeats) * GossipMesh::kHeartbeat_s;
  const double id = kIdBytes + kOfferBytes * (1 - std::exp(-in_window)) / in_window;
  const auto received = [&](uint64_t copies, uint64_t offers) {
    return adverts_s / followed *
           (static_cast<double>(copies) * message + static_cast<double>(offers) * id);
  };
  result.received_bytes_s = received(sum(mesh.copies()), sum(mesh.offers())) / nodes;
  for (size_t node = 0; node < options.nodes; ++node) {
    result.busiest_bytes_s =
        std::max(result.busiest_bytes_s, received(mesh.copies()[node], mesh.offers()[node]));
    result.degree_max =
        std::max<uint64_t>(result.degree_max, mesh.degree(static_cast<uint32_t>(node)));
  }
}

}  // namespace

AdvertGossipResult run_advert_gossip(const AdvertGossipOptions& options) {
  Dice dice(options.seed);
  const uint64_t period_ms = AdvertPolicy::period_ms(options.nodes);
  const auto end_ms = static_cast<uint64_t>(options.periods * static_cast<double>(period_ms));
  AdvertGossipResult result;
  Spacings spacings;
  uint64_t adverts = 0;
  const uint64_t schedules = std::min(options.nodes, kSchedulesMax);
  for (uint64_t node = 0; node < schedules; ++node) {
    const auto sent = schedule(options, dice.seed(), end_ms);
    spacings.add(sent);
    adverts += sent.size();
  }
  result.adverts = adverts * options.nodes / schedules;
  const double seconds = static_cast<double>(end_ms) / 1000;
  const double adverts_s = static_cast<double>(result.adverts) / seconds;
  follow_floods(options, adverts_s, dice, result);
  result.period_s = static_cast<double>(period_ms) / 1000;
  result.promised_s = AdvertPolicy::interval_s(options.nodes);
  result.spacing_s = spacings.sum / spacings.count;
  result.spacing_max_s = spacings.most;
  result.age_s = spacings.squares / (2 * spacings.sum);
  return result;
}

}  // namespace timerose::sim
