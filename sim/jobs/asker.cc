#include "sim/jobs/asker.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/check.h"
#include "compute/receipt.h"
#include "scheduler/adverts/warm_set.h"
#include "sim/jobs/advertiser.h"
#include "sim/jobs/mesh_node.h"

namespace timerose::sim::jobs {
namespace {

namespace execute = scheduler::execute;
using namespace scheduler::jobs;  // NOLINT(google-build-using-namespace): its events and actions
using scheduler::ContentKey;
using scheduler::NodeRef;
using scheduler::verify::Policy;
using scheduler::verify::Seen;
using scheduler::verify::Standing;

// How long the routing takes to say who holds something.
constexpr uint64_t kRoutingMinNs = 20 * kMillisecond;
constexpr uint64_t kRoutingMaxNs = 250 * kMillisecond;
constexpr size_t kProvidersMax = 8;  // that the routing names
constexpr uint64_t kExpireNs = kSecond;
constexpr uint64_t kWrittenEvery_ms = 30'000;  // to the disk
constexpr uint64_t kCallFuel = uint64_t{1} << 44;
// Tables are as large as this world needs.
constexpr size_t kFunctionsMax = 1024;

size_t table_size(const Scenario& scenario) {
  return std::min<size_t>(scenario.nodes, scheduler::AdvertTable::kNodesMax);
}
// As `timerose run` asks of a quorum unless it is told otherwise.
scheduler::Term apart_by_operator() {
  auto terms = scheduler::Requirement::parse("operator=any");
  CHECK(terms.ok());
  return std::move(terms->terms.front());
}
size_t objects_max(const Catalogue& catalogue) {
  return std::clamp<size_t>(catalogue.objects() * 2, 1024, scheduler::Holders::kObjectsMax);
}

}  // namespace

Asker::Asker(MeshWorld& world, NodeNumber self)
    : world_(world),
      self_(self),
      random_(world.dice.seed()),
      table_(*world.id_of(self).public_key(), random_, table_size(world.scenario)),
      holders_(random_.next(), objects_max(world.catalogue)),
      work_(random_.next(), kFunctionsMax),
      times_(random_.next(), kFunctionsMax),
      memo_yield_(random_.next(), kFunctionsMax),
      scores_({}),
      side_({}),
      last_call_(world.nodes[self]->life() << 32) {
  // Its own place, beside those of the table.
  self_ref_ =
      nodes_.update(static_cast<uint32_t>(table_size(world.scenario)),
                    std::make_shared<scheduler::Advert>(world.nodes[self]->advertiser().advert()));
  refs_.emplace(self, self_ref_);
  placer_ = std::make_unique<scheduler::Placer>(nodes_, holders_, work_, self_ref_, random_.next());
  expire();
}

Asker::~Asker() = default;

// --- The mesh ---

void Asker::hear(ByteView advert) { note(table_.hear(world_.unix_ms(self_), advert)); }

std::vector<KeptAdvert> Asker::kept(bool killed) const {
  std::vector<KeptAdvert> out;
  const uint64_t written_ms = world_.unix_ms(self_) - (killed ? kWrittenEvery_ms : 0);
  table_.for_each([&](scheduler::NodeSlot, const scheduler::AdvertTable::Known& known) {
    if (known.heard_unix_ms > written_ms) return;
    auto bytes = known.advert->encode();
    CHECK(bytes.ok());
    out.push_back({known.heard_unix_ms, *std::move(bytes)});
  });
  return out;
}

void Asker::hear_kept(const std::vector<KeptAdvert>& kept) {
  for (const KeptAdvert& one : kept) {
    note(table_.hear_kept(world_.unix_ms(self_), one.heard_unix_ms, one.bytes));
  }
}

void Asker::note(const scheduler::AdvertTable::Outcome& outcome) {
  if (outcome.removed) forget(*outcome.removed);
  if (!outcome.slot) return;
  const auto& known = table_.at(*outcome.slot);
  const NodeNumber node = world_.node_of(known.advert->peer());
  const NodeRef ref = nodes_.update(static_cast<uint32_t>(*outcome.slot), known.advert);
  nodes_.set_trusted(ref, world_.scenario.work.verify.policy == Policy::kTrust);
  refs_[node] = ref;
  node_at_[*outcome.slot] = node;
}

void Asker::forget(scheduler::NodeSlot slot) {
  const auto found = node_at_.find(slot);
  if (found == node_at_.end()) return;
  refs_.erase(found->second);
  node_at_.erase(found);
  nodes_.remove(static_cast<uint32_t>(slot));
}

// What it knows of itself is always new; what it knows of others is not.
void Asker::expire() {
  table_.expire(world_.unix_ms(self_), [this](scheduler::NodeSlot slot) { forget(slot); });
  nodes_.update(self_ref_.slot(),
                std::make_shared<scheduler::Advert>(world_.nodes[self_]->advertiser().advert()));
  world_.after(self_, kExpireNs, [this] { expire(); });
}

std::optional<NodeRef> Asker::ref_of(NodeNumber node) const {
  const auto found = refs_.find(node);
  if (found == refs_.end()) return std::nullopt;
  return found->second;
}

void Asker::hold(ObjectNumber object, NodeNumber holder) {
  if (const auto ref = ref_of(holder)) {
    holders_.add(ContentKey::of(world_.catalogue.object(object).cid), *ref);
  }
}

void Asker::measured_rate(NodeNumber from, double bytes_per_s) {
  if (const auto ref = ref_of(from)) nodes_.measured_rate(*ref, bytes_per_s);
}

// Who holds the function and its inputs, as the routing says; some of them are away.
void Asker::look_up(const compute::Invocation& call) {
  const auto look = [&](const Cid& cid) {
    const auto object = world_.catalogue.find(cid);
    if (!object) return;
    const std::vector<NodeNumber>& all = world_.catalogue.object(*object).holders;
    const size_t from = all.empty() ? 0 : world_.dice.below(all.size());
    for (size_t i = 0; i < std::min(all.size(), kProvidersMax); ++i) {
      hold(*object, all[(from + i) % all.size()]);
    }
    if (world_.catalogue.holds(self_, *object)) hold(*object, self_);
  };
  look(call.module);
  for (const Cid& input : call.inputs) look(input);
}

// --- Calls ---

void Asker::ask(const Question& question) {
  const JobNumber number = world_.books.begin(self_, world_.scenario.work.deadline_ms);
  auto block = question.call->encode();
  CHECK(block.ok());
  const Cid name = Cid::of_sha256(Codec::kDagCbor, *block);
  auto active = std::make_shared<Active>(number, question, *std::move(block), name);
  active->begun_ms = world_.now_ms();
  active_.emplace(number, std::move(active));
  world_.after(self_, world_.dice.between(kRoutingMinNs, kRoutingMaxNs),
               [this, number] { begin(number); });
}

void Asker::begin(JobNumber number) {
  const auto found = active_.find(number);
  if (found == active_.end()) return;
  const std::shared_ptr<Active> active = found->second;
  look_up(*active->question.call);
  JobOptions options;
  options.verify = active->question.wish;
  options.hedge = active->question.hedge;
  options.drawn = options.verify.is_quorum();
  if (options.drawn) options.apart = apart_by_operator();
  const uint64_t waited_ms = world_.now_ms() - active->begun_ms;
  const uint64_t deadline_ms = world_.scenario.work.deadline_ms;
  options.deadline_ms = deadline_ms - std::min(deadline_ms - 1, waited_ms);
  if (world_.scenario.work.placing == Placing::kOmniscient) {
    options.where = Where::kPeer;
    const auto node = world_.omniscient.place(self_, *active->question.call);
    options.peer = world_.id_of(node.value_or(self_));
  }
  if (world_.sabotage.options) world_.sabotage.options(options);
  const MeshKnowledge mesh{nodes_, *placer_, work_, times_, self_ref_, world_.id_of(self_)};
  active->job = std::make_unique<Job>(mesh, call_for(*active), std::move(options));
  carry_out(active, std::move(active->job->start(world_.now_ms())));
}

JobCall Asker::call_for(const Active& active) {
  const compute::Invocation& call = *active.question.call;
  JobCall out(active.name);
  out.function = ContentKey::of(call.module);
  out.function_mark = scheduler::WarmSet::mark_of(call.module);
  out.function_bytes = world_.catalogue.object(*world_.catalogue.find(call.module)).bytes;
  for (const Cid& input : call.inputs) {
    const auto object = world_.catalogue.find(input);
    out.inputs.push_back(
        {ContentKey::of(input), object ? world_.catalogue.object(*object).bytes : 0});
  }
  std::ranges::sort(out.inputs, std::greater(), &scheduler::CallInput::bytes);
  out.memory_bytes = call.memory_bytes_max;
  for (const PeerId& peer : scores_.avoided(world_.events.now_ns(), kAvoidedMax)) {
    if (const auto ref = ref_of(world_.node_of(peer))) out.avoided.push_back(*ref);
  }
  return out;
}

void Asker::cancel_one(uint64_t dice) {
  if (active_.empty()) return;
  auto one = active_.begin();
  std::advance(one, static_cast<ptrdiff_t>(dice % active_.size()));
  if (one->second->job) tell(one->first, CancelJob{});
}

void Asker::abandon_all() {
  for (const auto& [number, active] : active_) {
    world_.books.abandon(number);
    world_.free_holders.ended(active->name);
  }
}

void Asker::tell(JobNumber number, const JobEvent& event) {
  const auto found = active_.find(number);
  if (found == active_.end() || !found->second->job) return;
  const std::shared_ptr<Active> active = found->second;
  carry_out(active, std::move(active->job->step(world_.now_ms(), event)));
}

// What is told meanwhile may end the call; it stays here until its actions are carried out.
void Asker::carry_out(const std::shared_ptr<Active>& active, std::vector<JobAction> actions) {
  if (world_.sabotage.job) world_.sabotage.job(actions);
  for (const JobAction& action : actions) {
    std::visit([&](const auto& one) { on(*active, one); }, action);
  }
  wake(active);
}

void Asker::wake(const std::shared_ptr<Active>& active) {
  const auto next_ms = active->job->next_ms();
  if (!next_ms || *next_ms >= active->wakes_ms) return;
  active->wakes_ms = *next_ms;
  const uint64_t now_ms = world_.now_ms();
  const uint64_t in_ms = std::max<uint64_t>(1, *next_ms - std::min(*next_ms, now_ms));
  world_.after(self_, in_ms * kMillisecond, [this, active, at_ms = *next_ms] {
    if (active->wakes_ms != at_ms) return;
    active->wakes_ms = UINT64_MAX;
    tell(active->number, TimeIsUp{});
  });
}

execute::CallNumber Asker::number_of(Active& active, AttemptId attempt, const PeerId& executor) {
  const CallNumber call = ++last_call_;
  active.calls[attempt] = call;
  placed_.emplace(call, Placed{active.number, attempt, world_.node_of(executor)});
  return call;
}

void Asker::on(Active& active, const ProbeNode& action) {
  world_.free_holders.probed(active.name, self_, *active.question.call);
  const CallNumber call = number_of(active, action.attempt, action.peer);
  side(execute::Ask{action.peer, execute::Probe{call, active.block, {}}});
}

void Asker::on(Active& active, const RevealAnswers& action) {
  execute::RevealCalls reveal;
  for (const AttemptId attempt : action.attempts) {
    if (const auto call = active.calls.find(attempt); call != active.calls.end()) {
      reveal.calls.push_back(call->second);
    }
  }
  side(std::move(reveal));
}

void Asker::on(Active& active, const OfferCall& action) {
  world_.free_holders.offered(active.name, self_, *active.question.call);
  execute::Offer offer;
  offer.call = number_of(active, action.attempt, action.peer);
  offer.invocation = active.block;
  offer.fuel = kCallFuel;
  if (active.question.starved) {
    offer.fuel = truth_of(world_.catalogue, *active.question.call, active.name).fuel / 2;
  }
  offer.deadline_ms = action.deadline_ms;
  offer.receipt = world_.scenario.work.receipts || action.commit;
  offer.commit = action.commit;
  side(execute::Ask{action.peer, std::move(offer)});
}

// Nobody reads it here.
void Asker::on(Active& /*active*/, const TellWaiting& /*action*/) {}
void Asker::on(Active& /*active*/, const TellFewer& /*action*/) {}

void Asker::on(Active& active, const Withdraw& action) {
  const auto call = active.calls.find(action.attempt);
  if (call == active.calls.end()) return;
  placed_.erase(call->second);
  side(execute::GiveUp{call->second});
}

void Asker::on(Active& active, const EndJob& action) {
  const Ending& ending = action.ending;
  leave_search(active);
  world_.free_holders.ended(active.name);
  if (ending.how == How::kAnswered) {
    check_answer(active, ending);
    learn(active, ending);
  }
  world_.chronicle.note(self_, "ends as", static_cast<uint64_t>(ending.how));
  if (world_.chronicle.trace && ending.how != How::kAnswered) {
    fmt::print("              {}\n", ending.error.message);
  }
  static constexpr std::array kFates{Fate::kAnswered, Fate::kStopped, Fate::kFailed,
                                     Fate::kCancelled};
  world_.books.end(active.number, kFates[static_cast<size_t>(ending.how)]);
  active_.erase(active.number);
}

// --- Answers ---

void Asker::finished(const Placed& placed, const execute::Finish& finish) {
  const auto found = active_.find(placed.job);
  if (found == active_.end()) return;
  Active& active = *found->second;
  scheduler::verify::Answer answer = answer_of(placed.executor, finish);
  active.answers.insert_or_assign(placed.attempt, Given{placed.executor, answer.outcome});
  tell(placed.job, Answered{placed.attempt, std::move(answer), finish.cached, false});
}

scheduler::verify::Answer Asker::answer_of(NodeNumber node, const execute::Finish& finish) const {
  scheduler::verify::Answer answer{.executor = world_.id_of(node),
                                   .operator_name = operator_of(node),
                                   .standing = standing_of(node),
                                   .outcome = Cid::of_sha256(Codec::kDagCbor, finish.outcome),
                                   .receipt = std::nullopt,
                                   .metering = {}};
  if (!finish.receipt.empty()) {
    const auto receipt = compute::Receipt::decode(finish.receipt);
    CHECK(receipt.ok());
    answer.receipt = Cid::of_sha256(Codec::kDagCbor, finish.receipt);
    answer.metering = receipt->metering;
  }
  return answer;
}

Standing Asker::standing_of(NodeNumber node) const {
  if (node == self_) return Standing::kSelf;
  const bool trusted = world_.scenario.work.verify.policy == Policy::kTrust;
  return trusted ? Standing::kTrusted : Standing::kStranger;
}

// A wrong Outcome is believed only if as many liars met in one call as had to agree.
void Asker::check_answer(const Active& active, const Ending& ending) {
  const auto given = active.answers.find(ending.attempt);
  std::optional<Cid> believed;
  if (given != active.answers.end()) believed = given->second.outcome;
  if (ending.from_memo && !active.known.empty()) believed = active.known.front().outcome;
  if (!believed) {
    return world_.chronicle.fail(fmt::format("call {} ends with an answer that nobody gave",
                                             static_cast<uint32_t>(active.number)));
  }
  if (ending.from_memo) ++world_.books.totals.from_memo;
  const Truth truth = truth_of(world_.catalogue, *active.question.call, active.name);
  if (*believed == Cid::of_sha256(Codec::kDagCbor, truth.outcome)) {
    if (world_.scenario.work.follow > 0) world_.outputs.push_back(truth.output);
    return;
  }
  ++world_.books.totals.wrong;
  std::set<std::string> liars;
  for (const auto& [attempt, answer] : active.answers) {
    if (answer.outcome == *believed) liars.insert(operator_of(answer.node));
  }
  for (const Given& answer : active.known) {
    if (answer.outcome == *believed) liars.insert(operator_of(answer.node));
  }
  const auto& wish = active.question.wish;
  const bool confirmed_here = wish.policy == Policy::kSelf;
  if (!confirmed_here && liars.size() >= wish.quorum) return;
  world_.chronicle.fail(fmt::format(
      "node {} believes a wrong Outcome of call {}, though only {} operators said so and {} had to",
      self_, static_cast<uint32_t>(active.number), liars.size(), wish.quorum));
}

// What a node does when it has an answer: it remembers who has the output, who has the inputs now,
// and who lied.
void Asker::learn(const Active& active, const Ending& ending) {
  const compute::Invocation& call = *active.question.call;
  const ContentKey function = ContentKey::of(call.module);
  const auto note = [&](const std::vector<AttemptId>& attempts, Seen seen) {
    for (const AttemptId attempt : attempts) {
      const auto given = active.answers.find(attempt);
      if (given == active.answers.end() || given->second.node == self_) continue;
      scores_.note(world_.events.now_ns(), world_.id_of(given->second.node), function, seen);
    }
  };
  note(ending.losers, Seen::kFalseOutcome);
  world_.books.totals.caught += ending.losers.size();
  if (active.answers.size() > 1) note(ending.supporters, Seen::kGood);
  for (const auto& [attempt, given] : active.answers) {
    if (const auto module = world_.catalogue.find(call.module)) hold(*module, given.node);
    for (const Cid& input : call.inputs) {
      if (const auto object = world_.catalogue.find(input)) hold(*object, given.node);
    }
  }
}

void Asker::check_at_rest() {
  if (side_.calls() > 0) {
    world_.chronicle.fail(fmt::format("node {} waits for others after the end", self_));
  }
}

}  // namespace timerose::sim::jobs
