#include "compute/memo.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "compute/bucket_cache.h"
#include "compute/digest_cache.h"
#include "compute/memo_record.h"

namespace timerose::compute {
namespace {

// Kinds of records in front: Outcomes, and from kTooSmall on the fuel that was too small under the
// engine of the number above it.
constexpr uint16_t kOutcome = 0;
constexpr uint16_t kTooSmall = 1;

// Of the memory, what the table of long and displaced records gets.
constexpr uint64_t far_share(uint64_t bytes) { return bytes / 4; }

// Keys in the Table: 'm' DIGEST for an Outcome, 's' SCOPE DIGEST for one that has a scope, 'f'
// DIGEST VERSION NUL FLAGS for fuel (8 bytes, big endian; with a scope the digest is that of both).
Bytes outcome_key(const MemoKey& invocation) {
  Bytes key{static_cast<uint8_t>(invocation.scope == nullptr ? 'm' : 's')};
  if (invocation.scope != nullptr) {
    key.insert(key.end(), invocation.scope->begin(), invocation.scope->end());
  }
  key.insert(key.end(), invocation.digest.begin(), invocation.digest.end());
  return key;
}

// What stands for the key where nothing is known of scopes.
MemoKey plain(const MemoKey& key) {
  if (key.scope == nullptr) return key;
  const Sha256Digest digest = scoped_digest(key);
  uint64_t place = 0;
  std::memcpy(&place, digest.data(), sizeof(place));
  return {digest, place};
}

Bytes too_small_key(const Sha256Digest& invocation, const EngineName& engine) {
  Bytes key{'f'};
  key.insert(key.end(), invocation.begin(), invocation.end());
  key.insert(key.end(), engine.version.begin(), engine.version.end());
  key.push_back(0);
  key.insert(key.end(), engine.flags.begin(), engine.flags.end());
  return key;
}

std::array<uint8_t, 8> encode_fuel(uint64_t fuel) {
  std::array<uint8_t, 8> bytes;
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(fuel >> (56 - 8 * i));
  return bytes;
}

Result<uint64_t> decode_fuel(ByteView bytes) {
  if (bytes.size() != 8) {
    return Error{ErrorCode::kMalformed,
                 fmt::format("memo: a fuel record of {} bytes, expected 8", bytes.size())};
  }
  uint64_t fuel = 0;
  for (const uint8_t byte : bytes) fuel = fuel << 8 | byte;
  return fuel;
}

}  // namespace

Cid object_cid(const Sha256Digest& digest) { return Cid::from_sha256(Codec::kDagCbor, digest); }

Result<Sha256Digest> object_digest(const Cid& cid) {
  const MultihashView hash = cid.multihash();
  if (cid.version() != 1 || cid.codec() != Codec::kDagCbor ||
      hash.code != static_cast<uint64_t>(HashCode::kSha2_256) || hash.digest.size() != 32) {
    return Error{
        ErrorCode::kInvalidArgument,
        fmt::format("{} cannot name an Invocation, Outcome or Receipt: expected a CIDv1 of "
                    "dag-cbor by sha2-256",
                    cid.to_string())};
  }
  Sha256Digest digest;
  std::copy(hash.digest.begin(), hash.digest.end(), digest.begin());
  return digest;
}

Sha256Digest scoped_digest(const MemoKey& key) {
  CHECK(key.scope != nullptr);
  std::array<uint8_t, 2 * sizeof(Sha256Digest)> both;
  std::ranges::copy(key.digest, std::ranges::copy(*key.scope, both.begin()).out);
  return sha256(both);
}

Memo::Memo(Table* behind, uint64_t front_bytes_max)
    : behind_(behind),
      near_(std::make_unique<BucketCache>(front_bytes_max - far_share(front_bytes_max))),
      far_(std::make_unique<DigestCache>(far_share(front_bytes_max))),
      engines_(std::make_unique<EngineNames>()) {}

Memo::~Memo() = default;

void Memo::prefetch(uint64_t place) const { near_->prefetch(place); }

bool Memo::find_in_front(const MemoKey& invocation, Remembered& found) {
  uint16_t engine = 0;
  const auto take = [&](ByteView record) { unpack(record, found, engine); };
  const bool known = near_->find(invocation, take) || far_->find(invocation.digest, kOutcome, take);
  if (known) found.metering.engine = engines_->named(engine);
  return known;
}

void Memo::put_in_front(const MemoKey& invocation, const Remembered& entry) {
  const uint16_t engine = engines_->number_of(*entry.metering.engine);
  if (engine == EngineNames::kEnginesMax || !is_packable(entry)) return;
  thread_local Bytes record;
  pack(entry, engine, record);
  const auto put_far = [&](const Sha256Digest& digest, ByteView bytes) {
    far_->put(digest, kOutcome, bytes);
  };
  if (record.size() <= BucketCache::kRecordBytesMax) {
    near_->put(invocation, record, put_far);
  } else {
    put_far(invocation.digest, record);
    near_->erase(invocation);  // of what it held before
  }
}

Result<bool> Memo::find(const MemoKey& invocation, Remembered& found) {
  if (find_in_front(plain(invocation), found)) return true;
  if (behind_ == nullptr) return false;
  TR_ASSIGN(const auto bytes, behind_->get(outcome_key(invocation)));
  if (!bytes) return false;
  auto decoded = decode_remembered(*bytes);
  // A damaged record is as good as none: the execution writes it afresh.
  if (!decoded.ok()) return false;
  found = *std::move(decoded);
  put_in_front(plain(invocation), found);
  return true;
}

Status Memo::remember(const MemoKey& invocation, const Remembered& entry, Keep keep) {
  CHECK(entry.metering.engine != nullptr);
  if (keep == Keep::kInTable && behind_ != nullptr) {
    TR_ASSIGN(const Bytes record, encode_remembered(entry));
    TR_TRY(behind_->put(outcome_key(invocation), record));
  }
  put_in_front(plain(invocation), entry);
  return success();
}

Result<std::optional<uint64_t>> Memo::too_small(const MemoKey& key, const EngineName& engine) {
  const Sha256Digest invocation = plain(key).digest;
  const uint16_t number = engines_->number_of(engine);
  std::optional<uint64_t> fuel;
  const auto kind = static_cast<uint16_t>(kTooSmall + number);
  far_->find(invocation, kind, [&](ByteView record) { fuel = decode_fuel(record).value(); });
  if (fuel || behind_ == nullptr) return fuel;
  TR_ASSIGN(const auto bytes, behind_->get(too_small_key(invocation, engine)));
  if (!bytes) return fuel;
  auto decoded = decode_fuel(*bytes);
  if (decoded.ok()) fuel = *decoded;
  return fuel;
}

Status Memo::remember_too_small(const MemoKey& key, const EngineName& engine, uint64_t fuel,
                                Keep keep) {
  const Sha256Digest invocation = plain(key).digest;
  TR_ASSIGN(const std::optional<uint64_t> known, too_small(key, engine));
  if (known && *known >= fuel) return success();
  const auto record = encode_fuel(fuel);
  if (keep == Keep::kInTable && behind_ != nullptr) {
    TR_TRY(behind_->put(too_small_key(invocation, engine), record));
  }
  const uint16_t number = engines_->number_of(engine);
  if (number < EngineNames::kEnginesMax) {
    far_->put(invocation, static_cast<uint16_t>(kTooSmall + number), record);
  }
  return success();
}

Status Memo::flush() { return behind_ == nullptr ? success() : behind_->flush(); }

}  // namespace timerose::compute
