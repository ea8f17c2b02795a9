// Links and what arrives on them. Executions and answers: executor_executions.cc.
#include "scheduler/execute/executor_side.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/duration.h"

namespace timerose::scheduler::execute {
namespace {

// When the fuel of a minute is used up.
constexpr uint64_t kRetryFuelMs = 1000;

uint64_t bytes_of(const Offer& offer, const compute::Invocation& invocation) {
  uint64_t bytes = held_bytes(offer.invocation, invocation);
  for (const CarriedBlock& block : offer.blocks) bytes += block.bytes.size();
  return std::max(bytes, kAnswerBytes);
}

}  // namespace

uint64_t held_bytes(ByteView block, const compute::Invocation& call) {
  constexpr uint64_t kOfListItem = 64;
  constexpr uint64_t kOfMapEntry = 128;
  return block.size() + kOfListItem * (call.args.size() + call.inputs.size()) +
         kOfMapEntry * (call.env.size() + call.mounts.size() + call.links.size());
}

bool append(LogWritten& log, const LogWritten& next) {
  if (log.execution != next.execution || log.log.stream != next.log.stream ||
      log.log.position + log.log.bytes.size() != next.log.position ||
      log.log.bytes.size() + next.log.bytes.size() > kLogPieceBytesMax) {
    return false;
  }
  log.log.bytes.insert(log.log.bytes.end(), next.log.bytes.begin(), next.log.bytes.end());
  return true;
}

std::vector<ExecutorAction>& ExecutorSide::step(uint64_t now_ns, ExecutorEvent event) {
  now_ns_ = now_ns;
  actions_.clear();
  std::visit([this](auto& one) { on(one); }, event);
  launch();
  return actions_;
}

void ExecutorSide::send(mesh::StreamId link, Message message) {
  const auto found = links_.find(link);
  if (found == links_.end()) return;
  found->second.sent_ns = now_ns_;
  actions_.emplace_back(SendTo{link, std::move(message)});
}

void ExecutorSide::on(LinkOpened& event) {
  links_.insert_or_assign(event.link, Link{event.peer, now_ns_, now_ns_, 0});
  ++requesters_[event.peer].links;
}

// The calls wait for another link until their lease ends.
void ExecutorSide::on(LinkClosed& event) {
  const auto link = links_.find(event.link);
  if (link == links_.end()) return;
  const PeerId peer = link->second.peer;
  Requester& requester = requesters_.at(peer);
  for (auto& [number, call] : requester.calls) {
    if (call.link != event.link) continue;
    call.heard_ns = link->second.heard_ns;
    call.link = {};
    call.answered_to = {};
  }
  links_.erase(link);
  --requester.links;
  drop_if_idle(peer);
}

void ExecutorSide::on(Received& event) {
  const auto link = links_.find(event.link);
  if (link == links_.end()) return;
  link->second.heard_ns = now_ns_;
  std::visit([&](auto& message) { take(event.link, link->second, message); }, event.message);
}

void ExecutorSide::on(Drain& event) {
  draining_ = true;
  std::vector<ExecutionId> to_hand_back;
  for (const auto& [id, execution] : executions_) {
    if (event.also_running || execution.stage != Stage::kRunning) to_hand_back.push_back(id);
  }
  for (const ExecutionId id : to_hand_back) hand_back(id);
  if (event.also_running) hand_back_held();
}

void ExecutorSide::hand_back(ExecutionId id) {
  const std::vector<Asker> askers = executions_.at(id).askers;
  for (const Asker& asker : askers) hand_back(asker);
}

void ExecutorSide::hand_back(const Asker& asker) {
  Call* const call = find(asker);
  send(call->link, Refuse{asker.call, RefuseReason::kStopping, "the node is stopping"});
  leave(asker, *call);
  forget(asker.peer, asker.call);
}

void ExecutorSide::take(mesh::StreamId /*link*/, Link& /*from*/, const Heartbeat& /*heartbeat*/) {}

// What only executors say.
template <typename Other>
void ExecutorSide::take(mesh::StreamId link, Link& /*from*/, const Other& /*message*/) {
  actions_.emplace_back(CloseLink{link, "a requester sent what only executors send"});
}

void ExecutorSide::take(mesh::StreamId /*link*/, Link& from, const Acknowledge& acknowledge) {
  for (const CallNumber number : acknowledge.calls) {
    const Call* const call = find({from.peer, number});
    if (call != nullptr && call->answer) forget(from.peer, number);
  }
}

void ExecutorSide::take(mesh::StreamId /*link*/, Link& from, const Cancel& cancel) {
  const Asker asker{from.peer, cancel.call};
  Call* const call = find(asker);
  if (call == nullptr) return;
  if (!call->answer) leave(asker, *call);
  forget(from.peer, cancel.call);
}

// Who may not ask at all costs no decoding.
void ExecutorSide::take(mesh::StreamId link, Link& from, Offer& offer) {
  Requester& requester = requesters_.at(from.peer);
  const Cid name = Cid::of_sha256(Codec::kDagCbor, offer.invocation);
  if (Call* const call = find({from.peer, offer.call})) return rejoin(link, *call, offer, name);
  if (offer.authority.empty() && !view_.may_ask(from.peer)) {
    return turn_away(link, from, offer.call, refuse_stranger(from.peer));
  }
  auto invocation = compute::Invocation::decode(offer.invocation);
  if (!invocation.ok()) {
    return send(link, Refuse{offer.call, RefuseReason::kMalformed, invocation.error().message});
  }
  const auto standing = hear(
      link, from, offer.call,
      {from.peer, offer.authority, &*invocation, {offer.fuel, offer.deadline_ms, offer.priority}});
  if (!standing) return;
  if (auto answer = why_not_taken(*standing, requester, offer, bytes_of(offer, *invocation))) {
    return send(link, *std::move(answer));
  }
  take_new(link, from, *standing, offer, name, *std::move(invocation));
}

Admission ExecutorView::admit(const Asked& asked) const {
  if (may_ask(asked.requester)) return Standing::kTrusted;
  return refuse_stranger(asked.requester);
}

std::optional<Standing> ExecutorSide::hear(mesh::StreamId link, Link& from, CallNumber call,
                                           const Asked& asked) {
  auto admission = view_.admit(asked);
  if (auto* refusal = std::get_if<Refusal>(&admission)) {
    turn_away(link, from, call, std::move(*refusal));
    return std::nullopt;
  }
  if (draining_) {
    send(link, Refuse{call, RefuseReason::kStopping, "the node is stopping"});
    return std::nullopt;
  }
  return std::get<Standing>(admission);
}

void ExecutorSide::turn_away(mesh::StreamId link, Link& from, CallNumber call, Refusal refusal) {
  send(link, Refuse{call, refusal.reason, std::move(refusal.why)});
  if (++from.turned_away == limits_.turned_away_max) {
    actions_.emplace_back(CloseLink{link, "the requester goes on asking for what it is refused"});
  }
}

std::optional<Message> ExecutorSide::why_not_taken(Standing standing, Requester& requester,
                                                   const Offer& offer, uint64_t bytes) {
  const bool strange = standing == Standing::kStranger;
  const uint64_t fuel_max = strange ? limits_.strangers.fuel_of_call_max : limits_.fuel_of_call_max;
  if (offer.fuel > fuel_max) {
    return Refuse{offer.call, RefuseReason::kLimit,
                  fmt::format("a fuel budget of {} is over the {} that this node gives one call{}",
                              offer.fuel, fuel_max, strange ? " of a stranger" : "")};
  }
  if (bytes > bytes_of_each_max(standing)) {
    return Refuse{offer.call, RefuseReason::kLimit,
                  fmt::format("the call takes {} bytes here, over the {} that one requester{} may "
                              "take; put some of it into an input",
                              bytes, bytes_of_each_max(standing), strange ? " of strangers" : "")};
  }
  const size_t waiting = to_run_.size() + to_fetch_.size();
  if (auto why = what_is_used_up(standing, requester, bytes)) {
    return Busy{offer.call, kRetryMs, waiting, *std::move(why)};
  }
  Fuel& fuel = strange ? strangers_.fuel : requester.fuel;
  const uint64_t a_minute =
      strange ? limits_.strangers.fuel_a_minute : limits_.fuel_of_requester_a_minute;
  fuel.refill(now_ns_, a_minute);
  if (fuel.left > 0) return std::nullopt;
  return Busy{offer.call, kRetryFuelMs, waiting,
              fmt::format("{} fuel of {} a minute is used up", strange ? "the strangers'" : "your",
                          a_minute)};
}

uint64_t ExecutorSide::bytes_of_each_max(Standing standing) const {
  return standing == Standing::kStranger ? limits_.strangers.bytes_of_each_max
                                         : limits_.bytes_of_requester_max;
}

std::optional<std::string> ExecutorSide::what_is_used_up(Standing standing,
                                                         const Requester& requester,
                                                         uint64_t more_bytes) const {
  const bool strange = standing == Standing::kStranger;
  const StrangerLimits& strangers = limits_.strangers;
  const size_t calls_max = strange ? strangers.calls_of_each_max : limits_.calls_of_requester_max;
  if (calls_ >= limits_.calls_max || requester.calls.size() >= calls_max) {
    return fmt::format("{} calls of yours are here already, of {} in all", requester.calls.size(),
                       calls_);
  }
  if (!has_room(standing, requester, more_bytes)) {
    return fmt::format("your calls hold {} bytes already, of {} in all", requester.bytes, bytes_);
  }
  if (strange && strangers_.calls >= strangers.calls_max) {
    return fmt::format("strangers have {} calls of {} bytes here already", strangers_.calls,
                       strangers_.bytes);
  }
  return std::nullopt;
}

bool ExecutorSide::has_room(Standing standing, const Requester& requester, uint64_t bytes) const {
  if (bytes_ + bytes > limits_.bytes_max) return false;
  if (standing == Standing::kStranger && strangers_.bytes + bytes > limits_.strangers.bytes_max) {
    return false;
  }
  return requester.bytes + bytes <= bytes_of_each_max(standing);
}

// The same offer again, over a new link: what was sent over one arrives there, or the link ends.
void ExecutorSide::rejoin(mesh::StreamId link, Call& call, const Offer& offer,
                          const Cid& invocation) {
  if (call.invocation != invocation) {
    return send(link, Refuse{offer.call, RefuseReason::kConflict,
                             fmt::format("call {} is that of {}", offer.call,
                                         call.invocation.to_string())});
  }
  const Asker asker{links_.at(link).peer, offer.call};
  if (!call.answer && call.link != link) {
    if (const auto before = links_.find(call.link); before != links_.end()) --before->second.calls;
    ++links_.at(link).calls;
  }
  call.link = link;
  if (call.answer) {
    if (call.answered_to != link) send_answer(asker, call);
    return;
  }
  if (call.commit && call.held) return send_commit(asker, call);
  call.accepted = true;
  send(link, Accept{offer.call, call.lease_ns / kNsPerMs, to_run_.size()});
}

void ExecutorSide::take_new(mesh::StreamId link, Link& from, Standing standing, Offer& offer,
                            Cid name, compute::Invocation invocation) {
  Requester& requester = requesters_.at(from.peer);
  Call call(name);
  call.link = link;
  call.lease_ns = std::clamp(offer.lease_ms, limits_.lease_ms_min, limits_.lease_ms_max) * kNsPerMs;
  if (offer.deadline_ms != 0) call.deadline_ns = now_ns_ + offer.deadline_ms * kNsPerMs;
  call.standing = standing;
  call.fuel = offer.fuel;
  call.logs = offer.logs;
  call.receipt = offer.receipt || offer.commit;
  call.fresh = offer.fresh || offer.commit;
  call.commit = offer.commit;
  if (offer.commit) ++secrets_[name].calls;
  call.priority = offer.priority;

  set_bytes(requester, call, bytes_of(offer, invocation));

  auto job = std::make_shared<Job>(std::move(name), std::move(invocation));
  job->requester = from.peer;
  job->blocks = std::move(offer.blocks);

  ++calls_;
  if (standing == Standing::kStranger) ++strangers_.calls;
  ++unanswered_;
  ++from.calls;
  const Asker asker{from.peer, offer.call};
  Call& kept = requester.calls.emplace(offer.call, std::move(call)).first->second;
  accepts_.push_back({now_ns_ + limits_.accept_after_ns, asker});
  if (next_sweep_ns_ == UINT64_MAX) next_sweep_ns_ = now_ns_ + kSweepNs;
  join_or_begin(asker, kept, std::move(job));
}

ExecutorSide::Call* ExecutorSide::find(const Asker& asker) {
  const auto requester = requesters_.find(asker.peer);
  if (requester == requesters_.end()) return nullptr;
  const auto call = requester->second.calls.find(asker.call);
  return call == requester->second.calls.end() ? nullptr : &call->second;
}

void ExecutorSide::Fuel::refill(uint64_t now_ns, uint64_t a_minute) {
  const bool is_new = at_ns == 0;
  const double minutes = static_cast<double>(now_ns - at_ns) / kNsPerMinute;
  const double came = static_cast<double>(a_minute) * minutes;
  if (is_new || came >= static_cast<double>(a_minute) + static_cast<double>(owed)) {
    left = a_minute;
    owed = 0;
    at_ns = now_ns;
    return;
  }
  auto more = static_cast<uint64_t>(came);
  if (more == 0) return;
  const double not_whole = (came - static_cast<double>(more)) / static_cast<double>(a_minute);
  at_ns = now_ns - static_cast<uint64_t>(not_whole * kNsPerMinute);
  const uint64_t paid = std::min(owed, more);
  owed -= paid;
  more -= paid;
  left = more >= a_minute - std::min(a_minute, left) ? a_minute : left + more;
}

void ExecutorSide::Fuel::use(uint64_t fuel) {
  const uint64_t had = std::min(left, fuel);
  left -= had;
  owed += std::min(fuel - had, UINT64_MAX - owed);
}

ExecutorSide::Load ExecutorSide::load() const {
  return {to_fetch_.size() + to_run_.size(), running_ + fetching_, calls_ - unanswered_};
}

uint64_t ExecutorSide::next_tick_ns() const {
  return std::min(next_sweep_ns_, accepts_.empty() ? UINT64_MAX : accepts_.front().at_ns);
}

}  // namespace timerose::scheduler::execute
