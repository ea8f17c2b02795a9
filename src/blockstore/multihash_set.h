// A set of encoded multihashes, compact for those of sha2-256: 10 million take about 640 MB.
#pragma once

#include <cstring>
#include <string>
#include <unordered_set>

#include "base/bytes.h"
#include "crypto/digest.h"

namespace timerose {

class MultihashSet {
 public:
  // Whether it was not in the set yet.
  bool insert(ByteView multihash) {
    if (is_sha256(multihash)) return sha256_.insert(digest_of(multihash)).second;
    return others_.emplace(as_text(multihash)).second;
  }
  [[nodiscard]] bool contains(ByteView multihash) const {
    if (is_sha256(multihash)) return sha256_.contains(digest_of(multihash));
    return others_.contains(std::string(as_text(multihash)));
  }
  [[nodiscard]] size_t size() const { return sha256_.size() + others_.size(); }
  void clear() {
    sha256_.clear();
    others_.clear();
  }

 private:
  // 0x12: sha2-256, 0x20: 32 bytes of digest.
  static bool is_sha256(ByteView multihash) {
    return multihash.size() == 34 && multihash[0] == 0x12 && multihash[1] == 0x20;
  }
  static Sha256Digest digest_of(ByteView multihash) {
    Sha256Digest digest;
    std::memcpy(digest.data(), multihash.data() + 2, digest.size());
    return digest;
  }
  struct Hash {
    // A digest is already uniform.
    size_t operator()(const Sha256Digest& digest) const noexcept {
      size_t hash = 0;
      std::memcpy(&hash, digest.data(), sizeof(hash));
      return hash;
    }
  };

  std::unordered_set<Sha256Digest, Hash> sha256_;
  std::unordered_set<std::string> others_;
};

}  // namespace timerose
