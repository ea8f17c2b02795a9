#include "scheduler/authority/token.h"

#include <fmt/format.h>

#include <algorithm>

#include "compute/fields.h"
#include "ipld/dag_cbor.h"
#include "multiformats/peer_id.h"
#include "scheduler/authority/envelope.h"

namespace timerose::scheduler::authority {
namespace {

using compute::Fields;

Error malformed_token(std::string_view what) {
  return {ErrorCode::kMalformed, fmt::format("UCAN: {}", what)};
}

Result<PublicKey> read_did(std::string_view name, const Value& value) {
  const std::string* did = value.as_string();
  if (did == nullptr) {
    return malformed_token(
        fmt::format("{}: expected a DID; found a {}", name, kind_name(value.kind())));
  }
  auto key = did_key_parse(*did);
  if (!key.ok()) {
    return Error{ErrorCode::kUnsupported,
                 fmt::format("UCAN: {}: only did:key of Ed25519 keys is understood: {}", name,
                             key.error().message)};
  }
  if (did_key_format(*key) != *did) {
    return malformed_token(fmt::format("{}: not the one way to write this did:key", name));
  }
  return key;
}

Result<PublicKey> read_did(Fields& fields, std::string_view name) {
  TR_ASSIGN(const Value* value, fields.required(name));
  return read_did(name, *value);
}

Result<std::optional<uint64_t>> read_time(std::string_view name, const Value* value) {
  if (value == nullptr || value->is(Value::Kind::kNull)) return std::optional<uint64_t>();
  const Value::Integer* time_s = value->as_integer();
  if (time_s == nullptr || *time_s < 0 || *time_s > Value::Integer{kTimeMax}) {
    return malformed_token(fmt::format("{}: expected seconds since 1970 in 53 bits", name));
  }
  return std::optional(static_cast<uint64_t>(*time_s));
}

// A field that may be left out, but not null.
Result<std::optional<uint64_t>> read_optional_time(Fields& fields, std::string_view name) {
  const Value* value = fields.optional(name);
  if (value != nullptr && value->is(Value::Kind::kNull)) {
    return malformed_token(fmt::format("{}: null; it must then be left out", name));
  }
  return read_time(name, value);
}

Result<std::optional<uint64_t>> read_expiry(Fields& fields) {
  TR_ASSIGN(const Value* value, fields.required("exp"));
  return read_time("exp", value);
}

Result<std::string> read_command(Fields& fields) {
  TR_ASSIGN(std::string command, fields.text("cmd"));
  const bool upper = std::ranges::any_of(command, [](char c) { return c >= 'A' && c <= 'Z'; });
  const bool ends = command.size() > 1 && command.ends_with('/');
  if (!command.starts_with('/') || ends || upper || command.find("//") != std::string::npos ||
      command.size() > kCommandBytesMax) {
    return malformed_token(fmt::format("cmd: expected lower-case words like /a/b, at most {} bytes",
                                       kCommandBytesMax));
  }
  return command;
}

Result<Bytes> read_nonce(Fields& fields) {
  TR_ASSIGN(Bytes nonce, fields.bytes("nonce"));
  if (nonce.size() <= kNonceBytesMax) return nonce;
  return Error{ErrorCode::kLimitExceeded,
               fmt::format("UCAN: nonce: {} bytes; {} is the most", nonce.size(), kNonceBytesMax)};
}

Result<Value::Map> read_map(std::string_view name, const Value& value) {
  if (const Value::Map* map = value.as_map()) return *map;
  return malformed_token(fmt::format("{}: expected a map", name));
}

Result<std::optional<Value::Map>> read_meta(Fields& fields) {
  const Value* value = fields.optional("meta");
  if (value == nullptr) return std::optional<Value::Map>();
  TR_ASSIGN(Value::Map map, read_map("meta", *value));
  return std::optional(std::move(map));
}

Result<std::vector<Cid>> read_proofs(Fields& fields) {
  TR_ASSIGN(const Value* value, fields.required("prf"));
  const Value::List* list = value->as_list();
  if (list == nullptr || list->size() > kProofsMax) {
    return malformed_token(fmt::format("prf: expected a list of at most {} links", kProofsMax));
  }
  std::vector<Cid> proofs;
  for (const Value& item : *list) {
    if (item.as_link() == nullptr) return malformed_token("prf: expected links");
    proofs.push_back(*item.as_link());
  }
  return proofs;
}

Result<Delegation> read_delegation(Fields fields) {
  Delegation out;
  TR_ASSIGN(out.issuer, read_did(fields, "iss"));
  TR_ASSIGN(out.audience, read_did(fields, "aud"));
  TR_ASSIGN(const Value* subject, fields.required("sub"));
  if (!subject->is(Value::Kind::kNull)) {
    TR_ASSIGN(out.subject, read_did("sub", *subject));
  }
  TR_ASSIGN(out.command, read_command(fields));
  TR_ASSIGN(const Value* policy, fields.required("pol"));
  TR_ASSIGN(out.policy, Policy::parse(*policy));
  TR_ASSIGN(out.nonce, read_nonce(fields));
  TR_ASSIGN(out.meta, read_meta(fields));
  TR_ASSIGN(out.not_before_s, read_optional_time(fields, "nbf"));
  TR_ASSIGN(out.expires_s, read_expiry(fields));
  TR_TRY(fields.finish());
  return out;
}

Result<Invocation> read_invocation(Fields fields) {
  Invocation out;
  TR_ASSIGN(out.issuer, read_did(fields, "iss"));
  TR_ASSIGN(out.subject, read_did(fields, "sub"));
  if (const Value* audience = fields.optional("aud")) {
    TR_ASSIGN(out.audience, read_did("aud", *audience));
  }
  TR_ASSIGN(out.command, read_command(fields));
  TR_ASSIGN(const Value* arguments, fields.required("args"));
  TR_ASSIGN(out.arguments, read_map("args", *arguments));
  TR_ASSIGN(out.proofs, read_proofs(fields));
  TR_ASSIGN(out.nonce, read_nonce(fields));
  TR_ASSIGN(out.meta, read_meta(fields));
  TR_ASSIGN(out.expires_s, read_expiry(fields));
  TR_ASSIGN(out.issued_s, read_optional_time(fields, "iat"));
  TR_ASSIGN(out.cause, fields.optional_link("cause"));
  TR_TRY(fields.finish());
  return out;
}

// The two fields of what is signed.
struct Signed {
  const Value* header;
  std::string_view tag;
  const Value* payload;
};

Result<Signed> open(const Value& envelope) {
  const Value::List* pair = envelope.as_list();
  if (pair == nullptr || pair->size() != 2) return malformed_token("expected a list of two");
  const Value::Map* map = (*pair)[1].as_map();
  const Value* header = (*pair)[1].find("h");
  if (map == nullptr || map->size() != 2 || header == nullptr) {
    return malformed_token("expected a map of a header and a payload");
  }
  const auto& [tag, payload] =
      *std::ranges::find_if(*map, [](const auto& e) { return e.first != "h"; });
  return Signed{header, tag, &payload};
}

Status check_header(const Value& header) {
  const Bytes* bytes = header.as_byte_string();
  if (bytes != nullptr && equal(*bytes, kVarsigHeader)) return success();
  return Error{ErrorCode::kUnsupported,
               "UCAN: only signatures by Ed25519 over DAG-CBOR are understood"};
}

}  // namespace

Token::Token(Bytes bytes, Body body)
    : bytes_(std::move(bytes)),
      cid_(Cid::of_sha256(Codec::kDagCbor, bytes_)),
      body_(std::move(body)) {}

Result<Token> Token::decode(ByteView bytes) {
  if (bytes.size() > kTokenBytesMax) {
    return Error{ErrorCode::kLimitExceeded,
                 fmt::format("UCAN: {} bytes; {} is the most", bytes.size(), kTokenBytesMax)};
  }
  auto envelope = dag_cbor::decode(bytes);
  if (!envelope.ok()) return malformed_token(envelope.error().message);
  TR_ASSIGN(const Signed content, open(*envelope));
  TR_TRY(check_header(*content.header));
  if (!equal(bytes.first(kEnvelopeHead.size()), kEnvelopeHead)) {
    return malformed_token("expected a signature of 64 bytes");
  }
  if (content.tag == kDelegationTag || content.tag == kDelegationTagBefore) {
    TR_ASSIGN(Fields fields, Fields::of(*content.payload, "UCAN delegation"));
    TR_ASSIGN(Delegation delegation, read_delegation(std::move(fields)));
    return Token(to_bytes(bytes), std::move(delegation));
  }
  if (content.tag == kInvocationTag || content.tag == kInvocationTagBefore) {
    TR_ASSIGN(Fields fields, Fields::of(*content.payload, "UCAN invocation"));
    TR_ASSIGN(Invocation invocation, read_invocation(std::move(fields)));
    return Token(to_bytes(bytes), std::move(invocation));
  }
  return Error{ErrorCode::kUnsupported,
               fmt::format("UCAN: a token of the kind '{}'; delegations and invocations of version "
                           "1.0 are understood",
                           content.tag.substr(0, kCommandBytesMax))};
}

const PublicKey& Token::issuer() const {
  return std::visit([](const auto& one) -> const PublicKey& { return one.issuer; }, body_);
}

Status Token::verify() const {
  const ByteView all = bytes_;
  const ByteView signature = all.subspan(kEnvelopeHead.size(), std::tuple_size_v<Signature>);
  if (issuer().verify(all.subspan(kSignedFrom), signature)) return success();
  return Error{ErrorCode::kMismatch, fmt::format("UCAN {} is not signed by {}", token_name(cid_),
                                                 did_key_format(issuer()))};
}

std::string token_name(const Cid& cid) { return cid.to_string(Multibase::kBase58Btc); }

bool command_covers(std::string_view wide, std::string_view narrow) {
  if (wide == "/") return true;
  return narrow.starts_with(wide) && (narrow.size() == wide.size() || narrow[wide.size()] == '/');
}

}  // namespace timerose::scheduler::authority
