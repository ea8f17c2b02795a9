// The nodes of the mesh as placement looks at them: what a cost needs of one lies in one line of
// memory, and those with a warm function, a label or an engine are found without looking at others.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "scheduler/adverts/advert.h"
#include "scheduler/placement/node_ref.h"
#include "scheduler/placement/requirement.h"
#include "scheduler/placement/warm_notes.h"

namespace timerose::scheduler {

// Of one node: times in seconds.
struct alignas(64) NodeNumbers {
  std::array<float, Coordinate::kDimensions> at{};
  float height = 0;
  float wait = 0;          // as it says
  float busy = 0;          // that this node has given it to do since it said so
  float per_fuel = 0;      // a unit of fuel
  float per_byte = 0;      // of its network
  float own_trip = 0;      // the measured round trip from here to there; 0: not measured
  float own_per_byte = 0;  // and a byte from there to here
  uint32_t memory_free_mib = 0;
  uint32_t cores = 1;
  uint8_t generation = 0;
  bool live = false;
  bool trusted = false;
};

class NodeIndex {
 public:
  static constexpr double kFuelPerSecond = 1e9;      // of a node that does not say
  static constexpr double kBytesPerSecond = 12.5e6;  // the same
  static constexpr size_t kWarmMax = 64;             // nodes listed for one function
  static constexpr double kRateGain = 0.25;          // of a transfer, against those before it

  using SharedAdvert = std::shared_ptr<const Advert>;

  // A new node at a free slot, or newer numbers of the one that is there.
  NodeRef update(uint32_t slot, SharedAdvert advert);
  void remove(uint32_t slot);

  [[nodiscard]] bool is_live(NodeRef node) const {
    return node.slot() < numbers_.size() && numbers_[node.slot()].live &&
           numbers_[node.slot()].generation == node.generation();
  }
  // Of a node that is live.
  [[nodiscard]] const NodeNumbers& numbers(NodeRef node) const { return numbers_[node.slot()]; }
  [[nodiscard]] const Advert& advert(NodeRef node) const { return *adverts_[node.slot()]; }
  void prefetch(NodeRef node) const {
    if (node.slot() < numbers_.size()) __builtin_prefetch(&numbers_[node.slot()]);
  }
  void prefetch_warm(NodeRef node, uint32_t mark) const { notes_.prefetch(node, mark); }
  [[nodiscard]] const std::vector<NodeRef>& live() const { return live_; }

  // Nodes that have the function compiled, kWarmMax at most, as adverts say.
  [[nodiscard]] std::span<const NodeRef> warm(uint32_t mark) const;
  // What the node itself answered, or what a call sent there leaves behind: adverts say it much
  // later. Of many notes the latest are kept.
  void note_warm(NodeRef node, uint32_t mark, bool is_warm);
  // By the notes; `among` is warm(mark).
  [[nodiscard]] bool is_warm(NodeRef node, uint32_t mark, std::span<const NodeRef> among) const;
  // Nodes of which the term holds, exactly; null for a term that is not indexed: numbers, and !=.
  [[nodiscard]] const std::vector<NodeRef>* having(const Term& term) const;

  // Work given to a node, and taken from it again when its end is known. A newer advert counts it.
  void give(NodeRef node, double seconds);
  void take_back(NodeRef node, double seconds);
  // Whether what it answers counts here. A new node's does not.
  void set_trusted(NodeRef node, bool trusted);
  [[nodiscard]] const std::vector<NodeRef>& trusted() const { return trusted_; }
  // What was measured between here and there. Rates are smoothed: a transfer shares its way with
  // others.
  void measured_trip(NodeRef node, double round_trip_s);
  void measured_rate(NodeRef node, double bytes_per_s);  // from there to here

 private:
  using Postings = std::unordered_map<std::string, std::vector<NodeRef>>;

  void set_numbers(uint32_t slot, const Advert& advert);
  void list_words(NodeRef node, const Advert& advert, bool listed);
  void list_warm(NodeRef node, const Advert* before, const Advert* after);

  std::vector<NodeNumbers> numbers_;
  std::vector<SharedAdvert> adverts_;
  std::vector<NodeRef> live_;
  std::vector<uint32_t> live_at_;  // of a slot: its place in live_
  std::vector<NodeRef> trusted_;
  Postings words_;
  std::unordered_map<uint32_t, std::vector<NodeRef>> warm_;
  WarmNotes notes_;
};

// The round trip to be expected between two nodes, in seconds.
float round_trip(const NodeNumbers& a, const NodeNumbers& b);

}  // namespace timerose::scheduler
