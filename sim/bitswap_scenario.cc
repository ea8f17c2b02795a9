#include "sim/bitswap_scenario.h"

#include <algorithm>
#include <memory>
#include <variant>

#include "sim/bitswap_node.h"
#include "sim/hostile_node.h"
#include "sim/policy_node.h"

namespace timerose::sim {
namespace {

// When fetches begin; trouble goes on a little longer.
constexpr uint64_t kBusyNs = 20 * kSecond;
constexpr uint64_t kTroubleNs = 60 * kSecond;
constexpr uint64_t kWantTimeoutNs = 120 * kSecond;
constexpr uint64_t kShortTimeoutNs = 5 * kSecond;
// Where there is no trouble, beside one in fifty blocks: a peer that said it has not may send the
// block once it has come by it.
constexpr uint64_t kDuplicatesAllowed = 30;
// Whole nodes: when everything has been fetched or given up, and how often promises are looked at.
constexpr uint64_t kRetireNs = 280 * kSecond;
constexpr uint64_t kCheckNs = 10 * kSecond;
constexpr double kGateways = 0.2;
constexpr double kConfigured = 0.6;
constexpr double kWanting = 0.5;
constexpr mesh::ConnectionLimits kConnections{.low = 12,
                                              .high = 18,
                                              .grace_ns = 5 * kSecond,
                                              .retry_first_ns = kSecond,
                                              .retry_max_ns = 20 * kSecond};
// Beyond it, something goes round in circles.
constexpr uint64_t kEventsMax = 50'000'000;

// How rough a world is; every fourth has no trouble at all.
struct Climate {
  bool troubled = false;
  double hostile = 0;
  double old = 0;
  double churning = 0;  // of the nodes that are no anchors
  uint64_t breaks = 0;  // connections that end, in all
  double told = 0;      // fetches that are given the providers
  double changes_mind = 0;
  uint64_t degree = 8;
};

Climate climate_of(Dice& dice, uint64_t seed, uint64_t nodes) {
  Climate climate;
  climate.degree = dice.between(3, 12);
  climate.told = static_cast<double>(dice.below(100)) / 100;
  climate.troubled = seed % 4 != 0;
  if (!climate.troubled) return climate;
  climate.hostile = static_cast<double>(dice.below(35)) / 100;
  climate.old = static_cast<double>(dice.below(25)) / 100;
  climate.churning = static_cast<double>(dice.below(50)) / 100;
  climate.breaks = dice.below(nodes * 4);
  climate.changes_mind = static_cast<double>(dice.below(15)) / 100;
  return climate;
}

class Scenario {
 public:
  explicit Scenario(const BitswapOptions& options)
      : world_(options.seed),
        whole_(options.kind == NodeKind::kWhole),
        routing_(world_, options.seed),
        gateways_(world_, ~options.seed,
                  [this](NodeNumber node, const Cid& cid) { return look(node, cid); }),
        climate_(climate_of(world_.dice, options.seed, options.nodes)) {
    world_.chronicle.trace = options.trace;
    make_nodes(options.nodes);
    make_links();
    make_files();
    make_fetches();
    make_trouble();
    if (whole_) watch_whole_nodes();
  }

  BitswapResult run() {
    while (world_.failure().empty() && world_.events.run_one()) {
      if (world_.events.events_run() > kEventsMax) world_.fail("there is no end to it");
    }
    for (const auto& node : honest_) {
      if (node && world_.failure().empty()) node->check_at_rest();
    }
    const Counts& counts = world_.counts;
    if (!whole_ && !climate_.troubled &&
        counts.duplicates > counts.accepted / 50 + kDuplicatesAllowed) {
      world_.fail(std::to_string(counts.duplicates) + " duplicates where there is no trouble");
    }
    world_.counts.events = world_.events.events_run();
    world_.counts.bytes_sent = world_.network.bytes_sent();
    world_.counts.virtual_ns = world_.events.now_ns();
    return {.failure = world_.failure(),
            .fingerprint = world_.chronicle.fingerprint(),
            .counts = world_.counts};
  }

 private:
  NodeNumber any_node() { return static_cast<NodeNumber>(world_.dice.below(honest_.size())); }
  NodeNumber any_honest() {
    for (;;) {
      const NodeNumber node = any_node();
      if (honest_[node]) return node;
    }
  }

  void make_nodes(uint64_t count) {
    Dice& dice = world_.dice;
    const BitswapNode::Others others{
        .version = [this](NodeNumber node) { return versions_[node]; },
        .honest = [this](NodeNumber node) { return honest_[node] != nullptr; }};
    honest_.resize(count);
    hostile_.resize(count);
    for (uint64_t i = 0; i < count; ++i) {
      const NodeNumber number = world_.network.add(dice.between(1'000'000, 50'000'000));
      world_.id_of(number);
      versions_.push_back(dice.chance(climate_.old) ? bitswap::Version::k110
                                                    : bitswap::Version::k120);
      if (i > 0 && dice.chance(climate_.hostile)) {
        hostile_[i] =
            std::make_unique<HostileNode>(world_, number, static_cast<Vice>(dice.below(kVices)));
        world_.network.set_participant(number, *hostile_[i]);
      } else {
        honest_[i] = whole_ ? make_whole_node(number, count, others)
                            : std::make_unique<BitswapNode>(world_, number, versions_[i], others);
        world_.network.set_participant(number, *honest_[i]);
      }
    }
    steady_.resize(count, false);
  }

  std::unique_ptr<BitswapNode> make_whole_node(NodeNumber number, uint64_t count,
                                               const BitswapNode::Others& others) {
    Dice& dice = world_.dice;
    if (dice.chance(kGateways)) {
      const uint64_t manners = climate_.troubled ? Gateways::kManners : 1;
      gateways_.add(number, static_cast<Gateways::Manner>(dice.below(manners)));
    }
    PolicyNode::Surroundings around{.routing = routing_,
                                    .gateways = gateways_,
                                    .configured = {},
                                    .wanted = std::nullopt,
                                    .connections = kConnections};
    if (gateways_.size() > 0 && dice.chance(kConfigured)) {
      around.configured.push_back(dice.below(gateways_.size()));
    }
    const auto wanted = static_cast<NodeNumber>(dice.below(count));
    if (wanted != number && dice.chance(kWanting)) around.wanted = wanted;
    for (NodeNumber node = 0; node < count; ++node) world_.id_of(node);
    auto node =
        std::make_unique<PolicyNode>(world_, number, versions_[number], others, std::move(around));
    whole_nodes_.push_back(node.get());
    return node;
  }

  const Block* look(NodeNumber node, const Cid& cid) const {
    const auto* whole = dynamic_cast<const PolicyNode*>(honest_[node].get());
    return whole == nullptr ? nullptr : whole->find(cid);
  }

  void watch_whole_nodes() {
    for (uint64_t at_ns = kCheckNs; at_ns < kRetireNs; at_ns += kCheckNs) {
      world_.events.after(at_ns, [this] {
        for (PolicyNode* node : whole_nodes_) {
          node->check_announced();
          node->check_wanted();
        }
      });
    }
    world_.events.after(kRetireNs, [this] {
      for (PolicyNode* node : whole_nodes_) node->retire();
    });
  }

  void join(NodeNumber node) {
    for (uint64_t i = 0; i < climate_.degree / 2 + 1; ++i) {
      world_.network.connect(node, any_node());
    }
  }

  void make_links() {
    for (NodeNumber node = 0; node < honest_.size(); ++node) join(node);
  }

  void make_files() {
    Dice& dice = world_.dice;
    const uint64_t count = honest_.size() / 10 + 1;
    for (uint64_t i = 0; i < count; ++i) {
      const bool large = dice.chance(0.1);
      const size_t leaves = dice.between(0, large ? 400 : 40);
      const auto leaf_bytes_max = static_cast<uint32_t>(dice.between(200, 32'000));
      const size_t number = world_.content.add_file(leaves, leaf_bytes_max);
      File& file = world_.content.files()[number];
      file.anchored = dice.chance(0.8);
      const uint64_t holders = dice.between(file.anchored ? 1 : 0, 4);
      for (uint64_t holder = 0; holder < holders; ++holder) {
        const NodeNumber node = any_honest();
        if (file.anchored && holder == 0) steady_[node] = true;
        file.providers.push_back(node);
        honest_[node]->put(*world_.content.find(file.root));
        for (const Cid& leaf : file.leaves) honest_[node]->put(*world_.content.find(leaf));
      }
      // The routing is lied to as well.
      for (NodeNumber node = 0; node < hostile_.size(); ++node) {
        if (hostile_[node] && dice.chance(2.0 / static_cast<double>(hostile_.size()))) {
          file.providers.push_back(node);
          routing_.lie(file.root.multihash_bytes(), node);
        }
      }
    }
  }

  void make_fetches() {
    Dice& dice = world_.dice;
    const uint64_t count = honest_.size() / 3 + 1;
    for (uint64_t i = 0; i < count; ++i) {
      const NodeNumber node = any_honest();
      const File& file = world_.content.files()[dice.below(world_.content.files().size())];
      Fetch fetch{.file = &file, .want_timeout_ns = kWantTimeoutNs, .providers = {}};
      if (!file.anchored && dice.chance(0.5)) fetch.want_timeout_ns = kShortTimeoutNs;
      if (dice.chance(climate_.told)) {
        for (NodeNumber provider : file.providers) {
          if (provider != node) fetch.providers.push_back(world_.id_of(provider));
        }
      }
      world_.events.after(dice.below(kBusyNs), [this, node, fetch] {
        if (world_.network.present(node)) honest_[node]->fetch(fetch);
      });
      if (!dice.chance(climate_.changes_mind)) continue;
      world_.events.after(dice.below(2 * kBusyNs), [this, node] {
        if (world_.network.present(node)) honest_[node]->drop_a_fetch(world_.dice.seed());
      });
    }
  }

  void make_trouble() {
    Dice& dice = world_.dice;
    for (uint64_t i = 0; i < climate_.breaks; ++i) {
      world_.events.after(dice.below(kTroubleNs), [this] {
        const NodeNumber node = any_node();
        const std::vector<NodeNumber> peers = world_.network.peers_of(node);
        if (!peers.empty()) {
          world_.network.disconnect(node, peers[world_.dice.below(peers.size())]);
        }
      });
    }
    for (NodeNumber node = 0; node < honest_.size(); ++node) {
      if (!honest_[node] || steady_[node] || !dice.chance(climate_.churning)) continue;
      const uint64_t leaves_ns = dice.below(kTroubleNs);
      world_.events.after(leaves_ns, [this, node] { honest_[node]->stop(); });
      world_.events.after(leaves_ns + dice.between(kSecond, kTroubleNs), [this, node] {
        honest_[node]->start();
        join(node);
      });
    }
  }

  World world_;
  const bool whole_;
  Routing routing_;
  Gateways gateways_;
  const Climate climate_;
  std::vector<bitswap::Version> versions_;
  std::vector<std::unique_ptr<BitswapNode>> honest_;  // null where the node is hostile
  std::vector<std::unique_ptr<HostileNode>> hostile_;
  std::vector<bool> steady_;
  std::vector<PolicyNode*> whole_nodes_;
};

}  // namespace

BitswapResult run_bitswap(const BitswapOptions& options) { return Scenario(options).run(); }

}  // namespace timerose::sim
