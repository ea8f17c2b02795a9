// The field numbers of Bitswap's protobuf (specs.ipfs.tech/bitswap-protocol, "Wire Format"), for
// message.cc and message_encode.cc.
#pragma once

#include <cstdint>

namespace timerose::bitswap::field {

// Message
inline constexpr uint32_t kWantlist = 1;
inline constexpr uint32_t kBlocks = 2;  // 1.0.0: the bytes alone
inline constexpr uint32_t kPayload = 3;
inline constexpr uint32_t kPresences = 4;
inline constexpr uint32_t kPendingBytes = 5;

// Message.Wantlist
inline constexpr uint32_t kEntries = 1;
inline constexpr uint32_t kFull = 2;

// Message.Wantlist.Entry
inline constexpr uint32_t kEntryCid = 1;
inline constexpr uint32_t kEntryPriority = 2;
inline constexpr uint32_t kEntryCancel = 3;
inline constexpr uint32_t kEntryType = 4;
inline constexpr uint32_t kEntrySendDontHave = 5;

// Message.Block
inline constexpr uint32_t kPrefix = 1;
inline constexpr uint32_t kData = 2;

// Message.BlockPresence
inline constexpr uint32_t kPresenceCid = 1;
inline constexpr uint32_t kPresenceType = 2;

}  // namespace timerose::bitswap::field
