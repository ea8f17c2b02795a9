// Reads an archive of blocks, CARv1 or CARv2 (ipld.io/specs/transport/car), as a stream: front to
// back, holding one block at a time.
//
// Every block is verified against its CID. Errors name the byte of the file where the fault is:
// kMalformed for what the format does not allow (a truncated file, a section of length zero, an
// unknown version ...), kMismatch for a damaged block, kLimitExceeded beyond the limits below,
// kUnsupported for a hash function that is not computed here.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "blockstore/block.h"

namespace timerose {

// Gives the next bytes of an input: fills a part of `out`, at least one byte, and returns how many;
// 0 at the end.
using CarSource = std::function<Result<size_t>(std::span<uint8_t> out)>;

// About 25,000 roots.
inline constexpr size_t kCarHeaderBytesMax = 1U << 20;
// A block at its limit behind the longest CID.
inline constexpr size_t kCarSectionBytesMax = kBlockBytesMax + 256;

// What the fixed header of a CARv2 says about the file; offsets in bytes from its start.
struct CarV2Header {
  bool fully_indexed = false;  // the index lists every section, identity CIDs too
  uint64_t data_offset = 0;    // of the CARv1 inside
  uint64_t data_bytes = 0;
  uint64_t index_offset = 0;  // 0: there is no index
};

class CarReader {
 public:
  // Reads the header.
  static Result<CarReader> open(CarSource source);

  [[nodiscard]] const std::vector<Cid>& roots() const { return roots_; }
  // Present if the file is a CARv2. Its index serves random access, so it is not read.
  [[nodiscard]] const std::optional<CarV2Header>& v2() const { return v2_; }

  // The next block; nothing after the last. After an error there is nothing more to read.
  Result<std::optional<Block>> next();

  CarReader(CarReader&&) noexcept;
  CarReader& operator=(CarReader&&) noexcept;
  ~CarReader();

 private:
  class Input;
  explicit CarReader(std::unique_ptr<Input> input);
  Status read_headers();

  std::unique_ptr<Input> input_;
  std::vector<Cid> roots_;
  std::optional<CarV2Header> v2_;
};

}  // namespace timerose
