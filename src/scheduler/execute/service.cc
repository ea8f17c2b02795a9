#include "scheduler/execute/service.h"

#include <utility>

#include "scheduler/execute/service_state.h"

namespace timerose::scheduler::execute {

Service::Service(const Parts& parts, const ServiceOptions& options, GateRules rules)
    : state_(std::make_shared<State>(parts, options, std::move(rules))) {}

Service::~Service() { state_->end(); }

bool Service::on_event(const mesh::Event& event) { return state_->on_event(event); }
void Service::stop() { state_->end(); }
ExecutorSide::Load Service::load() const { return state_->executor_side.load(); }
std::vector<ExecutorSide::Queued> Service::queue() const { return state_->executor_side.queue(); }

void Service::set_rules(GateRules rules) {
  state_->parts.loop.post([weak = std::weak_ptr(state_), rules = std::move(rules)]() mutable {
    if (const auto state = weak.lock()) state->view.gate().set(std::move(rules));
  });
}

void Service::set_trust(TrustList trust) {
  state_->parts.loop.post([weak = std::weak_ptr(state_), trust = std::move(trust)]() mutable {
    if (const auto state = weak.lock()) state->view.gate().set_trust(std::move(trust));
  });
}

void Service::set_credentials(std::vector<authority::TokenRef> tokens) {
  state_->parts.loop.post([weak = std::weak_ptr(state_), tokens = std::move(tokens)]() mutable {
    if (const auto state = weak.lock()) state->credentials.set(std::move(tokens));
  });
}

template <typename Question>
CallNumber Service::ask_any(const PeerId& executor, Question question, OnUpdate on_update,
                            Patience patience) {
  const CallNumber number = ++state_->numbers;
  question.call = number;
  state_->questions->put(
      {number, Ask{executor, std::move(question), patience}, std::move(on_update)});
  return number;
}

CallNumber Service::ask(const PeerId& executor, Offer offer, OnUpdate on_update,
                        Patience patience) {
  return ask_any(executor, std::move(offer), std::move(on_update), patience);
}

CallNumber Service::ask(const PeerId& executor, Probe probe, OnUpdate on_update) {
  return ask_any(executor, std::move(probe), std::move(on_update));
}

CallNumber Service::ask(const PeerId& executor, Known known, OnUpdate on_update) {
  return ask_any(executor, std::move(known), std::move(on_update));
}

void Service::reveal(std::vector<CallNumber> calls) {
  state_->parts.loop.post([weak = std::weak_ptr(state_), calls = std::move(calls)]() mutable {
    const auto state = weak.lock();
    if (state && !state->stopped) state->requester_step(RevealCalls{std::move(calls)});
  });
}

void Service::give_up(CallNumber call) {
  state_->parts.loop.post([weak = std::weak_ptr(state_), call] {
    const auto state = weak.lock();
    if (state && !state->stopped) state->requester_step(GiveUp{call});
  });
}

}  // namespace timerose::scheduler::execute
