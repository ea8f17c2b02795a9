// The protobuf message IpnsEntry: an IPNS record as it travels, nothing of it checked.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/result.h"

namespace timerose::names {

// Bytes that are absent are empty. What signature V2 covers is `data` alone; the other fields are
// the older form of the same, or absent.
struct IpnsEntry {
  Bytes value;
  Bytes signature_v1;
  std::optional<uint64_t> validity_type;
  Bytes validity;
  std::optional<uint64_t> sequence;
  std::optional<uint64_t> ttl;
  Bytes public_key;  // libp2p's PublicKey message, of keys that do not fit into a name
  Bytes signature_v2;
  Bytes data;  // dag-cbor

  bool operator==(const IpnsEntry&) const = default;

  // Of a field that is there twice, the last counts; fields of other numbers or other wire types
  // are passed over. kLimitExceeded above kRecordBytesMax (ipns_record.h). decode(encode()) gives
  // the same back.
  static Result<IpnsEntry> decode(ByteView bytes);
  [[nodiscard]] Bytes encode() const;
};

}  // namespace timerose::names
