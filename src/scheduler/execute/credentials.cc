#include "scheduler/execute/credentials.h"

#include <algorithm>

#include "compute/invocation.h"

namespace timerose::scheduler::execute {
namespace {

using authority::TokenRef;
using Chain = std::vector<TokenRef>;

bool is_about(const compute::Invocation& invocation, const Cid& module) {
  return module == invocation.module || std::ranges::any_of(invocation.links, [&](const auto& one) {
           return one.second == module;
         });
}

// The best of the chains; null if there are none.
const Chain* best_of(const std::vector<Chain>& chains, const authority::Question& question,
                     const PeerId& executor) {
  const authority::Revocations none;
  const authority::Grounds grounds{[](const PublicKey&) { return true; }, none,
                                   [](const TokenRef&) { return success(); }};
  const auto worth = [&](const Chain& chain) {
    const bool own = PeerId::of(chain.front()->issuer()) == executor;
    const bool allows = authority::check_chain(chain, question, grounds).ok();
    return (allows ? 2 : 0) + (own ? 1 : 0);
  };
  const auto best = std::ranges::max_element(chains, {}, worth);
  return best == chains.end() ? nullptr : &*best;
}

}  // namespace

template <typename Question>
void Credentials::choose(Question& message, const authority::Terms& terms, const PeerId& executor,
                         uint64_t now_s) const {
  if (kept_.empty() && message.authority.empty()) return;
  const auto invocation = compute::Invocation::decode(message.invocation);
  if (!invocation.ok()) return;
  std::vector<TokenRef> tokens;
  for (const Bytes& bytes : message.authority) {
    auto token = authority::Token::decode(bytes);
    if (token.ok()) tokens.push_back(std::make_shared<const authority::Token>(*std::move(token)));
  }
  tokens.insert(tokens.end(), kept_.begin(), kept_.end());

  const Value arguments(authority::arguments_of(*invocation, terms));
  const auto chains = authority::find_chains(tokens, self_);
  const Chain* chain =
      best_of(chains, {self_, authority::kExecuteCommand, arguments, now_s}, executor);
  Chain shown = chain == nullptr ? Chain() : *chain;
  for (const TokenRef& token : tokens) {
    const Cid* module = authority::vouched_module(*token);
    if (module != nullptr && is_about(*invocation, *module)) shown.push_back(token);
  }
  message.authority.clear();
  size_t bytes = 0;
  for (const TokenRef& token : shown) {
    bytes += token->bytes().size();
    if (message.authority.size() == kTokensMax || bytes > kTokensBytesMax) return;
    message.authority.push_back(to_bytes(token->bytes()));
  }
}

void Credentials::add_to(Offer& offer, const PeerId& executor, uint64_t now_s) const {
  choose(offer, {offer.fuel, offer.deadline_ms, offer.priority}, executor, now_s);
}

void Credentials::add_to(Probe& probe, const PeerId& executor, uint64_t now_s) const {
  choose(probe, {}, executor, now_s);
}

}  // namespace timerose::scheduler::execute
