// How an asker learns whether others know the answer already: the real MemoSearch, carried out as
// src/node/jobs/memo_asking.cc does.
#include <algorithm>
#include <set>
#include <utility>

#include "sim/jobs/asker.h"
#include "sim/jobs/mesh_node.h"

namespace timerose::sim::jobs {
namespace {

namespace execute = scheduler::execute;
namespace memo = scheduler::memo;
using scheduler::NodeRef;
using scheduler::jobs::JobCall;
using scheduler::jobs::MemoSaid;
using scheduler::verify::Policy;

// A walk through the DHT.
constexpr uint64_t kWalkMinNs = 50 * kMillisecond;
constexpr uint64_t kWalkMaxNs = 400 * kMillisecond;
// A call of a function that was never seen is taken to last so long.
constexpr double kUnknownRun_s = 1;

}  // namespace

// What this node executed itself it knows at once.
void Asker::on(Active& active, const scheduler::jobs::AskMemo& /*action*/) {
  const KnownAnswer* own = world_.memos.find(self_, active.name);
  if (own == nullptr) return search(active);
  execute::Finish finish;
  finish.outcome = own->outcome;
  scheduler::verify::Answer answer = answer_of(self_, finish);
  active.known = {{self_, answer.outcome}};
  MemoSaid said;
  said.answers.push_back(std::move(answer));
  world_.after(self_, 0,
               [this, number = active.number, said = std::move(said)] { tell(number, said); });
}

void Asker::search(Active& active) {
  const JobCall call = call_for(active);
  const auto& wish = active.question.wish;
  active.search = std::make_unique<memo::MemoSearch>(
      memo_yield_,
      memo::SearchCall{call.function, expected_run_s(call), wish, world_.id_of(self_)});
  const auto nodes = likely(call, wish);
  search_carry_out(active.number, std::move(active.search->start(world_.now_ms(), nodes)));
  const auto due_ms = active.search->next_ms();
  if (!due_ms) return;
  world_.after(self_, (*due_ms - world_.now_ms()) * kMillisecond,
               [this, number = active.number] { search_step(number, memo::TimeIsUp{}); });
}

double Asker::expected_run_s(const JobCall& call) {
  if (const auto ms = times_.quantile_ms(call.function, call.input_bytes(), 0.5)) {
    return static_cast<double>(*ms) / 1000;
  }
  const double fuel = work_.expected_fuel(call.function, call.input_bytes());
  if (fuel == scheduler::WorkHistory::kUnknownFuel) return kUnknownRun_s;
  return fuel * nodes_.numbers(self_ref_).per_fuel;
}

std::vector<memo::Likely> Asker::likely(const JobCall& call, const scheduler::verify::Wish& wish) {
  std::vector<memo::Likely> out;
  std::set<PeerId> seen;
  const auto add = [&](std::span<const NodeRef> nodes) {
    for (const NodeRef node : nodes) {
      if (out.size() == memo::MemoSearch::kPeersAskedMax) return;
      if (!nodes_.is_live(node) || node == self_ref_) continue;
      const auto& numbers = nodes_.numbers(node);
      if (wish.policy == Policy::kTrust && !numbers.trusted) continue;
      const PeerId peer = nodes_.advert(node).peer();
      if (!seen.insert(peer).second) continue;
      out.push_back({peer, scheduler::round_trip(nodes_.numbers(self_ref_), numbers)});
    }
  };
  add(nodes_.warm(call.function_mark));
  for (const scheduler::CallInput& input : call.inputs) add(holders_.of(input.content));
  add(nodes_.trusted());
  return out;
}

void Asker::search_step(JobNumber number, const memo::SearchEvent& event) {
  const auto found = active_.find(number);
  if (found == active_.end() || !found->second->search) return;
  search_carry_out(number, std::move(found->second->search->step(world_.now_ms(), event)));
}

void Asker::search_carry_out(JobNumber number, std::vector<memo::SearchAction> actions) {
  const auto found = active_.find(number);
  if (found == active_.end()) return;
  const std::shared_ptr<Active> active = found->second;
  for (const memo::SearchAction& action : actions) {
    std::visit([&](const auto& one) { search_on(*active, one); }, action);
  }
}

void Asker::search_on(Active& active, const memo::FindHolders& /*action*/) {
  world_.after(self_, world_.dice.between(kWalkMinNs, kWalkMaxNs), [this, number = active.number] {
    const auto found = active_.find(number);
    if (found == active_.end()) return;
    memo::HoldersFound holders;
    for (const NodeNumber node : world_.memos.announced(found->second->name)) {
      if (holders.peers.size() == memo::MemoSearch::kPeersAskedMax) break;
      holders.peers.push_back(world_.id_of(node));
    }
    search_step(number, holders);
    search_step(number, memo::HoldersEnded{});
  });
}

void Asker::search_on(Active& active, const memo::AskPeer& action) {
  const CallNumber call = ++last_call_;
  const NodeNumber node = world_.node_of(action.peer);
  active.asked[node] = call;
  memo_calls_.emplace(call, std::pair(active.number, node));
  side(execute::Ask{action.peer, execute::Known{call, active.name, {}}});
}

void Asker::search_on(Active& active, const memo::LeavePeer& action) {
  const auto asked = active.asked.find(world_.node_of(action.peer));
  if (asked == active.asked.end()) return;
  const CallNumber call = asked->second;
  active.asked.erase(asked);
  memo_calls_.erase(call);
  side(execute::GiveUp{call});
}

void Asker::search_on(Active& active, const memo::EndSearch& action) {
  MemoSaid said;
  said.answers = action.answers;
  active.known.clear();
  for (const scheduler::verify::Answer& answer : action.answers) {
    active.known.push_back({world_.node_of(answer.executor), answer.outcome});
  }
  world_.after(self_, 0,
               [this, number = active.number, said = std::move(said)] { tell(number, said); });
}

void Asker::leave_search(Active& active) {
  active.search.reset();
  for (const auto& [node, call] : std::exchange(active.asked, {})) {
    memo_calls_.erase(call);
    side(execute::GiveUp{call});
  }
}

// To a Known: whatever is no Finish is a no. Who has lied is not heard.
void Asker::said(CallNumber call, const execute::Update& update) {
  const auto [number, node] = memo_calls_.extract(call).mapped();
  const auto found = active_.find(number);
  if (found == active_.end()) return;
  found->second->asked.erase(node);
  memo::PeerSaid said{world_.id_of(node), std::nullopt};
  const auto* finish = std::get_if<execute::Finish>(&update);
  const auto avoided = scores_.avoided(world_.events.now_ns(), kAvoidedMax);
  const bool lied = std::ranges::find(avoided, said.peer) != avoided.end();
  if (finish != nullptr && !lied) said.answer = answer_of(node, *finish);
  search_step(number, said);
}

}  // namespace timerose::sim::jobs
