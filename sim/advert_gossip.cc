#include "sim/advert_gossip.h"

#include <algorithm>
#include <cmath>
#include <queue>
#include <vector>

#include "scheduler/adverts/advert_policy.h"
#include "sim/dice.h"

namespace timerose::sim {
namespace {

using scheduler::AdvertPolicy;

// Of Gossipsub, as bridge/src/host/pubsub.rs sets it.
constexpr size_t kMeshDegree = 6;
constexpr double kHeartbeat_s = 1;
constexpr double kOfferedPeers = 4;       // that are told of message ids at a heartbeat
constexpr double kOfferedHeartbeats = 2;  // for so many, each id
// Bytes around a message: sender, number, topic, signature, and the frames of the transport.
constexpr double kEnvelopeBytes = 180;
constexpr double kIdBytes = 48;
constexpr double kOfferBytes = 70;

class Mesh {
 public:
  Mesh(size_t nodes, Dice& dice) : peers_(nodes), received_(nodes) {
    for (uint32_t node = 0; node < nodes; ++node) {
      for (size_t i = 0; i < kMeshDegree / 2; ++i) {
        const auto other = static_cast<uint32_t>(dice.below(nodes));
        if (other == node || joined(node, other)) continue;
        peers_[node].push_back(other);
        peers_[other].push_back(node);
      }
    }
  }

  // Follows one advert; gives how many nodes it came to.
  uint64_t flood(uint32_t from, Dice& dice) {
    std::vector<bool> has(peers_.size());
    std::priority_queue<Crossing, std::vector<Crossing>, std::greater<>> crossings;
    has[from] = true;
    uint64_t reached = 0;
    const auto pass_on = [&](uint64_t now_us, uint32_t node, uint32_t source) {
      for (const uint32_t peer : peers_[node]) {
        if (peer == source) continue;
        crossings.push({now_us + dice.between(10'000, 100'000), peer, node});
      }
    };
    pass_on(0, from, from);
    while (!crossings.empty()) {
      const Crossing crossing = crossings.top();
      crossings.pop();
      ++received_[crossing.to];
      if (has[crossing.to]) continue;
      has[crossing.to] = true;
      ++reached;
      pass_on(crossing.at_us, crossing.to, crossing.from);
    }
    return reached;
  }

  [[nodiscard]] const std::vector<uint64_t>& received() const { return received_; }

 private:
  struct Crossing {
    uint64_t at_us;
    uint32_t to;
    uint32_t from;
    bool operator>(const Crossing& other) const { return at_us > other.at_us; }
  };
  [[nodiscard]] bool joined(uint32_t a, uint32_t b) const {
    return std::find(peers_[a].begin(), peers_[a].end(), b) != peers_[a].end();
  }
  std::vector<std::vector<uint32_t>> peers_;
  std::vector<uint64_t> received_;  // copies, by node
};

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

}  // namespace

AdvertGossipResult run_advert_gossip(const AdvertGossipOptions& options) {
  Dice dice(options.seed);
  const uint64_t period_ms = AdvertPolicy::period_ms(options.nodes);
  const auto end_ms = static_cast<uint64_t>(options.periods * static_cast<double>(period_ms));
  AdvertGossipResult result;
  Spacings spacings;
  std::vector<uint32_t> senders;
  for (uint64_t node = 0; node < options.nodes; ++node) {
    const auto sent = schedule(options, dice.seed(), end_ms);
    spacings.add(sent);
    senders.insert(senders.end(), sent.size(), static_cast<uint32_t>(node));
  }
  result.adverts = senders.size();

  Mesh mesh(options.nodes, dice);
  const uint64_t floods = std::min<uint64_t>(options.floods_max, senders.size());
  uint64_t reached = 0;
  for (uint64_t i = 0; i < floods; ++i) {
    reached += mesh.flood(senders[dice.below(senders.size())], dice);
  }
  uint64_t copies = 0;
  for (const uint64_t received : mesh.received()) copies += received;
  const auto nodes = static_cast<double>(options.nodes);
  const auto followed = static_cast<double>(floods);
  result.copies = static_cast<double>(copies) / followed / nodes;
  result.reach = static_cast<double>(reached) / followed / (nodes - 1);

  const double seconds = static_cast<double>(end_ms) / 1000;
  const double adverts_s = static_cast<double>(result.adverts) / seconds;
  const double message = static_cast<double>(options.advert_bytes) + kEnvelopeBytes;
  const double in_window = adverts_s * kOfferedHeartbeats * kHeartbeat_s;
  const double offers_s = kOfferedPeers / kHeartbeat_s *
                          (kOfferBytes * (1 - std::exp(-in_window)) + kIdBytes * in_window);
  const auto most =
      static_cast<double>(*std::max_element(mesh.received().begin(), mesh.received().end()));
  result.received_bytes_s = adverts_s * result.copies * message + offers_s;
  result.busiest_bytes_s = adverts_s * most / followed * message + offers_s;
  result.period_s = static_cast<double>(period_ms) / 1000;
  result.promised_s = AdvertPolicy::interval_s(options.nodes);
  result.spacing_s = spacings.sum / spacings.count;
  result.spacing_max_s = spacings.most;
  result.age_s = spacings.squares / (2 * spacings.sum);
  return result;
}

}  // namespace timerose::sim
