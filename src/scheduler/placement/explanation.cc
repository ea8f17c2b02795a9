#include "scheduler/placement/explanation.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/units.h"

namespace timerose::scheduler {
namespace {

std::string rejection(const CallToPlace& call, const Candidate& candidate, const Measured& node) {
  switch (candidate.rejected) {
    case Rejected::kNot:
      return {};
    case Rejected::kRequirement: {
      const Term& term = call.required->terms[candidate.term];
      return fmt::format("{} is required, it has {}", term.to_string(), found_instead(term, node));
    }
    case Rejected::kMemory:
      return fmt::format("the call may use {} MiB of memory, it has {} MiB free",
                         call.memory_bytes >> 20, node.advert.use.memory_free_bytes >> 20);
    case Rejected::kAvoided:
      return "it failed or refused this call before";
    case Rejected::kApart:
      return "another copy of the call is there, or next to it";
    case Rejected::kNotTrusted:
      return "it is not trusted as an executor";
  }
  return {};
}

Explanation::Miss miss_of(const Term& term, const NodeIndex& nodes, NodeRef self) {
  Explanation::Miss miss;
  miss.term = term.to_string();
  miss.label_unknown = term.attribute == Attribute::kLabel;
  double smallest = std::numeric_limits<double>::infinity();
  for (const NodeRef ref : nodes.live()) {
    const Measured node{nodes.advert(ref), distance_s(nodes, self, ref)};
    if (node.advert.capacity.labels.contains(term.label)) miss.label_unknown = false;
    const double short_by = shortfall(term, node);
    if (short_by == 0) continue;
    ++miss.nodes_failed;
    // What must not be is missed by all in the same way.
    if (short_by >= smallest || term.comparison == Comparison::kNotEqual) continue;
    smallest = short_by;
    miss.nearest = node.advert.peer();
    miss.nearest_has = found_instead(term, node);
  }
  return miss;
}

void explain_misses(const CallToPlace& call, const NodeIndex& nodes, NodeRef self,
                    Explanation& out) {
  if (call.required != nullptr) {
    for (const Term& term : call.required->terms) out.misses.push_back(miss_of(term, nodes, self));
  }
  if (call.trusted_only) out.nodes_not_trusted = nodes.live().size() - nodes.trusted().size();
  out.memory_bytes = call.memory_bytes;
  for (const NodeRef ref : nodes.live()) {
    if (nodes.numbers(ref).memory_free_mib >= (call.memory_bytes >> 20)) continue;
    ++out.nodes_without_memory;
    const uint64_t has = nodes.advert(ref).use.memory_free_bytes;
    if (out.most_memory && has <= out.most_memory_bytes) continue;
    out.most_memory = nodes.advert(ref).peer();
    out.most_memory_bytes = has;
  }
}

// In what candidates are too near to other copies of the call, which they do not have themselves.
std::string nearness(const CallToPlace& call, const Decision& decision) {
  if (call.apart == nullptr) return {};
  const bool is_any = std::ranges::any_of(decision.all(), [&](const Candidate& candidate) {
    return candidate.rejected == Rejected::kApart &&
           std::ranges::find(call.copies, candidate.node) == call.copies.end();
  });
  return is_any ? call.apart->attribute_name() : "";
}

}  // namespace

const char* why_name(Why why) {
  static constexpr std::array<const char*, 4> kNames{"self", "holder", "warm", "random"};
  return kNames[static_cast<size_t>(why)];
}

double distance_s(const NodeIndex& nodes, NodeRef self, NodeRef node) {
  if (node == self) return 0;
  const NodeNumbers& numbers = nodes.numbers(node);
  return numbers.own_trip > 0 ? numbers.own_trip : round_trip(nodes.numbers(self), numbers);
}

Explanation explain(const CallToPlace& call, const Decision& decision, const NodeIndex& nodes,
                    NodeRef self) {
  Explanation out;
  out.nodes = nodes.live().size();
  out.nodes_taken = call.copies.size();
  out.nodes_avoided = static_cast<size_t>(
      std::ranges::count_if(call.avoided, [&](NodeRef node) { return nodes.is_live(node); }));
  for (const Candidate& candidate : decision.all()) {
    const Measured node{nodes.advert(candidate.node), distance_s(nodes, self, candidate.node)};
    out.lines.push_back({node.advert.peer(), candidate.why, candidate.cost, candidate.move_bytes,
                         rejection(call, candidate, node)});
  }
  if (decision.fitting == 0) {
    explain_misses(call, nodes, self, out);
    out.apart = nearness(call, decision);
  }
  return out;
}

std::string Explanation::refusal() const {
  const auto fits = [](const Line& line) { return line.rejected.empty(); };
  if (std::any_of(lines.begin(), lines.end(), fits)) return {};
  std::string out = fmt::format("no node fits, of {} known", nodes);
  for (const Miss& miss : misses) {
    if (miss.nodes_failed == 0) continue;
    out += fmt::format("; {}: {} fail it", miss.term, miss.nodes_failed);
    if (miss.label_unknown) {
      out += ", and none has a label of this name";
    } else if (miss.nearest) {
      out += fmt::format(", nearest is {} with {}", miss.nearest->to_string(), miss.nearest_has);
    }
  }
  if (nodes_taken > 0) out += fmt::format("; {} have been given it already", nodes_taken);
  if (!apart.empty()) out += fmt::format("; others do not differ from these in {}", apart);
  if (nodes_avoided > 0) {
    out +=
        fmt::format("; {} are left out: they refused this node, failed, were not reached or lied",
                    nodes_avoided);
  }
  if (nodes_without_memory > 0) {
    out += fmt::format("; {} have less memory free than the {} that the call may use",
                       nodes_without_memory, format_bytes(memory_bytes));
    if (most_memory) {
      out += fmt::format(", nearest is {} with {}", most_memory->to_string(),
                         format_bytes(most_memory_bytes));
    }
  }
  if (nodes_not_trusted > 0) {
    out +=
        fmt::format("; {} are not trusted as executors (`timerose trust add`)", nodes_not_trusted);
  }
  return out;
}

Value Explanation::to_value() const {
  Value::List candidates;
  for (const Line& line : lines) {
    Value::Map cost{{"ask", double{line.cost.ask}},         {"move", double{line.cost.move}},
                    {"burden", double{line.cost.burden}},   {"queue", double{line.cost.queue}},
                    {"compile", double{line.cost.compile}}, {"run", double{line.cost.run}},
                    {"dislike", double{line.cost.dislike}}, {"total", double{line.cost.total()}}};
    Value::Map map{{"peer", line.peer.to_string()},
                   {"why", why_name(line.why)},
                   {"cost", std::move(cost)},
                   {"move_bytes", line.move_bytes}};
    if (!line.rejected.empty()) map.emplace("rejected", line.rejected);
    candidates.emplace_back(std::move(map));
  }
  Value::Map out{{"nodes", uint64_t{nodes}}, {"candidates", std::move(candidates)}};
  const std::string why_not = refusal();
  if (!why_not.empty()) out.emplace("refusal", why_not);
  if (!shortage.empty()) out.emplace("shortage", shortage);
  return out;
}

}  // namespace timerose::scheduler
