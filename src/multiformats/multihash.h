// Multihash (github.com/multiformats/multihash): a digest that names its function and its length.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace timerose {

// Codes of the multicodec table.
enum class HashCode : uint64_t {
  kIdentity = 0x00,
  kSha2_256 = 0x12,
  kSha2_512 = 0x13,
  kBlake3 = 0x1e,
  kBlake2b256 = 0xb220,
};

// An identity "digest" is the data itself, so it is kept small.
inline constexpr size_t kIdentityDigestBytesMax = 128;
// No digest of another function may be longer than this.
inline constexpr size_t kDigestBytesMax = 128;
// A digest cut shorter than this still names a block, but data is never checked against it.
inline constexpr size_t kTrustedDigestBytesMin = 20;

const char* hash_name(HashCode code);                // "sha2-256"
Result<HashCode> hash_named(std::string_view name);  // kInvalidArgument lists the names

// The parts of an encoded multihash; `digest` points into the bytes that were parsed.
struct MultihashView {
  uint64_t code = 0;  // may be a function that we do not compute
  ByteView digest;
};

// Takes one multihash off the front of `in`; kMalformed if truncated or over the limits above.
Result<MultihashView> multihash_take(ByteView& in);
void multihash_append(Bytes& out, uint64_t code, ByteView digest);

// Digest of `data` by `code`, encoded; kLimitExceeded for an identity over its limit.
Result<Bytes> multihash_of(HashCode code, ByteView data);
// Whether `data` hashes to it; kUnsupported names a function that we do not compute, or a digest
// cut below kTrustedDigestBytesMin.
Result<bool> multihash_matches(const MultihashView& multihash, ByteView data);

}  // namespace timerose
