#include "scheduler/placement/node_index.h"

#include <algorithm>
#include <cmath>

#include "base/duration.h"

namespace timerose::scheduler {
namespace {

constexpr float kMilli = 1e-3F;

void drop(std::vector<NodeRef>& list, NodeRef node) {
  const auto found = std::find(list.begin(), list.end(), node);
  if (found == list.end()) return;
  *found = list.back();
  list.pop_back();
}

// Calls visit(word) for each term with = that holds of the advert and is indexed.
template <typename Visit>
void for_each_word(const Advert& advert, const Visit& visit) {
  const Capacity& has = advert.capacity;
  for (const auto& [name, value] : has.labels) visit("label." + name + "=" + value);
  for (const std::string& engine : has.engines) {
    visit("engine=" + engine);
    const size_t space = engine.find(' ');
    if (space != std::string::npos) visit("engine=" + engine.substr(0, space));
  }
  if (!has.operator_name.empty()) visit("operator=" + has.operator_name);
}

bool has_same_words(const Advert& a, const Advert& b) {
  return a.capacity.labels == b.capacity.labels && a.capacity.engines == b.capacity.engines &&
         a.capacity.operator_name == b.capacity.operator_name;
}

}  // namespace

float round_trip(const NodeNumbers& a, const NodeNumbers& b) {
  float sum = 0;
  for (size_t i = 0; i < a.at.size(); ++i) {
    const float apart = a.at[i] - b.at[i];
    sum += apart * apart;
  }
  return std::sqrt(sum) + a.height + b.height;
}

NodeRef NodeIndex::update(uint32_t slot, SharedAdvert advert) {
  CHECK(slot < NodeRef::kSlotsMax);
  if (slot >= numbers_.size()) {
    numbers_.resize(slot + 1);
    adverts_.resize(slot + 1);
    live_at_.resize(slot + 1);
  }
  NodeNumbers& numbers = numbers_[slot];
  const NodeRef node(slot, numbers.generation);
  const SharedAdvert before = std::move(adverts_[slot]);
  if (!numbers.live) {
    numbers.live = true;
    live_at_[slot] = static_cast<uint32_t>(live_.size());
    live_.push_back(node);
  }
  set_numbers(slot, *advert);
  if (before == nullptr || !has_same_words(*before, *advert)) {
    if (before != nullptr) list_words(node, *before, false);
    list_words(node, *advert, true);
  }
  list_warm(node, before.get(), advert.get());
  adverts_[slot] = std::move(advert);
  return node;
}

void NodeIndex::set_numbers(uint32_t slot, const Advert& advert) {
  NodeNumbers& numbers = numbers_[slot];
  for (size_t i = 0; i < numbers.at.size(); ++i) {
    numbers.at[i] = static_cast<float>(advert.coordinate.at_us[i]) * static_cast<float>(kMicro);
  }
  numbers.height = static_cast<float>(advert.coordinate.height_us) * static_cast<float>(kMicro);
  numbers.wait = static_cast<float>(advert.use.wait_ms) * kMilli;
  numbers.busy = 0;
  const Speed& speed = advert.speed;
  numbers.per_fuel = static_cast<float>(
      1.0 / (speed.fuel_per_s != 0 ? static_cast<double>(speed.fuel_per_s) : kFuelPerSecond));
  numbers.per_byte = static_cast<float>(1.0 / (speed.network_bytes_s != 0
                                                   ? static_cast<double>(speed.network_bytes_s)
                                                   : kBytesPerSecond));
  numbers.memory_free_mib = static_cast<uint32_t>(advert.use.memory_free_bytes >> 20);
  numbers.cores = std::max<uint32_t>(1, advert.capacity.cores);
}

void NodeIndex::list_words(NodeRef node, const Advert& advert, bool listed) {
  for_each_word(advert, [&](const std::string& word) {
    if (listed) {
      words_[word].push_back(node);
      return;
    }
    const auto found = words_.find(word);
    if (found == words_.end()) return;
    drop(found->second, node);
    if (found->second.empty()) words_.erase(found);
  });
}

void NodeIndex::list_warm(NodeRef node, const Advert* before, const Advert* after) {
  if (before != nullptr) {
    for (const uint32_t mark : before->warm.marks()) {
      if (after != nullptr && after->warm.may_hold(mark)) continue;
      if (after != nullptr) note_warm(node, mark, false);
      const auto found = warm_.find(mark);
      if (found == warm_.end()) continue;
      drop(found->second, node);
      if (found->second.empty()) warm_.erase(found);
    }
  }
  if (after == nullptr) return;
  for (const uint32_t mark : after->warm.marks()) {
    if (before == nullptr || !before->warm.may_hold(mark)) {
      if (notes_.find(node, mark)) notes_.put(node, mark, true);
    }
    std::vector<NodeRef>& nodes = warm_[mark];
    if (nodes.size() >= kWarmMax) continue;
    if (std::find(nodes.begin(), nodes.end(), node) == nodes.end()) nodes.push_back(node);
  }
}

void NodeIndex::remove(uint32_t slot) {
  if (slot >= numbers_.size() || !numbers_[slot].live) return;
  const NodeRef node(slot, numbers_[slot].generation);
  set_trusted(node, false);
  list_words(node, *adverts_[slot], false);
  list_warm(node, adverts_[slot].get(), nullptr);
  adverts_[slot].reset();
  const NodeRef last = live_.back();
  live_[live_at_[slot]] = last;
  live_at_[last.slot()] = live_at_[slot];
  live_.pop_back();
  const auto next = static_cast<uint8_t>(node.generation() + 1);
  numbers_[slot] = NodeNumbers();
  numbers_[slot].generation = next;
}

std::span<const NodeRef> NodeIndex::warm(uint32_t mark) const {
  const auto found = warm_.find(mark);
  return found == warm_.end() ? std::span<const NodeRef>() : found->second;
}

void NodeIndex::note_warm(NodeRef node, uint32_t mark, bool is_warm) {
  if (is_live(node)) notes_.put(node, mark, is_warm);
}

bool NodeIndex::is_warm(NodeRef node, uint32_t mark, std::span<const NodeRef> among) const {
  if (const auto noted = notes_.find(node, mark)) return *noted;
  return std::find(among.begin(), among.end(), node) != among.end();
}

const std::vector<NodeRef>* NodeIndex::having(const Term& term) const {
  static const std::vector<NodeRef> kNone;
  const bool indexed = term.attribute == Attribute::kLabel ||
                       term.attribute == Attribute::kEngine ||
                       term.attribute == Attribute::kOperator;
  if (!indexed || term.comparison != Comparison::kEqual) return nullptr;
  const auto found = words_.find(term.to_string());
  return found == words_.end() ? &kNone : &found->second;
}

void NodeIndex::give(NodeRef node, double seconds) {
  if (!is_live(node)) return;
  NodeNumbers& numbers = numbers_[node.slot()];
  numbers.busy += static_cast<float>(seconds) / static_cast<float>(numbers.cores);
}

void NodeIndex::take_back(NodeRef node, double seconds) {
  if (!is_live(node)) return;
  NodeNumbers& numbers = numbers_[node.slot()];
  numbers.busy -= static_cast<float>(seconds) / static_cast<float>(numbers.cores);
  numbers.busy = std::max(0.0F, numbers.busy);
}

void NodeIndex::set_trusted(NodeRef node, bool trusted) {
  if (!is_live(node) || numbers_[node.slot()].trusted == trusted) return;
  numbers_[node.slot()].trusted = trusted;
  if (trusted) {
    trusted_.push_back(node);
  } else {
    drop(trusted_, node);
  }
}

void NodeIndex::measured_trip(NodeRef node, double round_trip_s) {
  if (is_live(node) && round_trip_s > 0) {
    numbers_[node.slot()].own_trip = static_cast<float>(round_trip_s);
  }
}

void NodeIndex::measured_rate(NodeRef node, double bytes_per_s) {
  if (!is_live(node) || bytes_per_s <= 0) return;
  float& per_byte = numbers_[node.slot()].own_per_byte;
  const auto now = static_cast<float>(1.0 / bytes_per_s);
  per_byte = per_byte > 0 ? per_byte + static_cast<float>(kRateGain) * (now - per_byte) : now;
}

}  // namespace timerose::scheduler
