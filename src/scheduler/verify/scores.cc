#include "scheduler/verify/scores.h"

#include <algorithm>
#include <cmath>

namespace timerose::scheduler::verify {
namespace {

constexpr double kFalseOutcomeFault = 1;
constexpr double kBrokenCommitFault = 1;
constexpr double kFalseMeteringFault = 0.2;
// What has faded to this is nothing.
constexpr double kForgotten = 0.01;
// Of a full table, this part of it gives way at once, so that making room is seldom.
constexpr size_t kPartDropped = 8;

double fault_of(Seen seen) {
  switch (seen) {
    case Seen::kGood:
      return 0;
    case Seen::kFalseOutcome:
      return kFalseOutcomeFault;
    case Seen::kFalseMetering:
      return kFalseMeteringFault;
    case Seen::kBrokenCommit:
      return kBrokenCommitFault;
  }
  return 0;
}

// Faults are kept longest, then what is newest.
bool says_less(const Score& a, const Score& b) {
  if (a.faults != b.faults) return a.faults < b.faults;
  return a.at_ns < b.at_ns;
}

template <typename Table>
void drop_some(Table& table, size_t max) {
  if (table.size() < max) return;
  std::vector<typename Table::iterator> all;
  all.reserve(table.size());
  for (auto one = table.begin(); one != table.end(); ++one) all.push_back(one);
  const size_t dropped = std::max<size_t>(1, max / kPartDropped);
  const auto edge = all.begin() + static_cast<std::ptrdiff_t>(std::min(dropped, all.size()) - 1);
  std::ranges::nth_element(
      all, edge, [](const auto& a, const auto& b) { return says_less(a->second, b->second); });
  for (auto one = all.begin(); one <= edge; ++one) table.erase(*one);
}

}  // namespace

size_t Scores::PairHash::operator()(const Pair& pair) const {
  const ByteView key = pair.node.bytes();
  uint64_t tail = 0;
  std::copy_n(key.end() - static_cast<std::ptrdiff_t>(std::min(key.size(), sizeof(tail))),
              std::min(key.size(), sizeof(tail)), reinterpret_cast<uint8_t*>(&tail));
  return (tail ^ pair.function.low) * 0x9e3779b97f4a7c15;
}

double Scores::left(uint64_t from_ns, uint64_t now_ns) const {
  if (now_ns <= from_ns) return 1;  // a clock that was set back forgives nothing
  return std::exp2(-static_cast<double>(now_ns - from_ns) /
                   static_cast<double>(limits_.half_life_ns));
}

void Scores::fade(Score& score, uint64_t now_ns) const {
  const double left = this->left(score.at_ns, now_ns);
  score.good *= left;
  score.faults *= left;
  if (score.faults < kForgotten) score.faults = 0;
  score.at_ns = std::max(score.at_ns, now_ns);
}

void Scores::note(uint64_t now_ns, const PeerId& node, const ContentKey& function, Seen seen) {
  ++changes_;
  make_room();
  Score& whole = nodes_[node];
  Score& here = functions_[{node, function}];
  fade(whole, now_ns);
  fade(here, now_ns);
  if (here.times_faulty != whole.times_faulty) here.good = 0;
  if (seen == Seen::kGood) {
    ++whole.good;
    ++here.good;
  } else {
    ++whole.times_faulty;
    whole.good = here.good = 0;
    whole.faults += fault_of(seen);
    here.faults += fault_of(seen);
  }
  here.times_faulty = whole.times_faulty;
}

std::vector<PeerId> Scores::learn(uint64_t now_ns, const ContentKey& function,
                                  const Judgement& judgement, std::span<const Answer> answers) {
  std::map<PeerId, Seen> seen;
  const bool by_us = std::ranges::any_of(
      judgement.supporters, [&](size_t i) { return answers[i].standing >= Standing::kVerifier; });
  if (by_us || judgement.supporters.size() > 1) {
    for (const size_t i : judgement.supporters) seen.emplace(answers[i].executor, Seen::kGood);
  }
  for (const size_t i : judgement.odd_metering) {
    seen.insert_or_assign(answers[i].executor, Seen::kFalseMetering);
  }
  for (const size_t i : judgement.losers) {
    seen.insert_or_assign(answers[i].executor, Seen::kFalseOutcome);
  }
  for (const Answer& answer : answers) {
    if (answer.standing == Standing::kSelf) seen.erase(answer.executor);
  }
  std::vector<PeerId> nodes;
  for (const auto& [node, what] : seen) {
    note(now_ns, node, function, what);
    nodes.push_back(node);
  }
  return nodes;
}

double Scores::faults_of(uint64_t now_ns, const PeerId& node) const {
  const auto found = nodes_.find(node);
  if (found == nodes_.end()) return 0;
  return found->second.faults * left(found->second.at_ns, now_ns);
}

double Scores::spot_check_rate(uint64_t now_ns, const PeerId& node,
                               const ContentKey& function) const {
  const auto whole = nodes_.find(node);
  if (whole == nodes_.end()) return 1;
  if (is_avoided(now_ns, node)) return 1;
  double good = whole->second.good * left(whole->second.at_ns, now_ns);
  good *= limits_.share_of_other_functions;
  const auto here = functions_.find({node, function});
  if (here != functions_.end() && here->second.times_faulty == whole->second.times_faulty) {
    good = std::max(good, here->second.good * left(here->second.at_ns, now_ns));
  }
  const double rate = limits_.good_to_halve / (limits_.good_to_halve + good);
  return std::max(rate, limits_.rate_min);
}

bool Scores::is_avoided(uint64_t now_ns, const PeerId& node) const {
  return faults_of(now_ns, node) >= limits_.avoided_from;
}

bool Scores::is_suspect(uint64_t now_ns, const PeerId& node) const {
  return faults_of(now_ns, node) > kForgotten;
}

std::vector<PeerId> Scores::avoided(uint64_t now_ns, size_t max) const {
  std::vector<std::pair<double, PeerId>> found;
  for (const auto& [node, score] : nodes_) {
    if (score.faults < limits_.avoided_from) continue;
    const double faults = score.faults * left(score.at_ns, now_ns);
    if (faults >= limits_.avoided_from) found.emplace_back(-faults, node);
  }
  std::ranges::sort(found);
  std::vector<PeerId> nodes;
  for (auto& [faults, node] : found) {
    if (nodes.size() == max) break;
    nodes.push_back(std::move(node));
  }
  return nodes;
}

std::vector<Scores::Entry> Scores::entries() const {
  std::vector<Entry> entries;
  entries.reserve(nodes_.size() + functions_.size());
  for (const auto& [node, score] : nodes_) entries.push_back({node, true, {}, score});
  for (const auto& [pair, score] : functions_) {
    entries.push_back({pair.node, false, pair.function, score});
  }
  return entries;
}

std::vector<Scores::Entry> Scores::entries_of(const PeerId& node,
                                              const ContentKey& function) const {
  std::vector<Entry> entries;
  if (const auto whole = nodes_.find(node); whole != nodes_.end()) {
    entries.push_back({node, true, {}, whole->second});
  }
  if (const auto here = functions_.find({node, function}); here != functions_.end()) {
    entries.push_back({node, false, function, here->second});
  }
  return entries;
}

void Scores::restore(const Entry& entry) {
  make_room();
  if (entry.is_node) {
    nodes_.insert_or_assign(entry.node, entry.score);
  } else {
    functions_.insert_or_assign({entry.node, entry.function}, entry.score);
  }
}

void Scores::make_room() {
  drop_some(nodes_, limits_.nodes_max);
  drop_some(functions_, limits_.functions_max);
}

}  // namespace timerose::scheduler::verify
