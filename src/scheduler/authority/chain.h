// Whether a chain of delegations allows a call (UCAN Delegation 1.0, Token Validation).
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "crypto/key.h"
#include "ipld/value.h"
#include "multiformats/cid.h"
#include "scheduler/authority/token.h"

namespace timerose::scheduler::authority {

// Delegations of a chain.
inline constexpr size_t kChainMax = 8;

using TokenRef = std::shared_ptr<const Token>;

// CIDs of tokens that hold no more, and neither does what was handed on by them.
class Revocations {
 public:
  static constexpr size_t kMax = 1'000'000;

  // kLimitExceeded if there are kMax.
  Status add(const Cid& token);
  [[nodiscard]] bool has(const Cid& token) const { return revoked_.contains(token.as_v1()); }

 private:
  std::unordered_set<Cid> revoked_;
};

// A call, as the chain is asked about it.
struct Question {
  PublicKey requester;
  std::string_view command;
  const Value& arguments;
  uint64_t now_s = 0;  // since 1970
};

// What the answer rests on beside the chain.
struct Grounds {
  // Whose things may be handed on: the subject of the chain.
  std::function<bool(const PublicKey&)> is_subject;
  const Revocations& revocations;
  // Empty: Token::verify; else what remembers the answer.
  std::function<Status(const TokenRef&)> verify = {};
};

// The chain begins with the delegation by the subject itself and ends with that to the requester.
// Checked are the links from each to the next, the commands, the times, the revocations, all
// signatures, and that every policy holds, so that nobody hands on more than was given. The error
// says which delegation is wrong, and how: kPermission, kMismatch (a signature) or kLimitExceeded.
Status check_chain(std::span<const TokenRef> chain, const Question& question,
                   const Grounds& grounds);

// Chains that are looked for among kept tokens, and steps of the search.
inline constexpr size_t kChainsMax = 64;
inline constexpr size_t kSearchStepsMax = 10'000;

// The chains that the delegations of `tokens` form from a subject to `requester`, at most
// kChainsMax. Only the links are looked at.
std::vector<std::vector<TokenRef>> find_chains(std::span<const TokenRef> tokens,
                                               const PublicKey& requester);

}  // namespace timerose::scheduler::authority
