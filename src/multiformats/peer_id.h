// How a node's public key is written: libp2p PeerID and did:key.
#pragma once

#include <string>

#include "crypto/key.h"
#include "multiformats/cid.h"

namespace timerose {

// The identity multihash of libp2p's protobuf public key.
class PeerId {
 public:
  static PeerId of(const PublicKey& key);
  // "12D3Koo..." (base58btc multihash) or a CIDv1 of codec libp2p-key.
  static Result<PeerId> parse(std::string_view text);
  static Result<PeerId> decode(ByteView multihash);

  [[nodiscard]] std::string to_string() const;  // base58btc, "12D3Koo..."
  [[nodiscard]] Cid to_cid() const;             // libp2p-key CIDv1, "k51..." in base36
  [[nodiscard]] ByteView bytes() const { return multihash_; }
  // The key inside, for an identity PeerID of an Ed25519 key.
  [[nodiscard]] Result<PublicKey> public_key() const;

  bool operator==(const PeerId&) const = default;
  auto operator<=>(const PeerId&) const = default;

 private:
  Bytes multihash_;
};

// "did:key:z6Mk..." (W3C did:key, multicodec ed25519-pub). Inverses.
std::string did_key_format(const PublicKey& key);
Result<PublicKey> did_key_parse(std::string_view text);

}  // namespace timerose
