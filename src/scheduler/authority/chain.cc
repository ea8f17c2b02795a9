#include "scheduler/authority/chain.h"

#include <fmt/format.h>

#include <algorithm>

#include "multiformats/peer_id.h"

namespace timerose::scheduler::authority {
namespace {

Error refused(const Token& token, std::string_view why) {
  return {ErrorCode::kPermission, fmt::format("delegation {}: {}", token_name(token.cid()), why)};
}

// That the tokens are delegations, each to the issuer of the next.
Status check_links(std::span<const TokenRef> chain, const PublicKey& requester) {
  for (size_t i = 0; i < chain.size(); ++i) {
    const Delegation* delegation = chain[i]->delegation();
    if (delegation == nullptr) return refused(*chain[i], "it is none, but an invocation");
    const bool last = i + 1 == chain.size();
    const PublicKey& next = last ? requester : chain[i + 1]->issuer();
    if (delegation->audience == next) continue;
    return refused(*chain[i],
                   fmt::format("it is for {}, but {} by {}", did_key_format(delegation->audience),
                               last ? "used" : "handed on", did_key_format(next)));
  }
  return success();
}

// That all are about what the first one's issuer owns, and that this is one whose things may be
// handed on.
Status check_subject(std::span<const TokenRef> chain, const Grounds& grounds) {
  const Delegation& root = *chain.front()->delegation();
  if (!root.subject || *root.subject != root.issuer) {
    return refused(*chain.front(), "a chain begins with a delegation by the subject itself");
  }
  for (const TokenRef& token : chain) {
    const auto& subject = token->delegation()->subject;
    if (!subject || *subject == *root.subject) continue;
    return refused(*token, fmt::format("its subject is {}, but that of the chain is {}",
                                       did_key_format(*subject), did_key_format(*root.subject)));
  }
  if (grounds.is_subject(*root.subject)) return success();
  return refused(*chain.front(), fmt::format("this node is not {}, nor does it execute for it",
                                             did_key_format(*root.subject)));
}

Status check_commands(std::span<const TokenRef> chain, std::string_view command) {
  for (size_t i = 0; i < chain.size(); ++i) {
    const std::string& given = chain[i]->delegation()->command;
    const bool last = i + 1 == chain.size();
    const std::string_view next = last ? command : chain[i + 1]->delegation()->command;
    if (command_covers(given, next)) continue;
    return refused(*chain[i], fmt::format("it is for {}, which does not cover {}", given, next));
  }
  return success();
}

Status check_times(const Token& token, uint64_t now_s) {
  const Delegation& delegation = *token.delegation();
  if (delegation.not_before_s && now_s < *delegation.not_before_s) {
    return refused(token, fmt::format("it holds from {} on (seconds since 1970), and it is {}",
                                      *delegation.not_before_s, now_s));
  }
  if (delegation.expires_s && now_s > *delegation.expires_s) {
    return refused(token, fmt::format("it expired at {} (seconds since 1970), and it is {}",
                                      *delegation.expires_s, now_s));
  }
  return success();
}

Status check_in_force(std::span<const TokenRef> chain, const Grounds& grounds, uint64_t now_s) {
  for (const TokenRef& token : chain) {
    if (grounds.revocations.has(token->cid())) return refused(*token, "it is revoked");
    TR_TRY(check_times(*token, now_s));
  }
  return success();
}

Status check_policies(std::span<const TokenRef> chain, const Value& arguments) {
  for (const TokenRef& token : chain) {
    auto held = token->delegation()->policy.check(arguments);
    if (held.ok()) continue;
    return Error{held.error().code, refused(*token, held.error().message).message};
  }
  return success();
}

}  // namespace

Status Revocations::add(const Cid& token) {
  if (revoked_.size() >= kMax && !has(token)) {
    return Error{ErrorCode::kLimitExceeded, fmt::format("{} revocations are the most", kMax)};
  }
  revoked_.insert(token.as_v1());
  return success();
}

// What costs least is looked at first, and the first signature is that of the subject: who has none
// of its delegations costs one verification at most.
Status check_chain(std::span<const TokenRef> chain, const Question& question,
                   const Grounds& grounds) {
  if (chain.empty()) {
    return Error{ErrorCode::kPermission,
                 fmt::format("there is no delegation to {}", did_key_format(question.requester))};
  }
  if (chain.size() > kChainMax) {
    return Error{ErrorCode::kLimitExceeded,
                 fmt::format("a chain of {} delegations; {} is the most", chain.size(), kChainMax)};
  }
  TR_TRY(check_links(chain, question.requester));
  TR_TRY(check_subject(chain, grounds));
  TR_TRY(check_commands(chain, question.command));
  TR_TRY(check_in_force(chain, grounds, question.now_s));
  for (const TokenRef& token : chain) {
    TR_TRY(grounds.verify ? grounds.verify(token) : token->verify());
  }
  return check_policies(chain, question.arguments);
}

namespace {

// From the requester back to subjects.
class Search {
 public:
  explicit Search(std::span<const TokenRef> tokens) : tokens_(tokens) {}

  std::vector<std::vector<TokenRef>> to(const PublicKey& requester) && {
    extend(requester);
    return std::move(found_);
  }

 private:
  void extend(const PublicKey& audience) {
    for (const TokenRef& token : tokens_) {
      if (++steps_ > kSearchStepsMax || found_.size() == kChainsMax) return;
      const Delegation* delegation = token->delegation();
      if (delegation == nullptr || delegation->audience != audience) continue;
      if (std::ranges::find(backwards_, token) != backwards_.end()) continue;
      backwards_.push_back(token);
      if (delegation->subject && *delegation->subject == delegation->issuer) {
        found_.emplace_back(backwards_.rbegin(), backwards_.rend());
      } else if (backwards_.size() < kChainMax) {
        extend(delegation->issuer);
      }
      backwards_.pop_back();
    }
  }

  std::span<const TokenRef> tokens_;
  std::vector<TokenRef> backwards_;
  std::vector<std::vector<TokenRef>> found_;
  size_t steps_ = 0;
};

}  // namespace

std::vector<std::vector<TokenRef>> find_chains(std::span<const TokenRef> tokens,
                                               const PublicKey& requester) {
  return Search(tokens).to(requester);
}

}  // namespace timerose::scheduler::authority
