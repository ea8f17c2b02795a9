// IPNS records (specs.ipfs.tech/ipns/ipns-record): a key's signed, numbered statement of the path
// that its name stands for.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/key.h"
#include "multiformats/peer_id.h"
#include "names/ipns_entry.h"

namespace timerose::names {

inline constexpr size_t kRecordBytesMax = 10 << 10;  // the specification's limit
// Not above what readers that keep it as a signed number understand.
inline constexpr uint64_t kSequenceMax = INT64_MAX;
inline constexpr uint64_t kTtlNsMax = INT64_MAX;
inline constexpr uint64_t kValidityNsDefault = 48ULL * 3600 * 1'000'000'000;
inline constexpr uint64_t kTtlNsDefault = 5ULL * 60 * 1'000'000'000;

struct IpnsRecord {
  std::string value;  // "/ipfs/CID/path", or "/ipns/NAME"
  uint64_t sequence = 0;
  uint64_t valid_until_ns = 0;  // of the Unix clock; UINT64_MAX: later than it can hold
  uint64_t ttl_ns = 0;

  bool operator==(const IpnsRecord&) const = default;
};

// A record that was verified, and the bytes that say so to others.
struct SignedRecord {
  IpnsRecord record;
  Bytes bytes;

  bool operator==(const SignedRecord&) const = default;
};

// Signed by `key`, as both V1 and V2 readers take it. kLimitExceeded for a value that makes it
// longer than kRecordBytesMax, and for a sequence or TTL over the limits above.
Result<Bytes> create(const PrivateKey& key, const IpnsRecord& record);

// Checks everything the specification asks: size, signature V2 by the key of `name`, the CBOR data
// against the old fields, validity at `now_ns`. kMalformed, kMismatch, kLimitExceeded, kUnsupported
// (key or validity type); an expired one is kNotFound and says since when. Records signed only by
// V1 are kUnsupported.
Result<IpnsRecord> verify(ByteView bytes, const PeerId& name, uint64_t now_ns);
// The same without the question whether it has expired.
Result<IpnsRecord> inspect(ByteView bytes, const PeerId& name);
// What the signed part says, with no word on whether its signature, which must be there, is good.
Result<IpnsRecord> read_data(const IpnsEntry& entry);

// Whether `a` replaces `b`: by sequence, then by validity, then by bytes.
bool is_newer(const SignedRecord& a, const SignedRecord& b);

// The DHT's key of a name: "/ipns/" and the PeerID's bytes. Inverses.
Bytes routing_key(const PeerId& name);
Result<PeerId> name_of_routing_key(ByteView key);

// "k51...": a name as it is shown, a CID of codec libp2p-key in base36.
std::string name_text(const PeerId& name);

}  // namespace timerose::names
