// What this node keeps of UCANs: tokens (delegations to it, and statements that vouch for modules)
// and the CIDs of those that are revoked here.
#pragma once

#include <vector>

#include "base/sqlite.h"
#include "scheduler/authority/chain.h"

namespace timerose::node {

// Tokens that are kept.
inline constexpr size_t kKeptTokensMax = 4096;

Result<std::vector<scheduler::authority::TokenRef>> load_tokens(sqlite::Database& records);
// All or none. kLimitExceeded if there would be too many.
Status keep_tokens(sqlite::Database& records,
                   const std::vector<scheduler::authority::TokenRef>& tokens);
// Whether it was kept.
Result<bool> drop_token(sqlite::Database& records, const Cid& token);

Result<std::vector<Cid>> load_revoked(sqlite::Database& records);
Result<scheduler::authority::Revocations> load_revocations(sqlite::Database& records);
// For ever: a revocation is never taken back.
Status keep_revoked(sqlite::Database& records, const Cid& token);

}  // namespace timerose::node
