// A call of the mesh as UCAN sees it: the command `/timerose/execute` and its arguments; and the
// statement by which a key vouches for a module.
#pragma once

#include <string_view>

#include "base/random.h"
#include "compute/invocation.h"
#include "crypto/key.h"
#include "ipld/value.h"
#include "scheduler/authority/chain.h"

namespace timerose::scheduler::authority {

inline constexpr std::string_view kExecuteCommand = "/timerose/execute";
inline constexpr std::string_view kVouchCommand = "/timerose/function/vouch";

// What is asked beside the Invocation.
struct Terms {
  uint64_t fuel = 0;
  uint64_t deadline_ms = 0;  // 0: none
  uint32_t priority = 1;
};

// The arguments that policies are about (docs/reference/authority.md): function, abi, entry, args,
// env, inputs, mounts, links, stdin, seed, memory, fuel, deadline, priority. All are always there.
Value::Map arguments_of(const compute::Invocation& invocation, const Terms& terms);

// "I vouch for this module": an invocation by the signer about itself, with the one argument
// `function`.
Result<Token> vouch_for(const Cid& module, std::optional<uint64_t> expires_s, const PrivateKey& key,
                        Random& random);
// The module that such a statement is about; null for any other token. Times and the signature are
// the caller's to look at.
const Cid* vouched_module(const Token& token);

}  // namespace timerose::scheduler::authority
