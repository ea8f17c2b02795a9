// UCANs as people read them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "scheduler/authority/chain.h"

namespace timerose::cli {

// cid, kind ("delegation", "voucher" or "invocation"), from, to, subject, command, policy,
// function, not_before, expires, state ("good", "expired", "not yet" or "revoked"): those that it
// has.
nlohmann::ordered_json token_json(const scheduler::authority::Token& token,
                                  const scheduler::authority::Revocations& revocations,
                                  uint64_t now_s);
// The same in a line.
std::string token_line(const nlohmann::ordered_json& token);

}  // namespace timerose::cli
