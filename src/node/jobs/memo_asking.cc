#include "node/jobs/memo_asking.h"

#include <algorithm>
#include <set>
#include <utility>

#include "scheduler/execute/answer.h"

namespace timerose::node {
namespace {

namespace execute = scheduler::execute;
namespace memo = scheduler::memo;
namespace verify = scheduler::verify;

}  // namespace

MemoAsking::MemoAsking(std::shared_ptr<const JobService::Parts> parts,
                       std::shared_ptr<const JobAsk> ask, OnEnd on_end)
    : held_parts_(std::move(parts)),
      parts_(*held_parts_),
      ask_(std::move(ask)),
      on_end_(std::move(on_end)),
      search_(parts_.mesh.memo_yield(), {ask_->placing.function, expected_run_s(),
                                         ask_->options.verify, parts_.mesh.self()}) {}

MemoAsking::~MemoAsking() {
  for (const auto& [peer, call] : asked_) {
    if (call) parts_.execution.give_up(*call);
  }
}

void MemoAsking::start() {
  timer_ = parts_.loop.timer([this] {
    const auto due_ms = search_.next_ms();
    if (due_ms && now_ms() >= *due_ms) return step(memo::TimeIsUp{});
    timer_->set(due_ms ? *due_ms * 1'000'000 : UINT64_MAX);
  });
  const auto nodes = likely();
  carry_out_all(std::exchange(search_.start(now_ms(), nodes), {}));
  if (const auto due_ms = search_.next_ms()) timer_->set(*due_ms * 1'000'000);
}

double MemoAsking::expected_run_s() const {
  const auto mesh = parts_.mesh.knowledge();
  const auto& call = ask_->placing;
  if (const auto ms = mesh.times.quantile_ms(call.function, call.input_bytes(), 0.5)) {
    return static_cast<double>(*ms) / 1000;
  }
  const double fuel = mesh.work.expected_fuel(call.function, call.input_bytes());
  if (fuel == scheduler::WorkHistory::kUnknownFuel) return kUnknownRun_s;
  return fuel * mesh.nodes.numbers(mesh.self).per_fuel;
}

// Where the function is warm it may have run with this very input; so may holders of the input have
// run it. Where only trusted executors count, no others are asked: what they executed is not
// believed.
std::vector<memo::Likely> MemoAsking::likely() const {
  const auto mesh = parts_.mesh.knowledge();
  const auto refusing = parts_.mesh.refusing(now_ms());
  const auto& own = mesh.nodes.numbers(mesh.self);
  const bool trusted_only = ask_->options.verify.policy == verify::Policy::kTrust;
  std::vector<memo::Likely> out;
  std::set<PeerId> seen;
  const auto add = [&](std::span<const scheduler::NodeRef> nodes) {
    for (const scheduler::NodeRef node : nodes) {
      if (out.size() == memo::MemoSearch::kPeersAskedMax) return;
      if (!mesh.nodes.is_live(node) || node == mesh.self) continue;
      const auto& numbers = mesh.nodes.numbers(node);
      if (trusted_only && !numbers.trusted) continue;
      if (std::ranges::find(refusing, node) != refusing.end()) continue;
      const PeerId peer = mesh.nodes.advert(node).peer();
      if (!seen.insert(peer).second) continue;
      const double measured = numbers.own_trip;
      out.push_back({peer, measured > 0 ? measured : scheduler::round_trip(own, numbers)});
    }
  };
  add(mesh.nodes.warm(ask_->placing.function_mark));
  for (const scheduler::CallInput& input : ask_->placing.inputs) {
    add(parts_.mesh.holders().of(input.content));
  }
  add(mesh.nodes.trusted());
  return out;
}

void MemoAsking::step(const memo::SearchEvent& event) {
  carry_out_all(std::exchange(search_.step(now_ms(), event), {}));
}

void MemoAsking::carry_out_all(std::vector<memo::SearchAction> actions) {
  const auto self = shared_from_this();  // its end may be among them
  for (const memo::SearchAction& action : actions) {
    std::visit([this](const auto& one) { carry_out(one); }, action);
  }
}

void MemoAsking::carry_out(const memo::FindHolders& /*action*/) {
  parts_.find_holders(ask_->placing.invocation,
                      [weak = weak_from_this()](const std::vector<PeerId>& peers) {
                        const auto self = weak.lock();
                        if (!self) return;
                        self->step(memo::HoldersFound{peers});
                        self->step(memo::HoldersEnded{});
                      });
}

void MemoAsking::carry_out(const memo::AskPeer& action) {
  asked_.insert_or_assign(action.peer, std::nullopt);
  parts_.reach(action.peer, [weak = weak_from_this(), peer = action.peer](const Status& reached) {
    const auto self = weak.lock();
    if (!self || !self->asked_.contains(peer)) return;
    if (reached.ok()) return self->ask(peer);
    // Not now: the search may be in the middle of something.
    self->parts_.loop.post([weak, peer] {
      if (const auto later = weak.lock()) later->step(memo::PeerSaid{peer, std::nullopt});
    });
  });
}

void MemoAsking::ask(const PeerId& peer) {
  asked_.at(peer) = parts_.execution.ask(peer, execute::Known{0, ask_->placing.invocation, {}},
                                         [weak = weak_from_this(), peer](execute::Update update) {
                                           const auto self = weak.lock();
                                           if (self) self->updated(peer, std::move(update));
                                         });
}

void MemoAsking::carry_out(const memo::LeavePeer& action) {
  const auto found = asked_.find(action.peer);
  if (found == asked_.end()) return;
  if (found->second) parts_.execution.give_up(*found->second);
  asked_.erase(found);
}

void MemoAsking::updated(const PeerId& peer, execute::Update update) {
  if (!asked_.contains(peer)) return;
  const auto* refusal = std::get_if<execute::Refuse>(&update);
  if (refusal != nullptr && refusal->reason == execute::RefuseReason::kStranger) {
    parts_.mesh.refused(peer, now_ms());
  }
  auto* finish = std::get_if<execute::Finish>(&update);
  if (finish == nullptr) {
    asked_.erase(peer);
    return step(memo::PeerSaid{peer, std::nullopt});
  }
  const execute::Expected expected{ask_->placing.invocation, std::nullopt, true};
  // It ends on the loop, as its timer must: the pool does not hold it.
  parts_.pool.submit(
      [held = held_parts_, weak = weak_from_this(), peer, finish = std::move(*finish), expected] {
        auto answer = execute::check_finish(finish, expected, held->store);
        held->loop.post([weak, peer, answer = std::move(answer)]() mutable {
          if (const auto self = weak.lock()) self->checked(peer, std::move(answer));
        });
      });
}

void MemoAsking::checked(const PeerId& peer, Result<compute::Answer> answer) {
  if (asked_.erase(peer) == 0) return;
  if (!answer.ok()) return step(memo::PeerSaid{peer, std::nullopt});
  answer->cached = true;
  const PeerId signer = PeerId::of(answer->circumstances.executor);
  if (parts_.verification != nullptr && parts_.verification->is_avoided(signer)) {
    return step(memo::PeerSaid{peer, std::nullopt});  // it has lied
  }
  const verify::Answer said =
      said_by(signer, parts_.mesh.operator_of(signer), parts_.mesh.standing(signer), *answer);
  // Whoever knows the answer has its output too, most likely.
  if (const auto node = parts_.mesh.find(peer); node && answer->outcome->output) {
    parts_.mesh.holders().add(scheduler::ContentKey::of(*answer->outcome->output), *node);
  }
  found_.insert_or_assign(peer, *std::move(answer));
  step(memo::PeerSaid{peer, said});
}

void MemoAsking::carry_out(const memo::EndSearch& action) {
  timer_->set(UINT64_MAX);
  std::optional<MemoFound> found;
  if (action.told_by) {
    found = MemoFound{action.answers, found_.at(*action.told_by), *action.told_by};
  }
  parts_.loop.post([weak = weak_from_this(), found = std::move(found)]() mutable {
    const auto self = weak.lock();
    if (self) std::exchange(self->on_end_, {})(std::move(found));
  });
}

}  // namespace timerose::node
