#include "scheduler/execute/gate.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/duration.h"

namespace timerose::scheduler::execute {
namespace {

using authority::TokenRef;

}  // namespace

Refusal refuse_stranger(const PeerId& requester) {
  return {RefuseReason::kStranger,
          fmt::format("this node does not execute for {0}; its owner can allow it: `timerose trust "
                      "add --role requester {0}`, or `timerose trust delegate --to {0}`",
                      requester.to_string())};
}

bool Gate::is_trusted(const PeerId& key) const { return rules_.trust.has(key, Role::kRequester); }

// What the owner restricts is what others may have run. Who is trusted, or a stranger in open mode,
// needs no delegation, so that none is looked at.
Admission Gate::admit(const Asked& asked) {
  if (asked.requester == rules_.trust.self()) return Standing::kTrusted;
  const bool trusted = is_trusted(asked.requester);
  const bool needs_tokens =
      (!trusted && !asked.authority.empty()) || (!rules_.signers.empty() && asked.invocation);
  if (!trusted && !rules_.is_open && asked.authority.empty())
    return refuse_stranger(asked.requester);
  Tokens tokens;
  if (needs_tokens && !asked.authority.empty()) {
    if (fails_too_often(asked.requester)) {
      return Refusal{RefuseReason::kDenied,
                     "tokens of yours were wrong too often; they are looked at again in a second"};
    }
    auto read = this->read(asked.authority);
    if (!read.ok()) {
      note_failure(asked.requester);
      return Refusal{RefuseReason::kDenied, "tokens: " + read.error().message};
    }
    tokens = *std::move(read);
  }
  Standing standing = trusted ? Standing::kTrusted : Standing::kStranger;
  if (!trusted && !tokens.delegations.empty()) {
    if (auto allowed = check_delegations(asked, tokens.delegations); !allowed.ok()) {
      note_failure(asked.requester);
      return Refusal{RefuseReason::kDenied, allowed.error().message};
    }
    standing = Standing::kDelegate;
  }
  if (standing == Standing::kStranger && !rules_.is_open) return refuse_stranger(asked.requester);
  if (asked.invocation == nullptr) return standing;
  if (auto allowed = check_denied(*asked.invocation); !allowed.ok()) {
    return Refusal{RefuseReason::kDenied, allowed.error().message};
  }
  if (auto allowed = check_vouched(*asked.invocation, tokens.vouchers); !allowed.ok()) {
    if (!tokens.vouchers.empty()) note_failure(asked.requester);
    return Refusal{RefuseReason::kDenied, allowed.error().message};
  }
  return standing;
}

Result<Gate::Tokens> Gate::read(std::span<const Bytes> authority) {
  Tokens tokens;
  for (const Bytes& bytes : authority) {
    const auto known = verified_.find(Cid::of_sha256(Codec::kDagCbor, bytes));
    TokenRef token;
    if (known != verified_.end()) {
      token = known->second;
    } else {
      TR_ASSIGN(authority::Token fresh, authority::Token::decode(bytes));
      token = std::make_shared<const authority::Token>(std::move(fresh));
    }
    auto& kind = token->delegation() != nullptr ? tokens.delegations : tokens.vouchers;
    kind.push_back(std::move(token));
  }
  return tokens;
}

Status Gate::verify(const TokenRef& token) {
  if (verified_.contains(token->cid())) return success();
  TR_TRY(token->verify());
  if (verified_.size() >= kVerifiedMax || verified_bytes_ >= kVerifiedBytesMax) {
    verified_.clear();
    verified_bytes_ = 0;
  }
  verified_bytes_ += token->bytes().size();
  verified_.emplace(token->cid(), token);
  return success();
}

Status Gate::check_delegations(const Asked& asked, std::span<const TokenRef> chain) {
  // Policies are about a call, and a name alone does not say which.
  if (asked.invocation == nullptr) {
    return Error{ErrorCode::kPermission,
                 "who asks by delegation is told answers by offers only, not by a name"};
  }
  auto key = asked.requester.public_key();
  if (!key.ok()) return std::move(key).error();
  const Value arguments(authority::arguments_of(*asked.invocation, asked.terms));
  const authority::Grounds grounds{
      [this](const PublicKey& subject) { return is_trusted(PeerId::of(subject)); },
      rules_.revocations, [this](const TokenRef& token) { return verify(token); }};
  return authority::check_chain(
      chain, {*key, authority::kExecuteCommand, arguments, clock_.unix_ns() / kNsPerSecond},
      grounds);
}

Status Gate::check_denied(const compute::Invocation& invocation) const {
  if (rules_.denied.size() == 0) return success();
  const auto check = [this](const Cid& cid) -> Status {
    if (!rules_.denied.contains(cid.multihash_bytes())) return success();
    return Error{ErrorCode::kPermission,
                 fmt::format("{} is denied by this node's owner", cid.to_string())};
  };
  TR_TRY(check(invocation.module));
  for (const auto& [name, cid] : invocation.links) TR_TRY(check(cid));
  for (const Cid& cid : invocation.inputs) TR_TRY(check(cid));
  for (const auto& [path, cid] : invocation.mounts) TR_TRY(check(cid));
  return invocation.stdin_file ? check(*invocation.stdin_file) : success();
}

Status Gate::check_vouched(const compute::Invocation& invocation,
                           std::span<const TokenRef> vouchers) {
  if (rules_.signers.empty()) return success();
  const auto check = [&](const Cid& module) -> Status {
    if (is_vouched(module, vouchers) || is_vouched(module, rules_.vouchers)) return success();
    return Error{
        ErrorCode::kPermission,
        fmt::format("this node runs only modules that a key of its choice vouches for, and "
                    "there is no such statement about {}; the holder of such a key makes "
                    "one: `timerose function sign {}`",
                    module.to_string(), module.to_string())};
  };
  TR_TRY(check(invocation.module));
  for (const auto& [name, module] : invocation.links) TR_TRY(check(module));
  return success();
}

bool Gate::is_vouched(const Cid& module, std::span<const TokenRef> vouchers) {
  const uint64_t now_s = clock_.unix_ns() / kNsPerSecond;
  return std::ranges::any_of(vouchers, [&](const TokenRef& token) {
    const Cid* vouched = authority::vouched_module(*token);
    if (vouched == nullptr || *vouched != module) return false;
    const auto& expires_s = token->invocation()->expires_s;
    if ((expires_s && now_s > *expires_s) || rules_.revocations.has(token->cid())) return false;
    return std::ranges::find(rules_.signers, token->issuer()) != rules_.signers.end() &&
           verify(token).ok();
  });
}

bool Gate::fails_too_often(const PeerId& requester) {
  const auto found = failing_.find(requester);
  if (found == failing_.end()) return false;
  if (clock_.monotonic_ns() - found->second.since_ns >= kFailuresOfNs) {
    failing_.erase(found);
    return false;
  }
  return found->second.count >= kFailuresMax;
}

void Gate::note_failure(const PeerId& requester) {
  if (failing_.size() >= kFailingMax) failing_.clear();
  Failures& failures = failing_[requester];
  if (failures.count++ == 0) failures.since_ns = clock_.monotonic_ns();
}

}  // namespace timerose::scheduler::execute
