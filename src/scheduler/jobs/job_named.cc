#include <fmt/format.h>

#include <algorithm>

#include "scheduler/jobs/job.h"

namespace timerose::scheduler::jobs {
namespace {

Term is_node(const PeerId& peer) {
  Term term;
  term.attribute = Attribute::kNode;
  term.word = peer.to_string();
  return term;
}

}  // namespace

PeerId Job::named_peer() const {
  if (options_.where == Where::kLocal) return mesh_.self_peer;
  return options_.peer.value_or(mesh_.self_peer);
}

std::optional<NodeRef> Job::named_node() const {
  const PeerId peer = named_peer();
  if (peer == mesh_.self_peer) return mesh_.self;
  const auto* nodes = mesh_.nodes.having(is_node(peer));
  if (nodes == nullptr) nodes = &mesh_.nodes.live();
  const auto found = std::ranges::find_if(
      *nodes, [&](NodeRef node) { return mesh_.nodes.advert(node).peer() == peer; });
  return found == nodes->end() ? std::nullopt : std::optional(*found);
}

// Empty if it does, or if none was named.
std::string Job::why_named_does_not_fit() const {
  const bool matters = options_.dry_run || !options_.required.terms.empty();
  if (options_.where == Where::kMesh || !matters) return {};
  const std::string peer = named_peer().to_string();
  const auto node = named_node();
  if (!node) return fmt::format("nothing is known of {}: no advert has come from it yet", peer);
  const Measured measured{mesh_.nodes.advert(*node), distance_s(mesh_.nodes, mesh_.self, *node)};
  for (const Term& term : options_.required.terms) {
    if (holds(term, measured)) continue;
    return fmt::format(
        "{} is required, and {} has {}; --at mesh (or no --at) finds a node that fits",
        term.to_string(), peer, found_instead(term, measured));
  }
  return {};
}

// Without asking anyone.
void Job::explain_only() {
  Requirement required = options_.required;
  CallToPlace call = call_to_place({});
  const bool is_named = options_.where != Where::kMesh;
  if (is_named) {
    required.terms.push_back(is_node(named_peer()));
    call.required = &required;
  }
  Decision decision;
  mesh_.placer.decide(call, decision);
  explanation_ = explain(call, decision, mesh_.nodes, mesh_.self);
  if (!is_named) return explain_shortage(*explanation_);
  std::erase_if(explanation_->lines,
                [&](const Explanation::Line& line) { return line.peer != named_peer(); });
}

// Where more nodes are wanted than fit: one after the other is taken, as runs are placed.
void Job::explain_shortage(Explanation& explanation) const {
  const bool is_quorum = options_.verify.is_quorum();
  const uint32_t needed = is_quorum ? options_.verify.quorum : 1;
  const uint32_t wanted = std::max(options_.copies, needed);
  std::vector<NodeRef> taken;
  Decision decision;
  while (taken.size() < wanted) {
    const CallToPlace call = call_to_place(taken);
    mesh_.placer.decide(call, decision);
    if (decision.fitting > 0) {
      taken.push_back(decision.fit().front().node);
      continue;
    }
    if (taken.empty()) return;  // its refusal says all
    explanation.is_too_few = taken.size() < needed;
    explanation.shortage = fmt::format("{} {} are wanted, and there are nodes for {}: {}", wanted,
                                       wanted > needed ? "copies" : "answers", taken.size(),
                                       explain(call, decision, mesh_.nodes, mesh_.self).refusal());
    return;
  }
}

}  // namespace timerose::scheduler::jobs
