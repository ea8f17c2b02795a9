#include "names/ipns_entry.h"

#include <fmt/format.h>

#include "multiformats/protobuf.h"
#include "names/ipns_record.h"

namespace timerose::names {
namespace {

using protobuf::Wire;

enum Number : uint32_t {
  kValue = 1,
  kSignatureV1 = 2,
  kValidityType = 3,
  kValidity = 4,
  kSequence = 5,
  kTtl = 6,
  kPublicKey = 7,
  kSignatureV2 = 8,
  kData = 9,
};

Bytes* bytes_of(IpnsEntry& entry, uint64_t number) {
  switch (number) {
    case kValue:
      return &entry.value;
    case kSignatureV1:
      return &entry.signature_v1;
    case kValidity:
      return &entry.validity;
    case kPublicKey:
      return &entry.public_key;
    case kSignatureV2:
      return &entry.signature_v2;
    case kData:
      return &entry.data;
    default:
      return nullptr;
  }
}

std::optional<uint64_t>* number_of(IpnsEntry& entry, uint64_t number) {
  switch (number) {
    case kValidityType:
      return &entry.validity_type;
    case kSequence:
      return &entry.sequence;
    case kTtl:
      return &entry.ttl;
    default:
      return nullptr;
  }
}

}  // namespace

Result<IpnsEntry> IpnsEntry::decode(ByteView bytes) {
  if (bytes.size() > kRecordBytesMax) {
    return Error{ErrorCode::kLimitExceeded,
                 fmt::format("an IPNS record may have {} bytes, this one has {}", kRecordBytesMax,
                             bytes.size())};
  }
  IpnsEntry entry;
  while (!bytes.empty()) {
    auto field = protobuf::take_field(bytes);
    if (!field.ok()) return std::move(field).error().within("not an IPNS record");
    if (field->number == 0) {
      return Error{ErrorCode::kMalformed, "not an IPNS record: a protobuf field of number 0"};
    }
    if (Bytes* member = bytes_of(entry, field->number);
        member != nullptr && field->wire == Wire::kBytes) {
      *member = to_bytes(field->bytes);
    } else if (auto* number = number_of(entry, field->number);
               number != nullptr && field->wire == Wire::kVarint) {
      *number = field->value;
    }
  }
  return entry;
}

Bytes IpnsEntry::encode() const {
  Bytes out;
  const auto add_bytes = [&](uint32_t number, const Bytes& bytes) {
    if (!bytes.empty()) protobuf::append_bytes_field(out, number, bytes);
  };
  const auto add_number = [&](uint32_t number, const std::optional<uint64_t>& field) {
    if (field) protobuf::append_varint_field(out, number, *field);
  };
  add_bytes(kValue, value);
  add_bytes(kSignatureV1, signature_v1);
  add_number(kValidityType, validity_type);
  add_bytes(kValidity, validity);
  add_number(kSequence, sequence);
  add_number(kTtl, ttl);
  add_bytes(kPublicKey, public_key);
  add_bytes(kSignatureV2, signature_v2);
  add_bytes(kData, data);
  return out;
}

}  // namespace timerose::names
