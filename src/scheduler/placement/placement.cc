#include "scheduler/placement/placement.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace timerose::scheduler {
namespace {

// That become candidates: of the inputs together, of one of many at least, and of the function.
constexpr size_t kHoldersOfInputs = 12;
constexpr size_t kHoldersOfAnInputMin = 2;
constexpr size_t kHoldersOfFunction = 4;
constexpr size_t kWarmNodes = 4;
constexpr size_t kTriesForRandom = 8;  // for each
// Bytes of which no holder is known must be searched for first.
constexpr float kUnknownTrip_s = 0.2F;
constexpr auto kUnknownPerByte_s = static_cast<float>(1 / NodeIndex::kBytesPerSecond);
constexpr float kWindowBytes = 4U << 20;  // on its way at once between two nodes
// A rough figure for Cranelift: it has to order nodes, not to foretell times.
constexpr float kCompilePerByte_fuel = 200;
constexpr float kDislikeMin_s = 0.001F;

bool contains(std::span<const NodeRef> nodes, NodeRef node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

}  // namespace

void Candidate::set_lacking(uint64_t bytes, float per_byte) {
  const auto before = static_cast<float>(move_bytes);
  float way = cost.ask;
  if (move_bytes > 0) {
    per_byte = cost.burden / Placer::kBurden / before;
    way = cost.move - before * per_byte;
  }
  const float moving = static_cast<float>(bytes) * per_byte;
  cost.move = bytes == 0 ? 0 : way + moving;
  cost.burden = Placer::kBurden * moving;
  move_bytes = bytes;
}

void Placer::Asked::mark_warm() {
  for (const NodeRef node : warm) {
    warm_bits[node.slot() / 64 % warm_bits.size()] |= uint64_t{1} << (node.slot() % 64);
  }
}

std::span<const NodeRef> Placer::Asked::warm_if(NodeRef node) const {
  const uint64_t bits = warm_bits[node.slot() / 64 % warm_bits.size()];
  return (bits >> (node.slot() % 64) & 1) != 0 ? warm : std::span<const NodeRef>();
}

void Placer::prefetch(const CallToPlace& call) const {
  holders_.prefetch(call.function);
  work_.prefetch(call.function);
  for (const CallInput& input : call.inputs) holders_.prefetch(input.content);
}

void Placer::decide(const CallToPlace& call, Decision& out) {
  out.count = 0;
  out.fitting = 0;
  prefetch(call);
  Asked asked;
  look_up(call, asked);
  gather(call, asked, out);
  const std::span<Candidate> all = std::span(out.candidates).first(out.count);
  for (const Candidate& one : all) nodes_.prefetch_warm(one.node, call.function_mark);
  for (Candidate& one : all) weigh(call, asked, one);
  const auto fits = [](const Candidate& candidate) { return candidate.rejected == Rejected::kNot; };
  const auto begin = out.candidates.begin();
  if (std::none_of(begin, begin + out.count, fits)) gather_any_fitting(call, asked, out);
  const auto middle = std::partition(begin, begin + out.count, fits);
  out.fitting = static_cast<uint32_t>(middle - begin);
  for (Candidate& one : std::span(begin, middle)) one.rank = one.cost.total();
  std::sort(begin, middle, [](const Candidate& a, const Candidate& b) { return a.rank < b.rank; });
  if (call.drawn) draw(std::span(begin, middle));
}

void Placer::draw(std::span<Candidate> fitting) {
  if (fitting.empty()) return;
  std::vector<float> said;
  float nearest = std::numeric_limits<float>::infinity();
  for (const Candidate& one : fitting) {
    said.push_back(one.cost.queue + one.cost.compile + one.cost.run);
    nearest = std::min(nearest, one.cost.total() - said.back());
  }
  const auto median = said.begin() + static_cast<ptrdiff_t>(said.size() / 2);
  std::nth_element(said.begin(), median, said.end());
  const float least = nearest + *median;
  const float most = std::max(least * kReasonTimes, least + kReasonMore_s);
  const auto beyond =
      std::stable_partition(fitting.begin(), fitting.end(),
                            [most](const Candidate& one) { return one.cost.total() <= most; });
  for (auto left = beyond - fitting.begin(); left > 1; --left) {
    std::swap(fitting[static_cast<size_t>(left) - 1],
              fitting[roll_below(static_cast<size_t>(left))]);
  }
}

void Placer::look_up(const CallToPlace& call, Asked& asked) {
  uint64_t input_bytes = 0;
  for (const CallInput& input : call.inputs) input_bytes += input.bytes;
  const auto find = [&](const ContentKey& content, uint64_t bytes) {
    Content& found = asked.contents[asked.count++];
    found.bytes = bytes;
    for (const NodeRef holder : holders_.of(content)) {
      nodes_.prefetch(holder);
      found.holders[found.count++] = holder;
    }
  };
  find(call.function, call.function_bytes);
  const size_t weighed = std::min(call.inputs.size(), CallToPlace::kInputsWeighed);
  for (const CallInput& input : call.inputs.first(weighed)) find(input.content, input.bytes);
  asked.warm = nodes_.warm(call.function_mark);
  asked.mark_warm();
  asked.fuel = static_cast<float>(work_.expected_fuel(call.function, input_bytes));
}

void Placer::gather(const CallToPlace& call, const Asked& asked, Decision& out) {
  add(self_, Why::kSelf, out);
  const auto add_holders = [&](const Content& content, size_t most, Why why) {
    const auto holders = content.all();
    for (const NodeRef holder : holders.first(std::min(holders.size(), most))) {
      add(holder, why, out);
    }
  };
  const size_t inputs = asked.count - 1;
  for (size_t i = 1; i <= inputs; ++i) {
    add_holders(asked.contents[i], std::max(kHoldersOfAnInputMin, kHoldersOfInputs / inputs),
                Why::kHolder);
  }
  if (call.drawn) return gather_random(call, out);
  add_holders(asked.contents[0], kHoldersOfFunction, Why::kHolder);
  size_t at = asked.warm.empty() ? 0 : roll_below(asked.warm.size());
  for (size_t i = 0; i < std::min(asked.warm.size(), kWarmNodes); ++i) {
    add(asked.warm[at], Why::kWarm, out);
    if (++at == asked.warm.size()) at = 0;
  }
  gather_random(call, out);
}

// Random others, of the shortest list of nodes that a requirement has, and of what is preferred;
// and of those the fitting.
void Placer::gather_random(const CallToPlace& call, Decision& out) {
  const std::vector<NodeRef>* from = call.trusted_only ? &nodes_.trusted() : &nodes_.live();
  if (call.required != nullptr) {
    for (const Term& term : call.required->terms) {
      const std::vector<NodeRef>* having = nodes_.having(term);
      if (having != nullptr && having->size() < from->size()) from = having;
    }
  }
  add_random_of(*from, call.drawn ? Decision::kCandidatesMax - out.count : kRandomOthers, call,
                out);
  if (call.preferred == nullptr || call.drawn) return;
  for (const Term& term : call.preferred->terms) {
    const std::vector<NodeRef>* having = nodes_.having(term);
    if (having != nullptr) add_random_of(*having, kRandomOthers, call, out);
  }
}

void Placer::add_random_of(const std::vector<NodeRef>& from, size_t wanted, const CallToPlace& call,
                           Decision& out) {
  if (from.empty()) return;
  const size_t tries_max = kTriesForRandom * wanted;
  for (size_t tries = 0; tries < tries_max && wanted > 0; ++tries) {
    const NodeRef node = from[roll_below(from.size())];
    uint8_t term = 0;
    if (call.required != nullptr && fit(call, node, term) != Rejected::kNot) continue;
    const uint32_t before = out.count;
    add(node, Why::kRandom, out);
    wanted -= out.count - before;
  }
}

void Placer::gather_any_fitting(const CallToPlace& call, const Asked& asked, Decision& out) {
  const std::vector<NodeRef>& live = nodes_.live();
  const size_t start = live.empty() ? 0 : roll_below(live.size());
  for (size_t i = 0; i < live.size(); ++i) {
    const NodeRef node = live[(start + i) % live.size()];
    uint8_t term = 0;
    if (fit(call, node, term) != Rejected::kNot) continue;
    if (out.count == Decision::kCandidatesMax) --out.count;  // for one that is rejected anyway
    add(node, Why::kRandom, out);
    weigh(call, asked, out.candidates[out.count - 1]);
    return;
  }
}

void Placer::add(NodeRef node, Why why, Decision& out) const {
  if (out.count == Decision::kCandidatesMax) return;
  for (const Candidate& known : out.all()) {
    if (known.node == node) return;
  }
  nodes_.prefetch(node);
  Candidate& candidate = out.candidates[out.count];
  if (!nodes_.is_live(node)) return;
  candidate = Candidate();
  candidate.node = node;
  candidate.why = why;
  ++out.count;
}

void Placer::weigh(const CallToPlace& call, const Asked& asked, Candidate& candidate) const {
  candidate.rejected = fit(call, candidate.node, candidate.term);
  candidate.cost = cost_of(call, asked, candidate);
  if (call.preferred == nullptr) return;
  const float plain = candidate.cost.total();
  const Measured node{nodes_.advert(candidate.node), trip(self_, candidate.node)};
  for (const Term& term : call.preferred->terms) {
    if (holds(term, node)) continue;
    candidate.cost.dislike += std::max(kDislikeMin_s, plain * static_cast<float>(kDislike));
  }
}

Rejected Placer::fit(const CallToPlace& call, NodeRef node, uint8_t& term) const {
  if (contains(call.avoided, node)) return Rejected::kAvoided;
  const NodeNumbers& numbers = nodes_.numbers(node);
  if (call.trusted_only && !numbers.trusted) return Rejected::kNotTrusted;
  if (numbers.memory_free_mib < (call.memory_bytes >> 20)) return Rejected::kMemory;
  if (call.required != nullptr) {
    const Measured measured{nodes_.advert(node), trip(self_, node)};
    for (size_t i = 0; i < call.required->terms.size(); ++i) {
      if (holds(call.required->terms[i], measured)) continue;
      term = static_cast<uint8_t>(i);
      return Rejected::kRequirement;
    }
  }
  return is_apart(call, node) ? Rejected::kNot : Rejected::kApart;
}

bool Placer::is_apart(const CallToPlace& call, NodeRef node) const {
  for (const NodeRef copy : call.copies) {
    if (copy == node) return false;
    if (call.apart == nullptr || !nodes_.is_live(copy)) continue;
    // Who does not say who runs it is alone, as for the votes of a quorum.
    const bool unnamed = nodes_.advert(copy).capacity.operator_name.empty();
    if (call.apart->attribute == Attribute::kOperator && unnamed) continue;
    const std::string word = found_instead(*call.apart, {nodes_.advert(copy), 0});
    if (found_instead(*call.apart, {nodes_.advert(node), 0}) == word) return false;
  }
  return true;
}

Cost Placer::cost_of(const CallToPlace& call, const Asked& asked, Candidate& candidate) const {
  const NodeRef node = candidate.node;
  const NodeNumbers& numbers = nodes_.numbers(node);
  const bool warm = nodes_.is_warm(node, call.function_mark, asked.warm_if(node));
  Cost cost;
  float farthest = 0;
  uint64_t move_bytes = 0;
  bool has_function = true;
  for (size_t i = warm ? 1 : 0; i < asked.count; ++i) {
    const Content& content = asked.contents[i];
    if (contains(content.all(), node)) continue;
    has_function = has_function && i != 0;
    const Way way = nearest(content, node);
    move_bytes += content.bytes;
    cost.move += static_cast<float>(content.bytes) * way.per_byte;
    farthest = std::max(farthest, way.trip);
  }
  candidate.move_bytes = move_bytes;
  candidate.has_function = has_function;
  cost.burden = kBurden * cost.move;
  cost.move += farthest;  // what lies in several places is asked for at once
  cost.ask = trip(self_, node);
  cost.queue = numbers.wait + numbers.busy;
  cost.run = asked.fuel * numbers.per_fuel;
  if (!warm) {
    cost.compile =
        static_cast<float>(call.function_bytes) * kCompilePerByte_fuel * numbers.per_fuel;
  }
  return cost;
}

// The quickest way for the content from a node that holds it.
Placer::Way Placer::nearest(const Content& content, NodeRef node) const {
  Way best{kUnknownTrip_s, kUnknownPerByte_s};
  bool found = false;
  const auto bytes = static_cast<float>(content.bytes);
  for (const NodeRef holder : content.all()) {
    if (!nodes_.is_live(holder)) continue;
    const float away = trip(holder, node);
    const Way way{away, per_byte(holder, node, away)};
    if (found && way.trip + bytes * way.per_byte >= best.trip + bytes * best.per_byte) continue;
    best = way;
    found = true;
  }
  return best;
}

float Placer::trip(NodeRef a, NodeRef b) const {
  if (a == b) return 0;
  const NodeNumbers& from = nodes_.numbers(a);
  const NodeNumbers& to = nodes_.numbers(b);
  if (a == self_ && to.own_trip > 0) return to.own_trip;
  if (b == self_ && from.own_trip > 0) return from.own_trip;
  return round_trip(from, to);
}

float Placer::per_byte(NodeRef from, NodeRef to, float trip) const {
  const NodeNumbers& source = nodes_.numbers(from);
  const NodeNumbers& target = nodes_.numbers(to);
  if (to == self_ && source.own_per_byte > 0) return source.own_per_byte;
  return std::max({source.per_byte, target.per_byte, trip / kWindowBytes});
}

size_t Placer::roll_below(size_t limit) {
  return static_cast<size_t>((roll() >> 32) * limit >> 32);
}

// splitmix64.
uint64_t Placer::roll() {
  dice_ += 0x9e3779b97f4a7c15;
  uint64_t value = (dice_ ^ dice_ >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return value ^ value >> 31;
}

}  // namespace timerose::scheduler
