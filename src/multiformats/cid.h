// CID (github.com/multiformats/cid): the name of a block: version, codec, multihash.
//
// A Cid is a small value that cannot be invalid: it comes from bytes or text that were checked, or
// from hashing. Its binary form is kept, inline up to 46 bytes, so that equality and hashing are
// cheap and a sha2-256 CID never allocates.
#pragma once

#include <array>
#include <compare>
#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "multiformats/multibase.h"
#include "multiformats/multihash.h"

namespace timerose {

// Codes of the multicodec table.
enum class Codec : uint64_t {
  kCbor = 0x51,
  kRaw = 0x55,
  kDagPb = 0x70,
  kDagCbor = 0x71,
  kLibp2pKey = 0x72,
  kDagJson = 0x0129,
  kJson = 0x0200,
};

// "dag-cbor"; "codec-0x1234" for one without a name here.
std::string codec_name(Codec codec);
Result<Codec> codec_named(std::string_view name);  // kInvalidArgument lists the names

class Cid {
 public:
  // The CID of `data`. The digest is computed; an identity over its limit is kLimitExceeded.
  static Result<Cid> of(Codec codec, HashCode hash, ByteView data);
  // The CIDv1 of `data` by sha2-256, which cannot fail.
  static Cid of_sha256(Codec codec, ByteView data);
  static Cid from_sha256(Codec codec, const Sha256Digest& digest);
  // kInvalidArgument for a version 0 that is not dag-pb with sha2-256.
  static Result<Cid> make(int version, Codec codec, ByteView multihash);

  // The whole of `bytes` is one CID. Inverse of bytes().
  static Result<Cid> decode(ByteView bytes);
  // Takes one CID off the front of `in`.
  static Result<Cid> take(ByteView& in);
  // Text in any multibase, or the 46 characters of version 0 ("Qm..."). Inverse of to_string(base).
  // kMalformed says what is wrong with it.
  static Result<Cid> parse(std::string_view text);

  [[nodiscard]] int version() const { return version_; }
  [[nodiscard]] Codec codec() const { return codec_; }
  [[nodiscard]] ByteView bytes() const { return {heap_ ? heap_->data() : inline_.data(), size_}; }
  [[nodiscard]] ByteView multihash_bytes() const { return bytes().subspan(multihash_offset_); }
  [[nodiscard]] MultihashView multihash() const;

  // Version 0 in base58btc, its only form whatever `base` says; version 1 in base32 or `base`.
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] std::string to_string(Multibase base) const;

  // The same block under version 1; under version 0 if it can be (dag-pb, sha2-256).
  [[nodiscard]] Cid as_v1() const;
  [[nodiscard]] Result<Cid> as_v0() const;

  // Whether `data` hashes to this CID; kUnsupported for a hash function we do not compute.
  [[nodiscard]] Result<bool> matches(ByteView data) const;

  bool operator==(const Cid& other) const { return equal(bytes(), other.bytes()); }
  std::strong_ordering operator<=>(const Cid& other) const;

 private:
  Cid() = default;
  static constexpr size_t kInlineBytes = 46;
  void assign(ByteView bytes);

  std::shared_ptr<const Bytes> heap_;  // only for a CID longer than kInlineBytes
  Codec codec_ = Codec::kRaw;
  uint16_t size_ = 0;
  uint8_t version_ = 1;
  uint8_t multihash_offset_ = 0;
  std::array<uint8_t, kInlineBytes> inline_{};
};

}  // namespace timerose

template <>
struct std::hash<timerose::Cid> {
  // The tail of a digest is already uniform.
  size_t operator()(const timerose::Cid& cid) const noexcept;
};
