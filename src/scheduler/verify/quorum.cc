#include "scheduler/verify/quorum.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

namespace timerose::scheduler::verify {
namespace {

constexpr uint32_t kAnswersForEach = 3;  // of a quorum, if it is not said
constexpr std::string_view kQuorumPrefix = "quorum=";

Error wrong_wish(std::string_view text) {
  return {
      ErrorCode::kInvalidArgument,
      fmt::format("\"{}\" is no way to verify: none, trust, spot, self, quorum=K (K equal answers, "
                  "2 to {}) or quorum=K/N (of N answers at most, up to {}), as in quorum=2/5",
                  text, Wish::kQuorumMax, Wish::kAnswersMax)};
}

std::optional<uint32_t> number(std::string_view text) {
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// The answers that count, by what they say.
class Votes {
 public:
  explicit Votes(std::span<const Answer> answers) : answers_(answers) {
    for (const Answer& answer : answers) said_[answer.executor].insert(answer.outcome);
    for (size_t i = 0; i < answers.size(); ++i) {
      if (contradicts_itself(i)) continue;
      places_[answers[i].outcome].push_back(i);
    }
  }

  [[nodiscard]] bool contradicts_itself(size_t i) const {
    return said_.at(answers_[i].executor).size() > 1;
  }
  [[nodiscard]] bool disagree() const {
    return std::ranges::any_of(answers_, [this](const Answer& answer) {
      return answer.outcome != answers_.front().outcome;
    });
  }
  [[nodiscard]] std::vector<Cid> outcomes() const {
    std::vector<Cid> outcomes;
    outcomes.reserve(places_.size());
    for (const auto& [outcome, places] : places_) outcomes.push_back(outcome);
    return outcomes;
  }
  [[nodiscard]] const std::vector<size_t>& of(const Cid& outcome) const {
    return places_.at(outcome);
  }

  // How many that stand apart say this, of at least that standing.
  [[nodiscard]] uint32_t count(const Cid& outcome, Standing least) const {
    return apart(of(outcome), least);
  }
  [[nodiscard]] uint32_t apart(const std::vector<size_t>& places, Standing least) const {
    std::set<std::string> voters;
    for (const size_t i : places) {
      const Answer& answer = answers_[i];
      if (answer.standing < least) continue;
      voters.insert(answer.operator_name.empty() ? "key " + answer.executor.to_string()
                                                 : "operator " + answer.operator_name);
    }
    return static_cast<uint32_t>(voters.size());
  }

  // What this node's own execution gave.
  [[nodiscard]] std::optional<Cid> found_here() const {
    for (size_t i = 0; i < answers_.size(); ++i) {
      if (answers_[i].standing == Standing::kSelf && !contradicts_itself(i)) {
        return answers_[i].outcome;
      }
    }
    return std::nullopt;
  }
  // The same, or else what verifiers say if they agree.
  [[nodiscard]] std::optional<Cid> own() const {
    if (auto found = found_here()) return found;
    std::set<Cid> said;
    for (const auto& [outcome, places] : places_) {
      if (count(outcome, Standing::kVerifier) > 0) said.insert(outcome);
    }
    return said.size() == 1 ? std::optional(*said.begin()) : std::nullopt;
  }

 private:
  std::span<const Answer> answers_;
  std::map<PeerId, std::set<Cid>> said_;
  std::map<Cid, std::vector<size_t>> places_;
};

Standing best_standing(std::span<const Answer> answers, const std::vector<size_t>& places) {
  Standing best = Standing::kStranger;
  for (const size_t i : places) best = std::max(best, answers[i].standing);
  return best;
}

// Of the supporters with one engine, whose metering is not what most say, or what was measured by
// a word that counts as our own. Nobody's where there is no such majority.
std::vector<size_t> odd_metering(const Votes& votes, std::span<const Answer> answers,
                                 const std::vector<size_t>& supporters) {
  std::vector<std::vector<size_t>> engines;
  for (const size_t i : supporters) {
    if (!answers[i].metering.engine) continue;
    const auto same = std::ranges::find_if(engines, [&](const auto& group) {
      return *answers[group.front()].metering.engine == *answers[i].metering.engine;
    });
    if (same == engines.end()) {
      engines.push_back({i});
    } else {
      same->push_back(i);
    }
  }
  std::vector<size_t> odd;
  for (const auto& group : engines) {
    const uint32_t all = votes.apart(group, Standing::kStranger);
    for (const size_t one : group) {
      std::vector<size_t> same;
      std::vector<size_t> others;
      for (const size_t i : group) {
        (answers[i].metering == answers[one].metering ? same : others).push_back(i);
      }
      const Standing theirs = best_standing(answers, same);
      const Standing of_others = best_standing(answers, others);
      const bool ours = theirs >= Standing::kVerifier && theirs > of_others;
      const bool most =
          of_others < Standing::kVerifier && 2 * votes.apart(same, Standing::kStranger) > all;
      if (!ours && !most) continue;
      odd.insert(odd.end(), others.begin(), others.end());
      break;
    }
  }
  std::ranges::sort(odd);
  return odd;
}

void accept(const Cid& outcome, const Votes& votes, std::span<const Answer> answers,
            Judgement& judgement) {
  judgement.next = Next::kAccept;
  judgement.outcome = outcome;
  judgement.supporters = votes.of(outcome);
  for (size_t i = 0; i < answers.size(); ++i) {
    if (answers[i].outcome != outcome && !votes.contradicts_itself(i)) {
      judgement.losers.push_back(i);
    }
  }
  std::ranges::sort(judgement.losers);
  judgement.odd_metering = odd_metering(votes, answers, judgement.supporters);
}

void ask_more(uint32_t more, Judgement& judgement) {
  judgement.next = Next::kAskMore;
  judgement.more = more;
}

// Nothing that others can still say decides. Nor does this node, once it has contradicted itself.
void settle(const Wish& wish, std::span<const Answer> answers, Judgement& judgement) {
  const bool has_run_here = std::ranges::any_of(
      answers, [](const Answer& answer) { return answer.standing == Standing::kSelf; });
  judgement.next = wish.may_run_here && !has_run_here ? Next::kRunHere : Next::kUndecided;
}

size_t of_others(std::span<const Answer> answers) {
  return static_cast<size_t>(std::ranges::count_if(
      answers, [](const Answer& answer) { return answer.standing != Standing::kSelf; }));
}

void judge_quorum(const Wish& wish, std::span<const Answer> answers, const Votes& votes,
                  Judgement& judgement) {
  const auto own = votes.own();
  uint32_t most = 0;
  std::optional<Cid> best;
  bool tie = false;
  for (const Cid& outcome : votes.outcomes()) {
    if (own && outcome != *own) continue;
    const uint32_t count = votes.count(outcome, Standing::kStranger);
    tie = count == most || (tie && count < most);
    if (count > most) best = outcome;
    most = std::max(most, count);
  }
  if (best && !tie && (most >= wish.quorum || (own && judgement.disagreement))) {
    return accept(*best, votes, answers, judgement);
  }
  const size_t asked = of_others(answers);
  if (asked >= wish.answers_max) {
    const auto found = votes.found_here();
    return found ? accept(*found, votes, answers, judgement) : settle(wish, answers, judgement);
  }
  const auto left = static_cast<uint32_t>(wish.answers_max - asked);
  ask_more(std::min(left, std::max(1U, wish.quorum - std::min(wish.quorum, most))), judgement);
}

void judge_trust(const Wish& wish, std::span<const Answer> answers, const Votes& votes,
                 Judgement& judgement) {
  std::vector<Cid> trusted;
  for (const Cid& outcome : votes.outcomes()) {
    if (votes.count(outcome, Standing::kTrusted) > 0) trusted.push_back(outcome);
  }
  if (trusted.size() > 1) return settle(wish, answers, judgement);
  if (trusted.size() == 1) return accept(trusted.front(), votes, answers, judgement);
  judgement.trusted_only = true;
  ask_more(1, judgement);
}

}  // namespace

Result<Wish> parse_wish(std::string_view text) {
  Wish wish;
  if (text == "none") {
    wish.policy = Policy::kNone;
    return wish;
  }
  if (text == "trust") return wish;
  if (text == "spot") {
    wish.spot_checks = true;
    return wish;
  }
  if (text == "self") {
    wish.policy = Policy::kSelf;
    return wish;
  }
  if (!text.starts_with(kQuorumPrefix)) return wrong_wish(text);
  const std::string_view numbers = text.substr(kQuorumPrefix.size());
  const size_t slash = numbers.find('/');
  const auto quorum = number(numbers.substr(0, slash));
  if (!quorum || *quorum < 2 || *quorum > Wish::kQuorumMax) return wrong_wish(text);
  const auto most = slash == std::string_view::npos ? std::optional(*quorum * kAnswersForEach)
                                                    : number(numbers.substr(slash + 1));
  if (!most || *most < *quorum || *most > Wish::kAnswersMax) return wrong_wish(text);
  wish.policy = Policy::kQuorum;
  wish.quorum = *quorum;
  wish.answers_max = *most;
  return wish;
}

std::string format_wish(const Wish& wish) {
  switch (wish.policy) {
    case Policy::kNone:
      return "none";
    case Policy::kTrust:
      return wish.spot_checks ? "spot" : "trust";
    case Policy::kSelf:
      return "self";
    case Policy::kQuorum:
      break;
  }
  return fmt::format("{}{}/{}", kQuorumPrefix, wish.quorum, wish.answers_max);
}

Wish with_spot_check(const Wish& wish, double rate, double dice) {
  Wish checked = wish;
  const bool is_unchecked = wish.policy == Policy::kNone || wish.policy == Policy::kTrust;
  if (is_unchecked && wish.may_run_here && dice < rate) checked.policy = Policy::kSelf;
  return checked;
}

bool counts_alone(const Wish& wish, Standing standing) {
  switch (wish.policy) {
    case Policy::kNone:
      return true;
    case Policy::kTrust:
      return standing >= Standing::kTrusted;
    case Policy::kSelf:
      return standing >= Standing::kVerifier;
    case Policy::kQuorum:
      break;
  }
  return false;
}

Judgement judge(const Wish& wish, std::span<const Answer> answers) {
  const Votes votes(answers);
  Judgement judgement;
  judgement.disagreement = votes.disagree();
  for (size_t i = 0; i < answers.size(); ++i) {
    if (votes.contradicts_itself(i)) judgement.losers.push_back(i);
  }
  const auto own = votes.own();
  if (wish.is_quorum()) {
    judge_quorum(wish, answers, votes, judgement);
  } else if (own) {
    accept(*own, votes, answers, judgement);
  } else if (votes.outcomes().empty()) {
    judgement.trusted_only = wish.policy == Policy::kTrust;
    ask_more(1, judgement);
  } else if (wish.policy == Policy::kTrust) {
    judge_trust(wish, answers, votes, judgement);
  } else if (wish.policy == Policy::kSelf || votes.outcomes().size() > 1) {
    settle(wish, answers, judgement);
  } else {
    accept(votes.outcomes().front(), votes, answers, judgement);
  }
  return judgement;
}

}  // namespace timerose::scheduler::verify
