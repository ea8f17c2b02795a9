#include "node/records/authority_records.h"

#include <fmt/format.h>

namespace timerose::node {
namespace {

using scheduler::authority::Token;
using scheduler::authority::TokenRef;

Status prepare_tokens(sqlite::Database& records) {
  TR_TRY(
      records.execute("CREATE TABLE IF NOT EXISTS ucan(cid BLOB PRIMARY KEY, token BLOB NOT NULL)"
                      " WITHOUT ROWID"));
  return records.execute(
      "CREATE TABLE IF NOT EXISTS ucan_revoked(cid BLOB PRIMARY KEY) WITHOUT ROWID");
}

}  // namespace

Result<std::vector<TokenRef>> load_tokens(sqlite::Database& records) {
  TR_TRY(prepare_tokens(records));
  std::vector<TokenRef> tokens;
  TR_ASSIGN(auto rows, records.prepare("SELECT token FROM ucan ORDER BY cid"));
  while (true) {
    TR_ASSIGN(const bool more, rows.step());
    if (!more) return tokens;
    auto token = Token::decode(rows.blob(0));
    if (!token.ok()) continue;  // of another version of this program
    tokens.push_back(std::make_shared<const Token>(*std::move(token)));
  }
}

Status keep_tokens(sqlite::Database& records, const std::vector<TokenRef>& tokens) {
  TR_TRY(prepare_tokens(records));
  TR_ASSIGN(auto transaction, records.begin());
  {
    TR_ASSIGN(auto keep, records.prepare("INSERT OR REPLACE INTO ucan VALUES (?1, ?2)"));
    for (const TokenRef& token : tokens) {
      keep.bind(1, token->cid().bytes()).bind(2, token->bytes());
      TR_TRY(keep.run());
      keep.reset();
    }
    TR_ASSIGN(auto count, records.prepare("SELECT count(*) FROM ucan"));
    TR_ASSIGN(const bool counted, count.step());
    if (counted && count.number(0) > static_cast<int64_t>(kKeptTokensMax)) {
      return Error{ErrorCode::kLimitExceeded,
                   fmt::format("{} tokens are the most that are kept; `timerose trust show` lists "
                               "them, and `timerose trust drop` makes room",
                               kKeptTokensMax)};
    }
  }
  return transaction.commit();
}

Result<bool> drop_token(sqlite::Database& records, const Cid& token) {
  TR_TRY(prepare_tokens(records));
  TR_ASSIGN(auto drop, records.prepare("DELETE FROM ucan WHERE cid = ?1"));
  drop.bind(1, token.bytes());
  TR_TRY(drop.run());
  return records.changes() > 0;
}

Result<std::vector<Cid>> load_revoked(sqlite::Database& records) {
  TR_TRY(prepare_tokens(records));
  std::vector<Cid> revoked;
  TR_ASSIGN(auto rows, records.prepare("SELECT cid FROM ucan_revoked ORDER BY cid"));
  while (true) {
    TR_ASSIGN(const bool more, rows.step());
    if (!more) return revoked;
    TR_ASSIGN(Cid cid, Cid::decode(rows.blob(0)));
    revoked.push_back(std::move(cid));
  }
}

Result<scheduler::authority::Revocations> load_revocations(sqlite::Database& records) {
  TR_ASSIGN(const auto revoked, load_revoked(records));
  scheduler::authority::Revocations revocations;
  for (const Cid& cid : revoked) TR_TRY(revocations.add(cid));
  return revocations;
}

Status keep_revoked(sqlite::Database& records, const Cid& token) {
  TR_ASSIGN(auto revocations, load_revocations(records));
  TR_TRY(revocations.add(token));
  TR_ASSIGN(auto keep, records.prepare("INSERT OR IGNORE INTO ucan_revoked VALUES (?1)"));
  keep.bind(1, token.as_v1().bytes());
  return keep.run();
}

}  // namespace timerose::node
