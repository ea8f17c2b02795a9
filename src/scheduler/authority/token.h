// Tokens of UCAN 1.0 (github.com/ucan-wg/spec): a delegation, which hands authority on, and an
// invocation, which here only states something. Both are signed by an Ed25519 key, whose name is a
// did:key.
//
// A token is the DAG-CBOR of [signature, {"h": varsig header, "ucan/dlg@1.0.0": payload}]. Reading
// is strict: other encodings, unknown fields (one could be a restriction), other kinds of key and
// other DIDs are refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "crypto/key.h"
#include "ipld/value.h"
#include "multiformats/cid.h"
#include "scheduler/authority/policy.h"

namespace timerose::scheduler::authority {

inline constexpr size_t kTokenBytesMax = 16U << 10;
inline constexpr size_t kNonceBytesMax = 64;
inline constexpr size_t kNonceBytes = 12;  // of our own
inline constexpr size_t kCommandBytesMax = 256;
inline constexpr size_t kProofsMax = 16;
// Seconds since 1970 that every implementation has exactly.
inline constexpr uint64_t kTimeMax = (1ULL << 53) - 1;

// "May do `command` with the subject's things, if `policy` holds of the arguments."
struct Delegation {
  PublicKey issuer;
  PublicKey audience;
  std::optional<PublicKey> subject;  // absent: that of the delegation before it
  std::string command;
  Policy policy;
  Bytes nonce;
  std::optional<Value::Map> meta;
  std::optional<uint64_t> not_before_s;
  std::optional<uint64_t> expires_s;  // the last second at which it holds; absent: never
};

struct Invocation {
  PublicKey issuer;
  PublicKey subject;
  std::optional<PublicKey> audience;
  std::string command;
  Value::Map arguments;
  std::vector<Cid> proofs;  // the root first
  Bytes nonce;
  std::optional<Value::Map> meta;
  std::optional<uint64_t> expires_s;
  std::optional<uint64_t> issued_s;
  std::optional<Cid> cause;
};

class Token {
 public:
  // The signature is not looked at yet. kMalformed, kUnsupported or kLimitExceeded say what it is
  // instead.
  static Result<Token> decode(ByteView bytes);
  // Signed by the key of its issuer, which is filled in. kLimitExceeded if it is over a limit.
  static Result<Token> sign(Delegation delegation, const PrivateKey& key);
  static Result<Token> sign(Invocation invocation, const PrivateKey& key);

  // kMismatch if it is not its issuer who signed it.
  [[nodiscard]] Status verify() const;

  [[nodiscard]] ByteView bytes() const { return bytes_; }
  [[nodiscard]] const Cid& cid() const { return cid_; }
  // Null if it is the other kind.
  [[nodiscard]] const Delegation* delegation() const { return std::get_if<Delegation>(&body_); }
  [[nodiscard]] const Invocation* invocation() const { return std::get_if<Invocation>(&body_); }
  [[nodiscard]] const PublicKey& issuer() const;

 private:
  using Body = std::variant<Delegation, Invocation>;
  Token(Bytes bytes, Body body);
  static Result<Token> sign_body(Body body, const PrivateKey& key);

  Bytes bytes_;
  Cid cid_;
  Body body_;
};

// "zdpu...": how the specification writes the CIDs of tokens.
std::string token_name(const Cid& cid);

Bytes fresh_nonce(Random& random);

// Whether who may do `wide` may do `narrow`: "/a" covers "/a" and "/a/b", "/" covers all.
bool command_covers(std::string_view wide, std::string_view narrow);

}  // namespace timerose::scheduler::authority
