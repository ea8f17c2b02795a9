#include "exchange/bitswap/message.h"

#include <fmt/format.h>

#include <array>

#include "crypto/digest.h"
#include "exchange/bitswap/message_fields.h"
#include "multiformats/protobuf.h"
#include "multiformats/varint.h"

namespace timerose::bitswap {
namespace {

using protobuf::Field;
using protobuf::Wire;

Error malformed(std::string why) { return {ErrorCode::kMalformed, std::move(why)}; }

// Calls `visit` with each field. As protobuf has it, a field of another wire type than expected is
// an unknown one, which is for `visit` to pass over.
template <typename Visit>
Status for_each_field(ByteView in, const Visit& visit) {
  while (!in.empty()) {
    TR_ASSIGN(const Field field, protobuf::take_field(in));
    TR_TRY(visit(field));
  }
  return success();
}

bool is_bytes(const Field& field, uint32_t number) {
  return field.number == number && field.wire == Wire::kBytes;
}
bool is_varint(const Field& field, uint32_t number) {
  return field.number == number && field.wire == Wire::kVarint;
}

// An int32 is written as the 64 bits of its sign extension; what is above 32 is dropped.
int32_t to_int32(uint64_t value) { return static_cast<int32_t>(static_cast<uint32_t>(value)); }

Result<Cid> decode_cid(ByteView bytes, std::string_view of) {
  auto cid = Cid::decode(bytes);
  if (!cid) return std::move(cid).error().within(fmt::format("the CID of {}", of));
  return cid;
}

Status check_room(size_t count, std::string_view what) {
  if (count < kEntriesMax) return success();
  return Error{ErrorCode::kLimitExceeded,
               fmt::format("more than {} {} in one message", kEntriesMax, what)};
}

Status add_want(ByteView entry, std::vector<Want>& out) {
  TR_TRY(check_room(out.size(), "wants"));
  ByteView cid_bytes;
  uint64_t priority = 0;
  uint64_t type = 0;
  bool cancel = false;
  bool send_dont_have = false;
  TR_TRY(for_each_field(entry, [&](const Field& field) {
    if (is_bytes(field, field::kEntryCid)) cid_bytes = field.bytes;
    if (is_varint(field, field::kEntryPriority)) priority = field.value;
    if (is_varint(field, field::kEntryCancel)) cancel = field.value != 0;
    if (is_varint(field, field::kEntryType)) type = field.value;
    if (is_varint(field, field::kEntrySendDontHave)) send_dont_have = field.value != 0;
    return success();
  }));
  TR_ASSIGN(Cid cid, decode_cid(cid_bytes, "a want"));
  if (type > static_cast<uint64_t>(WantType::kHave)) return success();
  out.push_back({.cid = std::move(cid),
                 .priority = to_int32(priority),
                 .type = static_cast<WantType>(type),
                 .cancel = cancel,
                 .send_dont_have = send_dont_have});
  return success();
}

Status read_wantlist(ByteView wantlist, Message& out) {
  return for_each_field(wantlist, [&](const Field& field) -> Status {
    if (is_bytes(field, field::kEntries)) return add_want(field.bytes, out.wants);
    if (is_varint(field, field::kFull)) out.full = field.value != 0;
    return success();
  });
}

Status add_presence(ByteView presence, std::vector<BlockPresence>& out) {
  TR_TRY(check_room(out.size(), "block presences"));
  ByteView cid_bytes;
  uint64_t type = 0;
  TR_TRY(for_each_field(presence, [&](const Field& field) {
    if (is_bytes(field, field::kPresenceCid)) cid_bytes = field.bytes;
    if (is_varint(field, field::kPresenceType)) type = field.value;
    return success();
  }));
  TR_ASSIGN(Cid cid, decode_cid(cid_bytes, "a block presence"));
  if (type > static_cast<uint64_t>(Presence::kDontHave)) return success();
  out.push_back({.cid = std::move(cid), .presence = static_cast<Presence>(type)});
  return success();
}

class Decoder {
 public:
  explicit Decoder(const SharedBytes& frame) : frame_(frame) {}

  Result<Message> decode() {
    TR_TRY(for_each_field(frame_.view(), [this](const Field& field) { return take(field); }));
    return std::move(message_);
  }

 private:
  Status take(const Field& field) {
    if (is_varint(field, field::kPendingBytes)) message_.pending_bytes = to_int32(field.value);
    if (field.wire != Wire::kBytes) return success();
    switch (field.number) {
      case field::kWantlist:
        return read_wantlist(field.bytes, message_);
      case field::kBlocks:
        return add_payload({}, field.bytes);
      case field::kPayload:
        return read_payload(field.bytes);
      case field::kPresences:
        return add_presence(field.bytes, message_.presences);
      default:
        return success();
    }
  }

  Status read_payload(ByteView block) {
    ByteView prefix;
    ByteView data;
    TR_TRY(for_each_field(block, [&](const Field& field) {
      if (is_bytes(field, field::kPrefix)) prefix = field.bytes;
      if (is_bytes(field, field::kData)) data = field.bytes;
      return success();
    }));
    if (prefix.empty()) return malformed("a block without the prefix of its CID");
    if (prefix.size() > kPrefixBytesMax) {
      return malformed(fmt::format("the prefix of a CID has {} bytes, {} at most are possible",
                                   prefix.size(), kPrefixBytesMax));
    }
    return add_payload(prefix, data);
  }

  Status add_payload(ByteView prefix, ByteView data) {
    TR_TRY(check_room(message_.payloads.size(), "blocks"));
    if (data.size() > kBlockBytesMax) {
      return Error{
          ErrorCode::kLimitExceeded,
          fmt::format("a block of {} bytes, {} at most are taken", data.size(), kBlockBytesMax)};
    }
    SharedBytes slice;
    if (!data.empty()) {
      slice = frame_.slice(static_cast<size_t>(data.data() - frame_.data()), data.size());
    }
    message_.payloads.push_back({.prefix = to_bytes(prefix), .data = std::move(slice)});
    return success();
  }

  const SharedBytes& frame_;
  Message message_;
};

struct Prefix {
  uint64_t version = 0;
  uint64_t codec = 0;
  uint64_t hash = 0;
  uint64_t digest_bytes = 0;
};

Result<Prefix> read_prefix(ByteView bytes) {
  Prefix prefix;
  for (uint64_t* part : {&prefix.version, &prefix.codec, &prefix.hash, &prefix.digest_bytes}) {
    TR_ASSIGN(*part, varint_take(bytes));
  }
  if (!bytes.empty()) return malformed(fmt::format("{} bytes too many", bytes.size()));
  if (prefix.version > 1) return malformed(fmt::format("version {}", prefix.version));
  return prefix;
}

// A digest may be cut to a length, and by blake3 be longer than the usual 32 bytes.
Result<Bytes> hash_to(const Prefix& prefix, ByteView data) {
  const auto hash = static_cast<HashCode>(prefix.hash);
  const size_t wanted = prefix.digest_bytes > kDigestBytesMax
                            ? kDigestBytesMax + 1
                            : static_cast<size_t>(prefix.digest_bytes);
  std::array<uint8_t, kDigestBytesMax> extended;
  Bytes whole;
  ByteView digest;
  if (hash == HashCode::kBlake3) {
    blake3_extend(data, extended);
    digest = extended;
  } else {
    TR_ASSIGN(whole, multihash_of(hash, data));
    ByteView rest = whole;
    TR_ASSIGN(const MultihashView multihash, multihash_take(rest));
    digest = multihash.digest;
  }
  if (wanted == digest.size() && !whole.empty()) return whole;
  if (wanted > digest.size()) {
    return malformed(fmt::format("a digest of {} bytes by {}, which has {} at most",
                                 prefix.digest_bytes, hash_name(hash), digest.size()));
  }
  if (wanted < kTrustedDigestBytesMin || hash == HashCode::kIdentity) {
    return Error{ErrorCode::kUnsupported,
                 fmt::format("a digest cut to {} bytes does not prove what the block is", wanted)};
  }
  Bytes cut;
  multihash_append(cut, prefix.hash, digest.first(wanted));
  return cut;
}

}  // namespace

Result<Message> decode(const SharedBytes& frame) {
  auto message = Decoder(frame).decode();
  if (!message) return std::move(message).error().within("a Bitswap message");
  return message;
}

Result<Block> name(const Payload& payload) {
  const ByteView data = payload.data.view();
  if (payload.prefix.empty()) {
    const Cid cid = Cid::of_sha256(Codec::kDagPb, data);
    return Block::trusted(*cid.as_v0(), payload.data);
  }
  auto prefix = read_prefix(payload.prefix);
  if (!prefix) return std::move(prefix).error().within("the prefix of a block's CID");
  TR_ASSIGN(const Bytes multihash, hash_to(*prefix, data));
  auto cid =
      Cid::make(static_cast<int>(prefix->version), static_cast<Codec>(prefix->codec), multihash);
  if (!cid) return malformed("the prefix of a block's CID: " + cid.error().message);
  return Block::trusted(std::move(*cid), payload.data);
}

}  // namespace timerose::bitswap
