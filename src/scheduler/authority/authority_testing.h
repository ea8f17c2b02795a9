// Keys, delegations and chains for tests.
#pragma once

#include <gtest/gtest.h>

#include "ipld/dag_json.h"
#include "multiformats/peer_id.h"
#include "scheduler/authority/call.h"
#include "scheduler/authority/chain.h"
#include "scheduler/testing.h"

namespace timerose::scheduler::authority::testing_support {

using scheduler::testing::key_of;

inline PublicKey public_key(uint8_t number) { return key_of(number).public_key(); }

inline constexpr uint64_t kNow = 1'800'000'000;

inline Policy policy(std::string_view json) {
  return Policy::parse(dag_json::decode(as_bytes(json)).value()).value();
}

// From key number `from` to key number `to`, about what key number `subject` owns.
inline Delegation delegation(uint8_t to, uint8_t subject, std::string_view pol = "[]") {
  Delegation out;
  out.audience = public_key(to);
  out.subject = public_key(subject);
  out.command = kExecuteCommand;
  out.policy = policy(pol);
  out.nonce = Bytes(kNonceBytes, to);
  out.expires_s = kNow + 1000;
  return out;
}

inline TokenRef signed_by(uint8_t key, Delegation body) {
  auto token = Token::sign(std::move(body), key_of(key));
  EXPECT_TRUE(token.ok()) << token.error().message;
  return std::make_shared<const Token>(*std::move(token));
}

}  // namespace timerose::scheduler::authority::testing_support
