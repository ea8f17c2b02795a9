#include "multiformats/cid.h"

#include <fmt/format.h>

#include <algorithm>

#include "multiformats/varint.h"

namespace timerose {
namespace {

struct CodecName {
  Codec codec;
  const char* name;
};
constexpr CodecName kCodecs[] = {
    {Codec::kCbor, "cbor"},
    {Codec::kRaw, "raw"},
    {Codec::kDagPb, "dag-pb"},
    {Codec::kDagCbor, "dag-cbor"},
    {Codec::kLibp2pKey, "libp2p-key"},
    {Codec::kDagJson, "dag-json"},
    {Codec::kJson, "json"},
};

// A version 0 CID is a bare sha2-256 multihash.
constexpr std::array<uint8_t, 2> kVersion0Head{0x12, 0x20};
constexpr size_t kVersion0Bytes = 34;
constexpr size_t kVersion0TextLength = 46;

// No CID is longer: version, codec, hash function, digest length, digest.
constexpr size_t kCidBytesMax = 1 + kVarintBytesMax + kVarintBytesMax + 2 + kDigestBytesMax;
// Such a CID in base 2.
constexpr size_t kCidTextMax = 1 + 8 * kCidBytesMax;
constexpr size_t kShownTextMax = 80;

Error malformed_cid(std::string why) { return {ErrorCode::kMalformed, std::move(why)}; }

bool starts_like_version_0(ByteView bytes) {
  return bytes.size() >= kVersion0Head.size() &&
         std::equal(kVersion0Head.begin(), kVersion0Head.end(), bytes.begin());
}

// Version 1, a codec of one byte, sha2-256: what nearly all blocks are called.
constexpr size_t kCommonBytes = 36;
bool starts_commonly(ByteView in) {
  return in.size() >= kCommonBytes && in[0] == 1 && in[1] < 0x80 && in[2] == kVersion0Head[0] &&
         in[3] == kVersion0Head[1];
}

// The head of a CIDv1 of sha2-256 with its digest; returns its length.
size_t write_sha256_cid(Codec codec, const Sha256Digest& digest, std::span<uint8_t> out) {
  size_t size = 0;
  out[size++] = 1;
  auto code = static_cast<uint64_t>(codec);
  for (; code >= 0x80; code >>= 7) out[size++] = static_cast<uint8_t>(code | 0x80);
  out[size++] = static_cast<uint8_t>(code);
  out[size++] = kVersion0Head[0];
  out[size++] = kVersion0Head[1];
  std::copy(digest.begin(), digest.end(), out.begin() + static_cast<ptrdiff_t>(size));
  return size + digest.size();
}

// What a person typed, fit for a message.
std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kShownTextMax)) out.push_back(c >= ' ' && c <= '~' ? c : '?');
  if (text.size() > kShownTextMax) out.append("...");
  return out;
}

Result<Cid> parse_unnamed(std::string_view text) {
  if (text.empty()) return malformed_cid("it is empty");
  if (text.size() > kCidTextMax) {
    return malformed_cid(
        fmt::format("it has {} characters, a CID has at most {}", text.size(), kCidTextMax));
  }
  if (text.starts_with("Qm")) {
    if (text.size() != kVersion0TextLength) {
      return malformed_cid(
          fmt::format("a CID that starts with Qm (version 0) has {} characters, found "
                      "{}",
                      kVersion0TextLength, text.size()));
    }
    TR_ASSIGN(const Bytes bytes, base_decode(Multibase::kBase58Btc, text));
    return Cid::decode(bytes);
  }
  TR_ASSIGN(const Bytes bytes, multibase_decode(text));
  if (!bytes.empty() && bytes.front() == kVersion0Head[0]) {
    return malformed_cid("a version 0 CID has no base prefix; write it as Qm...");
  }
  return Cid::decode(bytes);
}

}  // namespace

std::string codec_name(Codec codec) {
  for (const CodecName& known : kCodecs) {
    if (known.codec == codec) return known.name;
  }
  return fmt::format("codec-0x{:x}", static_cast<uint64_t>(codec));
}

Result<Codec> codec_named(std::string_view name) {
  std::string names;
  for (const CodecName& known : kCodecs) {
    if (known.name == name) return known.codec;
    names.append(names.empty() ? "" : ", ").append(known.name);
  }
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("unknown codec '{}'; known are: {}", name, names)};
}

void Cid::assign(ByteView bytes) {
  size_ = static_cast<uint16_t>(bytes.size());
  if (bytes.size() <= kInlineBytes) {
    std::copy(bytes.begin(), bytes.end(), inline_.begin());
  } else {
    heap_ = std::make_shared<const Bytes>(bytes.begin(), bytes.end());
  }
}

Cid Cid::from_sha256(Codec codec, const Sha256Digest& digest) {
  std::array<uint8_t, kCidBytesMax> bytes;
  const size_t size = write_sha256_cid(codec, digest, bytes);
  Cid cid;
  cid.codec_ = codec;
  cid.multihash_offset_ = static_cast<uint8_t>(size - kVersion0Bytes);
  cid.assign(ByteView(bytes).first(size));
  return cid;
}

Cid Cid::of_sha256(Codec codec, ByteView data) { return from_sha256(codec, sha256(data)); }

Result<Cid> Cid::of(Codec codec, HashCode hash, ByteView data) {
  if (hash == HashCode::kSha2_256) return of_sha256(codec, data);
  TR_ASSIGN(const Bytes multihash, multihash_of(hash, data));
  return make(1, codec, multihash);
}

Result<Cid> Cid::make(int version, Codec codec, ByteView multihash) {
  if (version != 0 && version != 1) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("there is no CID version {}; use 0 or 1", version)};
  }
  ByteView rest = multihash;
  TR_TRY(multihash_take(rest));
  if (!rest.empty()) return malformed_cid(fmt::format("{} bytes after a multihash", rest.size()));
  if (version == 0) {
    if (codec != Codec::kDagPb || !starts_like_version_0(multihash)) {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("a version 0 CID is dag-pb with sha2-256, this is {}; use version 1",
                               codec_name(codec))};
    }
    return decode(multihash);
  }
  Bytes bytes{1};
  varint_append(bytes, static_cast<uint64_t>(codec));
  bytes.insert(bytes.end(), multihash.begin(), multihash.end());
  return decode(bytes);
}

Result<Cid> Cid::take(ByteView& in) {
  Cid cid;
  if (starts_commonly(in)) {
    cid.codec_ = static_cast<Codec>(in[1]);
    cid.multihash_offset_ = 2;
    cid.assign(in.first(kCommonBytes));
    in = in.subspan(kCommonBytes);
    return cid;
  }
  if (starts_like_version_0(in)) {
    if (in.size() < kVersion0Bytes) {
      return malformed_cid(fmt::format("a version 0 CID has {} bytes, only {} are there",
                                       kVersion0Bytes, in.size()));
    }
    cid.version_ = 0;
    cid.codec_ = Codec::kDagPb;
    cid.assign(in.first(kVersion0Bytes));
    in = in.subspan(kVersion0Bytes);
    return cid;
  }
  ByteView rest = in;
  auto version = varint_take(rest);
  if (!version) return std::move(version).error().within("version of a CID");
  if (*version != 1) {
    return malformed_cid(fmt::format("CID version {} is not known; 0 and 1 are", *version));
  }
  auto codec = varint_take(rest);
  if (!codec) return std::move(codec).error().within("codec of a CID");
  cid.codec_ = static_cast<Codec>(*codec);
  cid.multihash_offset_ = static_cast<uint8_t>(in.size() - rest.size());
  TR_TRY(multihash_take(rest));
  cid.assign(in.first(in.size() - rest.size()));
  in = rest;
  return cid;
}

Result<Cid> Cid::decode(ByteView bytes) {
  TR_ASSIGN(Cid cid, take(bytes));
  if (!bytes.empty()) return malformed_cid(fmt::format("{} bytes after a CID", bytes.size()));
  return cid;
}

Result<Cid> Cid::parse(std::string_view text) {
  auto cid = parse_unnamed(text);
  if (!cid) return std::move(cid).error().within(fmt::format("'{}' is not a CID", shown(text)));
  return cid;
}

MultihashView Cid::multihash() const {
  ByteView rest = multihash_bytes();
  return *multihash_take(rest);
}

std::string Cid::to_string() const { return to_string(Multibase::kBase32); }

std::string Cid::to_string(Multibase base) const {
  return version_ == 0 ? base_encode(Multibase::kBase58Btc, bytes())
                       : multibase_encode(base, bytes());
}

Cid Cid::as_v1() const { return version_ == 1 ? *this : *make(1, codec_, multihash_bytes()); }

Result<Cid> Cid::as_v0() const {
  if (version_ == 0) return *this;
  return make(0, codec_, multihash_bytes());
}

Result<bool> Cid::matches(ByteView data) const { return multihash_matches(multihash(), data); }

std::strong_ordering Cid::operator<=>(const Cid& other) const {
  const ByteView a = bytes();
  const ByteView b = other.bytes();
  return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace timerose

size_t std::hash<timerose::Cid>::operator()(const timerose::Cid& cid) const noexcept {
  const timerose::ByteView multihash = cid.multihash_bytes();
  // An identity digest is data, whose tail may be anything but uniform.
  const bool uniform = multihash.front() != 0 && multihash.size() >= 2 + sizeof(size_t);
  if (!uniform) return std::hash<std::string_view>{}(timerose::as_text(cid.bytes()));
  size_t tail = 0;
  std::memcpy(&tail, multihash.data() + multihash.size() - sizeof(tail), sizeof(tail));
  return tail;
}
