// Bitswap's messages (specs.ipfs.tech/bitswap-protocol), versions 1.2.0, 1.1.0 and 1.0.0.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "blockstore/block.h"
#include "multiformats/cid.h"

namespace timerose::bitswap {

inline constexpr std::string_view kProtocol120 = "/ipfs/bitswap/1.2.0";
inline constexpr std::string_view kProtocol110 = "/ipfs/bitswap/1.1.0";
inline constexpr std::string_view kProtocol100 = "/ipfs/bitswap/1.0.0";

enum class Version { k100, k110, k120 };

// A frame may be this long: what other implementations send at most.
inline constexpr size_t kFrameBytesMax = 4U << 20;
// Wants of one message; presences of one; blocks of one.
inline constexpr size_t kEntriesMax = 16384;
// Four varints.
inline constexpr size_t kPrefixBytesMax = 36;

enum class WantType : uint8_t { kBlock = 0, kHave = 1 };

struct Want {
  Cid cid;
  int32_t priority = 1;
  WantType type = WantType::kBlock;
  bool cancel = false;
  bool send_dont_have = false;

  bool operator==(const Want&) const = default;
};

enum class Presence : uint8_t { kHave = 0, kDontHave = 1 };

struct BlockPresence {
  Cid cid;
  Presence presence = Presence::kHave;

  bool operator==(const BlockPresence&) const = default;
};

// A block as it came: its CID is known once it is hashed (name()).
struct Payload {
  Bytes prefix;      // version, codec, hash function, digest length; empty in 1.0.0
  SharedBytes data;  // a slice of the frame
};

struct Message {
  bool full = false;  // the wants replace all earlier ones
  std::vector<Want> wants;
  std::vector<Payload> payloads;
  std::vector<BlockPresence> presences;
  int32_t pending_bytes = 0;
};

// kMalformed says what is wrong; kLimitExceeded for too many entries or a block over
// kBlockBytesMax. Unknown fields are passed over, and so are wants and presences of an unknown
// type.
Result<Message> decode(const SharedBytes& frame);

// Hashes a payload: the block it is, under the CID that its prefix makes; version 0 in 1.0.0.
// kUnsupported for a hash function that we do not compute, or a digest cut too short to be trusted.
Result<Block> name(const Payload& payload);

// What is written: the blocks are not copied, but are pieces of their own.
struct Outgoing {
  bool full = false;
  std::vector<Want> wants;
  std::vector<Block> blocks;
  std::vector<BlockPresence> presences;
  int32_t pending_bytes = 0;
};
// The pieces of one frame, to be sent one behind the other. `pieces` point into `headers` and into
// the blocks of the message.
struct Encoded {
  Encoded() = default;
  Encoded(Encoded&&) = default;
  Encoded& operator=(Encoded&&) = default;

  Bytes headers;
  std::vector<SharedBytes> blocks;
  std::vector<ByteView> pieces;
};
// The inverse of decode() for 1.2.0. Older versions know no presences, no want-haves and no pending
// bytes: these are left out. 1.0.0 names blocks by sha2-256 alone: wants become version 0 CIDs, and
// what has another hash is left out.
Encoded encode(const Outgoing& message, Version version);

// What an entry takes of a frame, at most: for keeping a message below a size.
inline constexpr size_t kBlockFramingBytesMax = kPrefixBytesMax + 16;
size_t presence_bytes(size_t cid_bytes);

}  // namespace timerose::bitswap
