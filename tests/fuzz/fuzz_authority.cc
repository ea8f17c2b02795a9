// UCAN tokens, containers of them, and policies: what is read is written as the same bytes, and
// looking at a policy ends.
#include "base/check.h"
#include "ipld/dag_cbor.h"
#include "scheduler/authority/container.h"

namespace {

using timerose::ByteView;
using timerose::Value;
namespace authority = timerose::scheduler::authority;

// The arguments are the policy itself: whatever it selects may be there.
void look_at_policy(const Value& value) {
  const auto policy = authority::Policy::parse(value);
  if (!policy.ok()) return;
  CHECK(policy->value() == value);
  (void)policy->check(value);
  (void)policy->check(Value(Value::Map{{"a", value}, {"b", 1}, {"c", "text"}}));
}

void look_at_token(ByteView bytes) {
  const auto token = authority::Token::decode(bytes);
  if (!token.ok()) return;
  CHECK(timerose::equal(token->bytes(), bytes));
  (void)token->verify();
  const authority::Delegation* delegation = token->delegation();
  if (delegation == nullptr) return;
  // Signed by another key it differs, but is as readable.
  const auto key = timerose::PrivateKey::from_seed({});
  const auto again = authority::Token::sign(*delegation, key);
  CHECK(again.ok() && again->verify().ok());
  const auto shared = std::make_shared<const authority::Token>(*again);
  const auto read =
      authority::read_container(timerose::as_bytes(authority::write_container({shared})));
  CHECK(read.ok() && read->size() == 1 && read->front()->cid() == again->cid());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView bytes(data, size);
  look_at_token(bytes);
  (void)authority::read_container(bytes);
  if (const auto value = timerose::dag_cbor::decode(bytes); value.ok()) look_at_policy(*value);
  return 0;
}
