#include <algorithm>

#include "exchange/bitswap/message.h"
#include "exchange/bitswap/message_fields.h"
#include "multiformats/protobuf.h"
#include "multiformats/varint.h"

namespace timerose::bitswap {
namespace {

using protobuf::append_bytes_field;
using protobuf::append_tag;
using protobuf::append_varint;
using protobuf::append_varint_field;
using protobuf::Wire;

bool is_sha256(const Cid& cid) {
  return cid.multihash().code == static_cast<uint64_t>(HashCode::kSha2_256) &&
         cid.multihash().digest.size() == sizeof(Sha256Digest);
}

// Whether a peer of `version` can be told of it.
bool can_carry(const Want& want, Version version) {
  if (version == Version::k120) return true;
  if (want.type == WantType::kHave && !want.cancel) return false;
  return version == Version::k110 || is_sha256(want.cid);
}

// A number is written if it is not its default, 0.
void append_number(Bytes& out, uint32_t field, int32_t value) {
  if (value != 0) append_varint_field(out, field, static_cast<uint64_t>(int64_t{value}));
}

void append_want(Bytes& out, const Want& want, Version version) {
  // The multihash of sha2-256 alone is the version 0 CID.
  const ByteView cid = version == Version::k100 ? want.cid.multihash_bytes() : want.cid.bytes();
  append_bytes_field(out, field::kEntryCid, cid);
  append_number(out, field::kEntryPriority, want.priority);
  append_number(out, field::kEntryCancel, want.cancel ? 1 : 0);
  if (version != Version::k120) return;
  append_number(out, field::kEntryType, static_cast<int32_t>(want.type));
  append_number(out, field::kEntrySendDontHave, want.send_dont_have ? 1 : 0);
}

void append_wantlist(Bytes& out, const Outgoing& message, Version version) {
  Bytes wantlist;
  Bytes entry;
  for (const Want& want : message.wants) {
    if (!can_carry(want, version)) continue;
    entry.clear();
    append_want(entry, want, version);
    append_bytes_field(wantlist, field::kEntries, entry);
  }
  append_number(wantlist, field::kFull, message.full ? 1 : 0);
  if (!wantlist.empty()) append_bytes_field(out, field::kWantlist, wantlist);
}

void append_presences(Bytes& out, const Outgoing& message) {
  Bytes body;
  for (const BlockPresence& presence : message.presences) {
    body.clear();
    append_bytes_field(body, field::kPresenceCid, presence.cid.bytes());
    append_number(body, field::kPresenceType, static_cast<int32_t>(presence.presence));
    append_bytes_field(out, field::kPresences, body);
  }
}

// Version, codec, hash function and digest length of a CID: all of it but the digest.
Bytes prefix_of(const Cid& cid) {
  const ByteView bytes = cid.bytes();
  Bytes prefix;
  if (cid.version() == 0) prefix = {0, static_cast<uint8_t>(Codec::kDagPb)};
  const auto head = bytes.first(bytes.size() - cid.multihash().digest.size());
  prefix.insert(prefix.end(), head.begin(), head.end());
  return prefix;
}

// All that stands before the bytes of a block.
void append_block_head(Bytes& out, const Block& block, Version version) {
  if (version == Version::k100) {
    append_tag(out, field::kBlocks, Wire::kBytes);
    append_varint(out, block.size());
    return;
  }
  Bytes head;
  append_bytes_field(head, field::kPrefix, prefix_of(block.cid()));
  if (block.size() != 0) {
    append_tag(head, field::kData, Wire::kBytes);
    append_varint(head, block.size());
  }
  append_tag(out, field::kPayload, Wire::kBytes);
  append_varint(out, head.size() + block.size());
  out.insert(out.end(), head.begin(), head.end());
}

}  // namespace

Encoded encode(const Outgoing& message, Version version) {
  Encoded out;
  append_wantlist(out.headers, message, version);
  std::vector<size_t> ends;  // of the headers before each block
  for (const Block& block : message.blocks) {
    if (version == Version::k100 && !is_sha256(block.cid())) continue;
    append_block_head(out.headers, block, version);
    ends.push_back(out.headers.size());
    out.blocks.push_back(block.data());
  }
  if (version == Version::k120) {
    append_presences(out.headers, message);
    append_number(out.headers, field::kPendingBytes, message.pending_bytes);
  }

  const ByteView headers = out.headers;
  size_t begin = 0;
  for (size_t i = 0; i < ends.size(); ++i) {
    out.pieces.push_back(headers.subspan(begin, ends[i] - begin));
    if (!out.blocks[i].empty()) out.pieces.push_back(out.blocks[i].view());
    begin = ends[i];
  }
  if (begin != headers.size()) out.pieces.push_back(headers.subspan(begin));
  return out;
}

size_t presence_bytes(size_t cid_bytes) {
  // Tag and length of the presence, tag and length of the CID, tag and value of the type.
  const size_t body = 1 + protobuf::varint_size(cid_bytes) + cid_bytes + 2;
  return 1 + protobuf::varint_size(body) + body;
}

}  // namespace timerose::bitswap
