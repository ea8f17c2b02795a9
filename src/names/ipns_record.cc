#include "names/ipns_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>

#include "crypto/digest.h"
#include "crypto/rsa.h"
#include "ipld/dag_cbor.h"
#include "ipld/utf8.h"
#include "multiformats/protobuf.h"
#include "names/rfc3339.h"

namespace timerose::names {
namespace {

constexpr std::string_view kSignaturePrefix = "ipns-signature:";
constexpr std::string_view kRoutingPrefix = "/ipns/";
constexpr uint64_t kEndOfLife = 0;  // the one validity type there is
constexpr std::string_view kEndOfLifeName = "EOL";
// What an empty value stands for: the raw block of no bytes.
constexpr std::string_view kNothing = "/ipfs/bafkqaaa";

Error wrong(ErrorCode code, std::string_view what) {
  return Error{code, fmt::format("IPNS record: {}", what)};
}

Bytes join(std::initializer_list<ByteView> parts) {
  Bytes out;
  for (const ByteView part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

// The signed part as it is written, before it is given a meaning.
struct Data {
  Bytes value;
  Bytes validity;
  uint64_t validity_type = 0;
  uint64_t sequence = 0;
  uint64_t ttl = 0;

  [[nodiscard]] Bytes encode() const {
    Bytes out;
    dag_cbor::Writer writer(out);
    writer.map(5);
    writer.text("TTL");
    writer.integer(ttl);
    writer.text("Value");
    writer.bytes(value);
    writer.text("Sequence");
    writer.integer(sequence);
    writer.text("Validity");
    writer.bytes(validity);
    writer.text("ValidityType");
    writer.integer(validity_type);
    return out;
  }
};

Result<Bytes> bytes_member(const Value& map, std::string_view name) {
  const Value* member = map.find(name);
  if (member == nullptr || member->as_byte_string() == nullptr) {
    return wrong(ErrorCode::kMalformed, fmt::format("its data has no bytes \"{}\"", name));
  }
  return *member->as_byte_string();
}

Result<uint64_t> number_member(const Value& map, std::string_view name) {
  const Value* member = map.find(name);
  const Value::Integer* number = member == nullptr ? nullptr : member->as_integer();
  if (number == nullptr || *number < 0) {
    return wrong(ErrorCode::kMalformed,
                 fmt::format("its data has no number \"{}\" of 0 or more", name));
  }
  return static_cast<uint64_t>(*number);
}

Result<Data> decode_data(ByteView bytes) {
  auto map = dag_cbor::decode(bytes);
  if (!map.ok()) return std::move(map).error().within("IPNS record: its data");
  Data data;
  TR_ASSIGN(data.value, bytes_member(*map, "Value"));
  TR_ASSIGN(data.validity, bytes_member(*map, "Validity"));
  TR_ASSIGN(data.validity_type, number_member(*map, "ValidityType"));
  TR_ASSIGN(data.sequence, number_member(*map, "Sequence"));
  TR_ASSIGN(data.ttl, number_member(*map, "TTL"));
  return data;
}

// A path; publishers of old wrote the bytes of a CID instead.
Result<std::string> path_of_value(ByteView value) {
  if (value.empty()) return std::string(kNothing);
  if (value.front() != '/') {
    const auto cid = Cid::decode(value);
    if (cid.ok()) return "/ipfs/" + cid->to_string();
  }
  if (value.front() != '/' || !is_utf8(value)) {
    return wrong(ErrorCode::kMalformed, "its value is neither a path nor a CID");
  }
  return std::string(as_text(value));
}

Result<IpnsRecord> meaning_of(const Data& data) {
  if (data.validity_type != kEndOfLife) {
    return wrong(ErrorCode::kUnsupported, fmt::format("its validity is of type {}; expected 0 ({})",
                                                      data.validity_type, kEndOfLifeName));
  }
  IpnsRecord record;
  TR_ASSIGN(record.value, path_of_value(data.value));
  auto until = parse_rfc3339(as_text(data.validity));
  if (!until.ok()) return std::move(until).error().within("IPNS record: its validity");
  record.valid_until_ns = *until;
  record.sequence = data.sequence;
  record.ttl_ns = data.ttl;
  return record;
}

std::string key_type_name(uint64_t type) {
  constexpr std::string_view kNames[] = {"RSA", "Ed25519", "Secp256k1", "ECDSA"};
  return type < std::size(kNames) ? std::string(kNames[type]) : fmt::format("number {}", type);
}

// Whether a signature over a message is by the key of a name.
using Check = std::function<bool(ByteView message, ByteView signature)>;

Check check_by(const PublicKey& key) {
  return [key](ByteView message, ByteView signature) { return key.verify(message, signature); };
}

Result<PublicKey> ed25519_key(ByteView bytes) {
  PublicKey key;
  if (bytes.size() != key.bytes.size()) {
    return wrong(ErrorCode::kMalformed, fmt::format("an Ed25519 key of {} bytes, expected {}",
                                                    bytes.size(), key.bytes.size()));
  }
  std::copy(bytes.begin(), bytes.end(), key.bytes.begin());
  return key;
}

// The name of a key that is too long to be in it: the digest of its message.
Result<PeerId> name_of_digest(ByteView message) {
  constexpr std::array<uint8_t, 2> kSha256Prefix{0x12, 0x20};
  const Sha256Digest digest = sha256(message);
  return PeerId::decode(join({kSha256Prefix, digest}));
}

Status check_is_of(const PeerId& held, const PeerId& name) {
  if (held == name) return success();
  return wrong(ErrorCode::kMismatch,
               fmt::format("it holds the key of {}, not of {}", name_text(held), name_text(name)));
}

// By libp2p's PublicKey message, which the record holds.
Result<Check> check_by_message(ByteView message, const PeerId& name) {
  constexpr uint64_t kRsa = 0;
  constexpr uint64_t kEd25519 = 1;
  uint64_t type = kRsa;
  ByteView key;
  for (ByteView rest = message; !rest.empty();) {
    auto field = protobuf::take_field(rest);
    if (!field.ok()) return std::move(field).error().within("IPNS record: its public key");
    if (field->number == 1 && field->wire == protobuf::Wire::kVarint) type = field->value;
    if (field->number == 2 && field->wire == protobuf::Wire::kBytes) key = field->bytes;
  }
  if (type == kEd25519) {
    TR_ASSIGN(const PublicKey held, ed25519_key(key));
    TR_TRY(check_is_of(PeerId::of(held), name));
    return check_by(held);
  }
  if (type == kRsa) {
    TR_ASSIGN(const PeerId held, name_of_digest(message));
    TR_TRY(check_is_of(held, name));
    auto rsa = RsaPublicKey::decode(key);
    if (!rsa.ok()) return std::move(rsa).error().within("IPNS record");
    return Check([key = *std::move(rsa)](ByteView signed_bytes, ByteView signature) {
      return key.verify(signed_bytes, signature);
    });
  }
  return wrong(ErrorCode::kUnsupported,
               fmt::format("its key is of type {}; only names of Ed25519 and RSA keys can be "
                           "checked",
                           key_type_name(type)));
}

Result<Check> check_of(const IpnsEntry& entry, const PeerId& name) {
  if (!entry.public_key.empty()) return check_by_message(entry.public_key, name);
  auto key = name.public_key();
  if (!key.ok()) {
    return std::move(key).error().within(
        "IPNS record: only names of Ed25519 keys go without the key in the record");
  }
  return check_by(*key);
}

// The old fields must repeat what is signed, where any reader of them could see them.
Status check_agreement(const IpnsEntry& entry, const Data& data) {
  if (entry.signature_v1.empty() && entry.value.empty()) return success();
  const std::pair<std::string_view, bool> fields[] = {
      {"value", entry.value == data.value},
      {"validity", entry.validity == data.validity},
      {"validityType", entry.validity_type.value_or(0) == data.validity_type},
      {"sequence", entry.sequence.value_or(0) == data.sequence},
      {"ttl", entry.ttl.value_or(0) == data.ttl},
  };
  for (const auto& [name, agrees] : fields) {
    if (!agrees) {
      return wrong(ErrorCode::kMismatch,
                   fmt::format("its field {} is not what its signed data says", name));
    }
  }
  return success();
}

Status check_signed_by_v2(const IpnsEntry& entry) {
  if (!entry.signature_v2.empty() && !entry.data.empty()) return success();
  if (!entry.signature_v1.empty()) {
    return wrong(ErrorCode::kUnsupported,
                 "it has only a V1 signature, which protects too little; expected signatureV2 and "
                 "data");
  }
  return wrong(ErrorCode::kMalformed, "signatureV2 and data are missing");
}

}  // namespace

Result<Bytes> create(const PrivateKey& key, const IpnsRecord& record) {
  if (record.sequence > kSequenceMax || record.ttl_ns > kTtlNsMax) {
    return wrong(ErrorCode::kLimitExceeded,
                 fmt::format("sequence {} or TTL {} ns is above {}", record.sequence, record.ttl_ns,
                             kSequenceMax));
  }
  const Data data{to_bytes(as_bytes(record.value)),
                  to_bytes(as_bytes(format_rfc3339(record.valid_until_ns))), kEndOfLife,
                  record.sequence, record.ttl_ns};
  IpnsEntry entry;
  entry.value = data.value;
  entry.validity = data.validity;
  entry.validity_type = data.validity_type;
  entry.sequence = data.sequence;
  entry.ttl = data.ttl;
  const Signature v1 = key.sign(join({data.value, data.validity, as_bytes(kEndOfLifeName)}));
  entry.signature_v1.assign(v1.begin(), v1.end());
  entry.data = data.encode();
  const Signature v2 = key.sign(join({as_bytes(kSignaturePrefix), entry.data}));
  entry.signature_v2.assign(v2.begin(), v2.end());
  Bytes bytes = entry.encode();
  if (bytes.size() > kRecordBytesMax) {
    return wrong(ErrorCode::kLimitExceeded,
                 fmt::format("with a path of {} bytes it would have {} bytes, at most {} are "
                             "allowed; publish a shorter path",
                             record.value.size(), bytes.size(), kRecordBytesMax));
  }
  return bytes;
}

Result<IpnsRecord> read_data(const IpnsEntry& entry) {
  TR_TRY(check_signed_by_v2(entry));
  TR_ASSIGN(const Data data, decode_data(entry.data));
  return meaning_of(data);
}

Result<IpnsRecord> inspect(ByteView bytes, const PeerId& name) {
  TR_ASSIGN(const IpnsEntry entry, IpnsEntry::decode(bytes));
  TR_TRY(check_signed_by_v2(entry));
  TR_ASSIGN(const Check is_by_key, check_of(entry, name));
  TR_ASSIGN(const Data data, decode_data(entry.data));
  if (!is_by_key(join({as_bytes(kSignaturePrefix), entry.data}), entry.signature_v2)) {
    return wrong(ErrorCode::kMismatch,
                 fmt::format("its signature is not by the key of {}", name_text(name)));
  }
  TR_TRY(check_agreement(entry, data));
  return meaning_of(data);
}

Result<IpnsRecord> verify(ByteView bytes, const PeerId& name, uint64_t now_ns) {
  TR_ASSIGN(IpnsRecord record, inspect(bytes, name));
  if (record.valid_until_ns <= now_ns) {
    return wrong(ErrorCode::kNotFound,
                 fmt::format("it expired at {} (it is {})", format_rfc3339(record.valid_until_ns),
                             format_rfc3339(now_ns)));
  }
  return record;
}

bool is_newer(const SignedRecord& a, const SignedRecord& b) {
  if (a.record.sequence != b.record.sequence) return a.record.sequence > b.record.sequence;
  if (a.record.valid_until_ns != b.record.valid_until_ns) {
    return a.record.valid_until_ns > b.record.valid_until_ns;
  }
  return a.bytes > b.bytes;
}

Bytes routing_key(const PeerId& name) { return join({as_bytes(kRoutingPrefix), name.bytes()}); }

Result<PeerId> name_of_routing_key(ByteView key) {
  if (!as_text(key).starts_with(kRoutingPrefix)) {
    return Error{ErrorCode::kUnsupported, "not the key of a name: expected /ipns/ and a PeerID"};
  }
  return PeerId::decode(key.subspan(kRoutingPrefix.size()));
}

std::string name_text(const PeerId& name) { return name.to_cid().to_string(Multibase::kBase36); }

}  // namespace timerose::names
