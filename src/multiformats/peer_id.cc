#include "multiformats/peer_id.h"

#include <fmt/format.h>

#include <algorithm>

#include "multiformats/varint.h"

namespace timerose {
namespace {

// libp2p's PublicKey message: Type (field 1) = Ed25519 (1), Data (field 2) = 32 bytes.
constexpr std::array<uint8_t, 4> kProtobufHead{0x08, 0x01, 0x12, 0x20};
constexpr uint64_t kEd25519PublicCodec = 0xed;  // multicodec ed25519-pub
constexpr size_t kPublicBytes = 32;
constexpr std::string_view kDidKeyPrefix = "did:key:";
// Longer than the base58btc text of any multihash that is accepted.
constexpr size_t kPeerIdTextMax = 256;

Error malformed(std::string why) { return {ErrorCode::kMalformed, std::move(why)}; }

PublicKey key_from(ByteView bytes) {
  PublicKey key;
  std::copy(bytes.begin(), bytes.end(), key.bytes.begin());
  return key;
}

Result<Bytes> peer_multihash(std::string_view text) {
  if (text.size() > kPeerIdTextMax) {
    return malformed(
        fmt::format("it has {} characters, a PeerID has at most {}", text.size(), kPeerIdTextMax));
  }
  if (text.starts_with("1") || text.starts_with("Qm")) {
    return base_decode(Multibase::kBase58Btc, text);
  }
  TR_ASSIGN(const Cid cid, Cid::parse(text));
  if (cid.codec() != Codec::kLibp2pKey) {
    return malformed("a CID of codec libp2p-key was expected, found " + codec_name(cid.codec()));
  }
  return to_bytes(cid.multihash_bytes());
}

}  // namespace

PeerId PeerId::of(const PublicKey& key) {
  Bytes protobuf(kProtobufHead.begin(), kProtobufHead.end());
  protobuf.insert(protobuf.end(), key.bytes.begin(), key.bytes.end());
  PeerId id;
  multihash_append(id.multihash_, static_cast<uint64_t>(HashCode::kIdentity), protobuf);
  return id;
}

Result<PeerId> PeerId::decode(ByteView multihash) {
  ByteView rest = multihash;
  TR_ASSIGN(const MultihashView parsed, multihash_take(rest));
  if (!rest.empty()) return malformed(fmt::format("{} bytes after a PeerID", rest.size()));
  const bool sha256 = parsed.code == static_cast<uint64_t>(HashCode::kSha2_256) &&
                      parsed.digest.size() == Sha256Digest{}.size();
  if (parsed.code != static_cast<uint64_t>(HashCode::kIdentity) && !sha256) {
    return malformed(fmt::format(
        "a PeerID is an identity or sha2-256 multihash, found hash function 0x{:x} with {} bytes",
        parsed.code, parsed.digest.size()));
  }
  PeerId id;
  id.multihash_ = to_bytes(multihash);
  return id;
}

Result<PeerId> PeerId::parse(std::string_view text) {
  auto multihash = peer_multihash(text);
  auto id = multihash ? decode(*multihash) : Result<PeerId>(std::move(multihash).error());
  if (!id) {
    return std::move(id).error().within(fmt::format(
        "'{}' is not a PeerID (12D3Koo..., Qm... or k51...)", text.substr(0, kPeerIdTextMax)));
  }
  return id;
}

std::string PeerId::to_string() const { return base_encode(Multibase::kBase58Btc, multihash_); }

Cid PeerId::to_cid() const { return *Cid::make(1, Codec::kLibp2pKey, multihash_); }

Result<PublicKey> PeerId::public_key() const {
  ByteView rest = multihash_;
  TR_ASSIGN(const MultihashView parsed, multihash_take(rest));
  if (parsed.code != static_cast<uint64_t>(HashCode::kIdentity)) {
    return Error{ErrorCode::kUnsupported,
                 "the PeerID " + to_string() + " is a hash, which does not hold its key"};
  }
  const ByteView protobuf = parsed.digest;
  if (protobuf.size() != kProtobufHead.size() + kPublicBytes ||
      !std::equal(kProtobufHead.begin(), kProtobufHead.end(), protobuf.begin())) {
    return Error{ErrorCode::kUnsupported,
                 "the PeerID " + to_string() + " is not of an Ed25519 key"};
  }
  return key_from(protobuf.last(kPublicBytes));
}

std::string did_key_format(const PublicKey& key) {
  Bytes bytes;
  varint_append(bytes, kEd25519PublicCodec);
  bytes.insert(bytes.end(), key.bytes.begin(), key.bytes.end());
  return std::string(kDidKeyPrefix) + multibase_encode(Multibase::kBase58Btc, bytes);
}

Result<PublicKey> did_key_parse(std::string_view text) {
  if (!text.starts_with(kDidKeyPrefix) || text.size() > kPeerIdTextMax) {
    return malformed("a did:key:z... of an Ed25519 key was expected");
  }
  text.remove_prefix(kDidKeyPrefix.size());
  Multibase base{};
  TR_ASSIGN(const Bytes bytes, multibase_decode(text, &base));
  if (base != Multibase::kBase58Btc) {
    return malformed(
        fmt::format("a did:key is written in base58btc (z), found {}", multibase_name(base)));
  }
  ByteView rest = bytes;
  TR_ASSIGN(const uint64_t codec, varint_take(rest));
  if (codec != kEd25519PublicCodec) {
    return Error{ErrorCode::kUnsupported,
                 fmt::format("a did:key of an Ed25519 key (0xed) was expected, found key type "
                             "0x{:x}",
                             codec)};
  }
  if (rest.size() != kPublicBytes) {
    return malformed(
        fmt::format("an Ed25519 key has {} bytes, found {}", kPublicBytes, rest.size()));
  }
  return key_from(rest);
}

}  // namespace timerose
