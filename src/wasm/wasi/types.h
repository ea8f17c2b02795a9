// The numbers and the memory layouts of WASI preview 1 (witx: typenames.witx).
#pragma once

#include <cstdint>

namespace timerose::wasi {

using Fd = uint32_t;

enum class Filetype : uint8_t {
  kUnknown = 0,
  kDirectory = 3,
  kRegularFile = 4,
  kSymbolicLink = 7,
};

// What may be done with a descriptor: a set of bits.
using Rights = uint64_t;
namespace rights {
inline constexpr Rights kFdDatasync = 1ULL << 0;
inline constexpr Rights kFdRead = 1ULL << 1;
inline constexpr Rights kFdSeek = 1ULL << 2;
inline constexpr Rights kFdFdstatSetFlags = 1ULL << 3;
inline constexpr Rights kFdSync = 1ULL << 4;
inline constexpr Rights kFdTell = 1ULL << 5;
inline constexpr Rights kFdWrite = 1ULL << 6;
inline constexpr Rights kFdAdvise = 1ULL << 7;
inline constexpr Rights kFdAllocate = 1ULL << 8;
inline constexpr Rights kPathCreateDirectory = 1ULL << 9;
inline constexpr Rights kPathCreateFile = 1ULL << 10;
inline constexpr Rights kPathLinkSource = 1ULL << 11;
inline constexpr Rights kPathLinkTarget = 1ULL << 12;
inline constexpr Rights kPathOpen = 1ULL << 13;
inline constexpr Rights kFdReaddir = 1ULL << 14;
inline constexpr Rights kPathReadlink = 1ULL << 15;
inline constexpr Rights kPathRenameSource = 1ULL << 16;
inline constexpr Rights kPathRenameTarget = 1ULL << 17;
inline constexpr Rights kPathFilestatGet = 1ULL << 18;
inline constexpr Rights kPathFilestatSetSize = 1ULL << 19;
inline constexpr Rights kPathFilestatSetTimes = 1ULL << 20;
inline constexpr Rights kFdFilestatGet = 1ULL << 21;
inline constexpr Rights kFdFilestatSetSize = 1ULL << 22;
inline constexpr Rights kFdFilestatSetTimes = 1ULL << 23;
inline constexpr Rights kPathSymlink = 1ULL << 24;
inline constexpr Rights kPathRemoveDirectory = 1ULL << 25;
inline constexpr Rights kPathUnlinkFile = 1ULL << 26;
inline constexpr Rights kPollFdReadwrite = 1ULL << 27;

// All that makes sense for a file, for a directory, and for what is opened below one.
inline constexpr Rights kFile = kFdDatasync | kFdRead | kFdSeek | kFdFdstatSetFlags | kFdSync |
                                kFdTell | kFdWrite | kFdAdvise | kFdAllocate | kFdFilestatGet |
                                kFdFilestatSetSize | kFdFilestatSetTimes | kPollFdReadwrite;
inline constexpr Rights kDirectory =
    kFdDatasync | kFdFdstatSetFlags | kFdSync | kPathCreateDirectory | kPathCreateFile |
    kPathLinkSource | kPathLinkTarget | kPathOpen | kFdReaddir | kPathReadlink | kPathRenameSource |
    kPathRenameTarget | kPathFilestatGet | kPathFilestatSetSize | kPathFilestatSetTimes |
    kFdFilestatGet | kFdFilestatSetTimes | kPathSymlink | kPathRemoveDirectory | kPathUnlinkFile;
inline constexpr Rights kAll = kFile | kDirectory;
inline constexpr Rights kStdin = kFile & ~(kFdWrite | kFdAllocate | kFdFilestatSetSize |
                                           kFdFilestatSetTimes | kFdDatasync | kFdSync);
inline constexpr Rights kStdout =
    kFdWrite | kFdFilestatGet | kFdFdstatSetFlags | kFdDatasync | kFdSync | kPollFdReadwrite;
}  // namespace rights

using FdFlags = uint16_t;
inline constexpr FdFlags kFdAppend = 1 << 0;
inline constexpr FdFlags kFdFlagsKnown = 0x1f;  // append, dsync, nonblock, rsync, sync

inline constexpr uint32_t kLookupSymlinkFollow = 1;

inline constexpr uint32_t kOpenCreate = 1 << 0;
inline constexpr uint32_t kOpenDirectory = 1 << 1;
inline constexpr uint32_t kOpenExclusive = 1 << 2;
inline constexpr uint32_t kOpenTruncate = 1 << 3;
inline constexpr uint32_t kOpenKnown = 0xf;

inline constexpr uint32_t kSetAccess = 1 << 0;
inline constexpr uint32_t kSetAccessNow = 1 << 1;
inline constexpr uint32_t kSetModify = 1 << 2;
inline constexpr uint32_t kSetModifyNow = 1 << 3;
inline constexpr uint32_t kSetTimesKnown = 0xf;

enum class Whence : uint8_t { kSet = 0, kCurrent = 1, kEnd = 2 };

struct Iovec {
  uint32_t pointer;
  uint32_t length;
};
static_assert(sizeof(Iovec) == 8);

struct Fdstat {
  Filetype filetype = Filetype::kUnknown;
  uint8_t padding0 = 0;
  FdFlags flags = 0;
  uint32_t padding1 = 0;
  Rights base = 0;
  Rights inheriting = 0;
};
static_assert(sizeof(Fdstat) == 24);

struct Filestat {
  uint64_t device = 0;
  uint64_t inode = 0;
  Filetype filetype = Filetype::kUnknown;
  uint8_t padding[7] = {};
  uint64_t links = 1;
  uint64_t size = 0;
  uint64_t access_ns = 0;
  uint64_t modify_ns = 0;
  uint64_t change_ns = 0;
};
static_assert(sizeof(Filestat) == 64);

struct Dirent {
  uint64_t next = 0;
  uint64_t inode = 0;
  uint32_t name_bytes = 0;
  Filetype filetype = Filetype::kUnknown;
  uint8_t padding[3] = {};
};
static_assert(sizeof(Dirent) == 24);

struct Prestat {
  uint32_t tag = 0;  // 0: a directory, the only kind there is
  uint32_t name_bytes = 0;
};
static_assert(sizeof(Prestat) == 8);

enum class EventType : uint8_t { kClock = 0, kFdRead = 1, kFdWrite = 2 };

struct Subscription {
  uint64_t userdata;
  uint8_t type;
  uint8_t padding0[7];
  uint32_t id;  // of a clock, or the descriptor
  uint32_t padding1;
  uint64_t timeout_ns;
  uint64_t precision_ns;
  uint16_t flags;  // 1: the timeout is a moment, not a length
  uint8_t padding2[6];
};
static_assert(sizeof(Subscription) == 48);

struct Event {
  uint64_t userdata = 0;
  uint16_t error = 0;
  EventType type = EventType::kClock;
  uint8_t padding0[5] = {};
  uint64_t bytes_ready = 0;
  uint16_t flags = 0;
  uint8_t padding1[6] = {};
};
static_assert(sizeof(Event) == 32);

}  // namespace timerose::wasi
