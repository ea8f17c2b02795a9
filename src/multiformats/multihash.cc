#include "multiformats/multihash.h"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/blake2b.h"
#include "crypto/digest.h"
#include "multiformats/varint.h"

namespace timerose {
namespace {

struct HashName {
  HashCode code;
  const char* name;
};
constexpr HashName kHashes[] = {
    {HashCode::kIdentity, "identity"},      {HashCode::kSha2_256, "sha2-256"},
    {HashCode::kSha2_512, "sha2-512"},      {HashCode::kBlake3, "blake3"},
    {HashCode::kBlake2b256, "blake2b-256"},
};

size_t digest_bytes_max(uint64_t code) {
  return code == static_cast<uint64_t>(HashCode::kIdentity) ? kIdentityDigestBytesMax
                                                            : kDigestBytesMax;
}

Error not_computed(uint64_t code) {
  return {ErrorCode::kUnsupported,
          fmt::format("hash function 0x{:x} is not one that is computed here", code)};
}

// Digests may be cut, but not to where a second block with the same one can be found.
Result<bool> matches_prefix(ByteView digest, ByteView computed) {
  if (digest.size() < kTrustedDigestBytesMin) {
    return Error{ErrorCode::kUnsupported,
                 fmt::format("a digest of {} bytes is too short to be trusted: at least {} are "
                             "needed",
                             digest.size(), kTrustedDigestBytesMin)};
  }
  return digest.size() <= computed.size() && equal(digest, computed.first(digest.size()));
}

}  // namespace

const char* hash_name(HashCode code) {
  for (const HashName& known : kHashes) {
    if (known.code == code) return known.name;
  }
  return "unknown";
}

Result<HashCode> hash_named(std::string_view name) {
  std::string names;
  for (const HashName& known : kHashes) {
    if (known.name == name) return known.code;
    names.append(names.empty() ? "" : ", ").append(known.name);
  }
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("unknown hash function '{}'; known are: {}", name, names)};
}

Result<MultihashView> multihash_take(ByteView& in) {
  ByteView rest = in;
  auto code = varint_take(rest);
  if (!code) return std::move(code).error().within("hash function of a multihash");
  auto length = varint_take(rest);
  if (!length) return std::move(length).error().within("digest length of a multihash");
  if (*length > digest_bytes_max(*code)) {
    return Error{ErrorCode::kMalformed,
                 fmt::format("a multihash announces a digest of {} bytes; at most {} are allowed",
                             *length, digest_bytes_max(*code))};
  }
  if (*length > rest.size()) {
    return Error{ErrorCode::kMalformed,
                 fmt::format("a multihash announces a digest of {} bytes, but only {} follow",
                             *length, rest.size())};
  }
  in = rest.subspan(*length);
  return MultihashView{*code, rest.first(*length)};
}

void multihash_append(Bytes& out, uint64_t code, ByteView digest) {
  varint_append(out, code);
  varint_append(out, digest.size());
  out.insert(out.end(), digest.begin(), digest.end());
}

Result<Bytes> multihash_of(HashCode code, ByteView data) {
  Bytes out;
  const auto number = static_cast<uint64_t>(code);
  switch (code) {
    case HashCode::kIdentity:
      if (data.size() > kIdentityDigestBytesMax) {
        return Error{ErrorCode::kLimitExceeded,
                     fmt::format("an identity hash holds at most {} bytes, found {}; use sha2-256",
                                 kIdentityDigestBytesMax, data.size())};
      }
      multihash_append(out, number, data);
      return out;
    case HashCode::kSha2_256:
      multihash_append(out, number, sha256(data));
      return out;
    case HashCode::kSha2_512:
      multihash_append(out, number, sha512(data));
      return out;
    case HashCode::kBlake3:
      multihash_append(out, number, blake3(data));
      return out;
    case HashCode::kBlake2b256:
      multihash_append(out, number, blake2b_256(data));
      return out;
  }
  return not_computed(number);
}

Result<bool> multihash_matches(const MultihashView& multihash, ByteView data) {
  switch (static_cast<HashCode>(multihash.code)) {
    case HashCode::kIdentity:
      return equal(multihash.digest, data);
    case HashCode::kSha2_256:
      return matches_prefix(multihash.digest, sha256(data));
    case HashCode::kSha2_512:
      return matches_prefix(multihash.digest, sha512(data));
    case HashCode::kBlake3: {
      std::array<uint8_t, kDigestBytesMax> computed;
      blake3_extend(data, computed);
      return matches_prefix(multihash.digest, computed);
    }
    case HashCode::kBlake2b256:
      return matches_prefix(multihash.digest, blake2b_256(data));
  }
  return not_computed(multihash.code);
}

}  // namespace timerose
