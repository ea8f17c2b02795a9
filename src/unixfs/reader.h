// DAGs back into bytes: by range, streaming, every block verified before any of it is handed out.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "blockstore/blockstore.h"
#include "unixfs/node.h"

namespace timerose::unixfs {

// A file open for reading at any place. Holds the root and the path to the last leaf read, so that
// sequential reads fetch each block once. Not thread-safe; cheap to open.
class FileReader {
 public:
  // kInvalidArgument if `cid` is no file (a directory, a symlink, other codecs).
  static Result<FileReader> open(Blockstore& store, const Cid& cid);

  FileReader(FileReader&&) noexcept;
  FileReader& operator=(FileReader&&) noexcept;
  ~FileReader();

  [[nodiscard]] uint64_t size() const;
  // Fills `out` from `offset` and returns how many bytes there were (short only at the end).
  Result<size_t> read_at(uint64_t offset, std::span<uint8_t> out);

 private:
  struct State;
  explicit FileReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Calls `take` with the bytes of [offset, offset+length) in order. With `threads` > 1 blocks ahead
// are fetched and verified in parallel, in bounded memory.
struct Range {
  uint64_t offset = 0;
  uint64_t length = UINT64_MAX;
};
Status stream_file(Blockstore& store, const Cid& cid, Range range, unsigned threads,
                   const std::function<Status(ByteView)>& take);
// The whole file; kLimitExceeded if longer than `bytes_max`.
Result<Bytes> read_file(Blockstore& store, const Cid& cid, uint64_t bytes_max);

// What a CID is, from its one block.
enum class Kind { kFile, kDirectory, kSymlink };
struct Stat {
  Kind kind = Kind::kFile;
  uint64_t size = 0;  // content bytes of a file; length of a symlink's target
  bool hamt = false;  // a sharded directory
  std::optional<uint32_t> mode;
  std::optional<Mtime> mtime;
};
Result<Stat> stat(Blockstore& store, const Cid& cid);
Result<std::string> read_symlink(Blockstore& store, const Cid& cid);

}  // namespace timerose::unixfs
