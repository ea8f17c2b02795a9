// For whom a node executes, and what: those whom its owner trusts, those to whom these delegate, in
// open mode anybody; and never what the owner denies, or what nobody trusted vouches for.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "blockstore/multihash_set.h"
#include "compute/invocation.h"
#include "scheduler/authority/call.h"
#include "scheduler/authority/chain.h"
#include "scheduler/execute/message.h"
#include "scheduler/execute/trust.h"

namespace timerose::scheduler::execute {

enum class Standing {
  kTrusted,   // our own key, or one with the role of a requester
  kDelegate,  // of such a key, for this call
  kStranger,  // nobody we know; open mode
};

// What is asked for.
struct Asked {
  const PeerId& requester;
  std::span<const Bytes> authority;       // tokens
  const compute::Invocation* invocation;  // null: only its name is known
  authority::Terms terms;
};

struct Refusal {
  RefuseReason reason;
  std::string why;  // and what would help
};
// To whom nobody here gave anything.
Refusal refuse_stranger(const PeerId& requester);
using Admission = std::variant<Standing, Refusal>;

// What the owner has decided.
struct GateRules {
  // Whom one trusts is the whole of the simplest rules.
  // NOLINTNEXTLINE(google-explicit-constructor)
  GateRules(TrustList of) : trust(std::move(of)) {}
  TrustList trust;
  bool is_open = false;
  MultihashSet denied;             // modules and data that are not used for others
  std::vector<PublicKey> signers;  // only modules that one of them vouches for; empty: any
  std::vector<authority::TokenRef> vouchers;  // statements that are kept here
  authority::Revocations revocations;
};

// Of one thread.
class Gate {
 public:
  // Of one requester, whose delegations or statements did not hold, in kFailuresOfNs. More are not
  // looked at until that has passed, so that a stranger cannot have us verify signatures all day.
  static constexpr uint32_t kFailuresMax = 16;
  static constexpr uint64_t kFailuresOfNs = 1'000'000'000;
  static constexpr size_t kFailingMax = 4096;  // requesters of whom this is remembered
  // Tokens whose signature is known to be right.
  static constexpr size_t kVerifiedMax = 4096;
  static constexpr size_t kVerifiedBytesMax = 4U << 20;

  // `clock` must outlive it.
  Gate(GateRules rules, Clock& clock) : rules_(std::move(rules)), clock_(clock) {}
  void set(GateRules rules) { rules_ = std::move(rules); }
  void set_trust(TrustList trust) { rules_.trust = std::move(trust); }

  // Whether the key may ask without tokens.
  [[nodiscard]] bool may_ask(const PeerId& requester) const {
    return rules_.is_open || is_trusted(requester);
  }
  [[nodiscard]] Admission admit(const Asked& asked);

 private:
  struct Tokens {
    std::vector<authority::TokenRef> delegations;
    std::vector<authority::TokenRef> vouchers;
  };
  struct Failures {
    uint64_t since_ns = 0;
    uint32_t count = 0;
  };

  [[nodiscard]] bool is_trusted(const PeerId& key) const;
  Result<Tokens> read(std::span<const Bytes> authority);
  Status verify(const authority::TokenRef& token);
  Status check_delegations(const Asked& asked, std::span<const authority::TokenRef> chain);
  [[nodiscard]] Status check_denied(const compute::Invocation& invocation) const;
  Status check_vouched(const compute::Invocation& invocation,
                       std::span<const authority::TokenRef> vouchers);
  bool is_vouched(const Cid& module, std::span<const authority::TokenRef> vouchers);
  [[nodiscard]] bool fails_too_often(const PeerId& requester);
  void note_failure(const PeerId& requester);

  GateRules rules_;
  Clock& clock_;
  std::unordered_map<Cid, authority::TokenRef> verified_;
  size_t verified_bytes_ = 0;
  std::map<PeerId, Failures> failing_;
};

}  // namespace timerose::scheduler::execute
