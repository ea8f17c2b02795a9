// CIDs under small numbers: each is kept once, however many peers want it.
//
// 48 bytes for a CID and about 11 for finding it; a digest of over 32 bytes takes more, and all of
// those together have a limit. The hash is keyed, so that peers cannot choose CIDs that collide.
#pragma once

#include <array>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "exchange/bitswap/chunked_pool.h"
#include "multiformats/cid.h"

namespace timerose::bitswap {

// A multiplication, folded.
inline uint64_t mix(uint64_t a, uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// Whoever does not know `seed` cannot choose bytes that collide.
uint64_t keyed_hash(ByteView bytes, uint64_t seed);

class CidTable {
 public:
  // Of CIDs that do not fit into a record, all together.
  static constexpr size_t kLongCidBytesMax = 64U << 20;

  explicit CidTable(uint64_t hash_seed, size_t long_bytes_max = kLongCidBytesMax)
      : seed_(hash_seed), long_bytes_max_(long_bytes_max) {}

  // The number of `cid`, to be released as often as it was acquired; kNone if there is no room.
  uint32_t acquire(const Cid& cid);
  void release(uint32_t number);

  // kNone if no one holds it.
  [[nodiscard]] uint32_t find(const Cid& cid) const;
  [[nodiscard]] ByteView bytes(uint32_t number) const;
  [[nodiscard]] Cid cid(uint32_t number) const { return *Cid::decode(bytes(number)); }
  // The numbers of those that name the same bytes as `cid`: itself, and under version 0 and the
  // codecs that are in common use.
  [[nodiscard]] std::vector<uint32_t> same_block(const Cid& cid) const;
  [[nodiscard]] size_t size() const { return entries_.size(); }
  // Have what a later call needs brought near while something else is done.
  void prefetch(uint32_t number) const { entries_.prefetch(number); }
  void prefetch(const Cid& cid) const;

  // The first want in the list of those that wait for it: kept here for the caller, kNone at first.
  [[nodiscard]] uint32_t& first_waiting(uint32_t number) { return entries_[number].first_waiting; }

 private:
  static constexpr size_t kInlineBytes = 38;
  static constexpr size_t kShards = 256;
  static constexpr size_t kSlotsMin = 8;
  // Version 1 of these and version 0.
  static constexpr std::array kCommonCodecs{Codec::kRaw, Codec::kDagPb, Codec::kDagCbor,
                                            Codec::kDagJson, Codec::kLibp2pKey};
  static constexpr size_t kVersion0 = kCommonCodecs.size();
  static constexpr size_t kUncommon = kVersion0 + 1;

  struct Entry {
    uint32_t references = 0;
    uint32_t first_waiting = kNone;
    uint8_t kind = 0;
    uint8_t size = 0;  // over kInlineBytes: the bytes are in long_
    std::array<uint8_t, kInlineBytes> bytes{};
  };
  static_assert(sizeof(Entry) == 48);

  // Linear probing. A shard grows by itself, so that no single step copies the whole table.
  struct Slot {
    uint32_t number = kNone;
    uint32_t hash = 0;
  };
  struct Shard {
    std::vector<Slot> slots;
    size_t used = 0;
  };

  [[nodiscard]] uint64_t hash_of(ByteView bytes) const { return keyed_hash(bytes, seed_); }
  [[nodiscard]] static size_t kind_of(const Cid& cid);
  [[nodiscard]] static size_t shard_of(uint64_t hash) { return hash >> 56; }
  [[nodiscard]] uint32_t find(ByteView bytes, uint64_t hash) const;
  static void grow(Shard& shard);
  static void place(std::vector<Slot>& slots, Slot slot);
  void unplace(uint32_t number, uint64_t hash);

  const uint64_t seed_;
  const size_t long_bytes_max_;
  ChunkedPool<Entry> entries_;
  std::array<Shard, kShards> shards_;
  std::array<size_t, kUncommon + 1> held_of_kind_{};  // so that only those are searched
  std::unordered_map<uint32_t, Bytes> long_;
  size_t long_bytes_ = 0;
};

}  // namespace timerose::bitswap
