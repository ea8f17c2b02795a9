// What this node shows when it asks others: the delegations to it that it keeps, and statements by
// which keys vouch for modules.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "multiformats/peer_id.h"
#include "scheduler/authority/call.h"
#include "scheduler/execute/message.h"

namespace timerose::scheduler::execute {

class Credentials {
 public:
  explicit Credentials(const PublicKey& self) : self_(self) {}
  void set(std::vector<authority::TokenRef> tokens) { kept_ = std::move(tokens); }

  // Of what is kept, and of the tokens that the message itself brings, those that `executor` is to
  // be shown, in the message instead: a chain that allows the call, best one that begins with the
  // executor itself, and what vouches for the call's modules. If no chain allows it, one that says
  // why not. A message that brings none is left as it is when nothing is kept.
  void add_to(Offer& offer, const PeerId& executor, uint64_t now_s) const;
  void add_to(Probe& probe, const PeerId& executor, uint64_t now_s) const;

 private:
  template <typename Question>
  void choose(Question& message, const authority::Terms& terms, const PeerId& executor,
              uint64_t now_s) const;

  PublicKey self_;
  std::vector<authority::TokenRef> kept_;
};

}  // namespace timerose::scheduler::execute
