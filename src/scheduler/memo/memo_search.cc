#include "scheduler/memo/memo_search.h"

#include <algorithm>
#include <utility>

namespace timerose::scheduler::memo {

std::vector<SearchAction>& MemoSearch::start(uint64_t now_ms, std::span<const Likely> likely) {
  actions_.clear();
  seen_.insert(call_.self);
  const auto run_ms = static_cast<uint64_t>(std::clamp(call_.run_s * 1000, 1.0, 1e6));
  until_ms_ = now_ms + std::min(kWithin_ms, run_ms);
  // Only this node's own execution would be believed.
  const bool asks = call_.verify.policy != verify::Policy::kSelf;
  if (asks) {
    for (const Likely& node : likely) {
      if (waiting_.size() == kPeersAskedMax) break;
      if (!yield_.is_worth(call_.function, Way::kDirect, call_.run_s, node.round_trip_s)) continue;
      if (seen_.insert(node.peer).second) waiting_.push_back({node.peer, Way::kDirect});
    }
  }
  if (asks && yield_.is_worth(call_.function, Way::kRouting, call_.run_s, kRoutingCost_s)) {
    finding_ = true;
    used_[static_cast<size_t>(Way::kRouting)] = true;
    actions_.emplace_back(FindHolders{});
  }
  ask_next();
  end_if_all_said();
  return actions_;
}

std::vector<SearchAction>& MemoSearch::step(uint64_t now_ms, const SearchEvent& event) {
  actions_.clear();
  if (ended_) return actions_;
  if (now_ms >= until_ms_ && !std::holds_alternative<PeerSaid>(event)) {
    on(TimeIsUp{});
  } else {
    std::visit([this](const auto& one) { on(one); }, event);
  }
  return actions_;
}

std::optional<uint64_t> MemoSearch::next_ms() const {
  return ended_ ? std::nullopt : std::optional(until_ms_);
}

// Who says to have it goes before who may.
void MemoSearch::on(const HoldersFound& event) {
  for (const PeerId& peer : event.peers) {
    const bool waits =
        std::erase_if(waiting_, [&peer](const Waiting& one) { return one.peer == peer; }) > 0;
    if (!waits && !seen_.insert(peer).second) continue;
    waiting_.push_front({peer, Way::kRouting});
    if (waiting_.size() > kPeersAskedMax) waiting_.pop_back();
  }
  ask_next();
}

void MemoSearch::on(const HoldersEnded& /*event*/) {
  finding_ = false;
  end_if_all_said();
}

void MemoSearch::on(const PeerSaid& event) {
  const auto asked = std::ranges::find(open_, event.peer, &Waiting::peer);
  if (asked == open_.end()) return;
  const Way way = asked->way;
  open_.erase(asked);
  if (event.answer && may_count(*event.answer)) {
    answers_.push_back(*event.answer);
    heard_.push_back({event.peer, way});
    const verify::Judgement judgement = verify::judge(call_.verify, answers_);
    if (judgement.next == verify::Next::kAccept) return end(judgement.supporters);
  }
  ask_next();
  end_if_all_said();
}

void MemoSearch::on(const TimeIsUp& /*event*/) { end({}); }

// Who says that it knows has chosen itself, which members of a quorum must not.
bool MemoSearch::may_count(const verify::Answer& answer) const {
  return answer.standing >= verify::Standing::kTrusted ||
         (call_.verify.policy != verify::Policy::kTrust && !call_.verify.is_quorum());
}

void MemoSearch::ask_next() {
  while (open_.size() < kAskedAtOnce && asked_ < kPeersAskedMax && !waiting_.empty()) {
    open_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    ++asked_;
    used_[static_cast<size_t>(open_.back().way)] = true;
    actions_.emplace_back(AskPeer{open_.back().peer});
  }
}

void MemoSearch::end_if_all_said() {
  if (open_.empty() && !finding_) end({});
}

// Not believed by itself, an answer may still be one of those that it takes; but not where answers
// differ: then fresh ones decide.
void MemoSearch::end(std::vector<size_t> accepted) {
  ended_ = true;
  for (const Waiting& one : open_) actions_.emplace_back(LeavePeer{one.peer});
  for (const Way way : {Way::kDirect, Way::kRouting}) {
    if (!used_[static_cast<size_t>(way)]) continue;
    const bool found = std::ranges::any_of(
        accepted, [this, way](size_t place) { return heard_[place].way == way; });
    // What another way found first says nothing of this one.
    if (accepted.empty() || found) yield_.note(call_.function, way, found);
  }
  const bool agree = std::ranges::all_of(answers_, [this](const verify::Answer& answer) {
    return answer.outcome == answers_.front().outcome;
  });
  if (accepted.empty() && agree) {
    for (size_t place = 0; place < answers_.size(); ++place) accepted.push_back(place);
  }
  EndSearch ending;
  for (const size_t place : accepted) ending.answers.push_back(answers_[place]);
  if (!accepted.empty()) ending.told_by = heard_[accepted.front()].told_by;
  actions_.emplace_back(std::move(ending));
}

}  // namespace timerose::scheduler::memo
