// Signing of tokens. Their reading: token.cc.
#include "ipld/dag_cbor.h"
#include "multiformats/peer_id.h"
#include "scheduler/authority/envelope.h"
#include "scheduler/authority/token.h"

namespace timerose::scheduler::authority {
namespace {

Value did_of(const std::optional<PublicKey>& key) {
  return key ? Value(did_key_format(*key)) : Value();
}

Value time_of(const std::optional<uint64_t>& time_s) { return time_s ? Value(*time_s) : Value(); }

void put_if(const std::optional<Value::Map>& map, const char* name, Value::Map& out) {
  if (map) out.emplace(name, *map);
}

void put_if(const std::optional<uint64_t>& number, const char* name, Value::Map& out) {
  if (number) out.emplace(name, *number);
}

Value payload_of(const Delegation& delegation) {
  Value::Map out{
      {"iss", did_key_format(delegation.issuer)}, {"aud", did_key_format(delegation.audience)},
      {"sub", did_of(delegation.subject)},        {"cmd", delegation.command},
      {"pol", delegation.policy.value()},         {"nonce", delegation.nonce},
      {"exp", time_of(delegation.expires_s)}};
  put_if(delegation.meta, "meta", out);
  put_if(delegation.not_before_s, "nbf", out);
  return out;
}

Value payload_of(const Invocation& invocation) {
  Value::List proofs(invocation.proofs.begin(), invocation.proofs.end());
  Value::Map out{{"iss", did_key_format(invocation.issuer)},
                 {"sub", did_key_format(invocation.subject)},
                 {"cmd", invocation.command},
                 {"args", invocation.arguments},
                 {"prf", std::move(proofs)},
                 {"nonce", invocation.nonce},
                 {"exp", time_of(invocation.expires_s)}};
  if (invocation.audience) out.emplace("aud", did_of(invocation.audience));
  if (invocation.cause) out.emplace("cause", *invocation.cause);
  put_if(invocation.meta, "meta", out);
  put_if(invocation.issued_s, "iat", out);
  return out;
}

}  // namespace

Result<Token> Token::sign_body(Body body, const PrivateKey& key) {
  std::visit([&](auto& one) { one.issuer = key.public_key(); }, body);
  const Value payload = std::visit([](const auto& one) { return payload_of(one); }, body);
  const std::string_view tag =
      std::holds_alternative<Delegation>(body) ? kDelegationTag : kInvocationTag;
  const Value::Map content{{"h", to_bytes(kVarsigHeader)}, {std::string(tag), payload}};
  TR_ASSIGN(const Bytes signed_part, dag_cbor::encode(content));
  const Signature signature = key.sign(signed_part);
  Bytes bytes = to_bytes(kEnvelopeHead);
  bytes.insert(bytes.end(), signature.begin(), signature.end());
  bytes.insert(bytes.end(), signed_part.begin(), signed_part.end());
  // What we would not take from others is not made either.
  return decode(bytes);
}

Result<Token> Token::sign(Delegation delegation, const PrivateKey& key) {
  return sign_body(std::move(delegation), key);
}

Result<Token> Token::sign(Invocation invocation, const PrivateKey& key) {
  return sign_body(std::move(invocation), key);
}

Bytes fresh_nonce(Random& random) {
  Bytes nonce(kNonceBytes);
  random.fill(nonce);
  return nonce;
}

}  // namespace timerose::scheduler::authority
