// For the tests of this folder: a folder that is removed again, and blocks by number.
#pragma once

#include <cstdlib>
#include <filesystem>

#include "base/random.h"
#include "blockstore/block.h"

namespace timerose::testing_support {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "blockstore.XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// The same bytes each time, others for each number.
inline Bytes bytes_of(uint64_t number, size_t size) {
  Bytes bytes(size);
  SeededRandom(number).fill(bytes);
  return bytes;
}

inline Block block_of(uint64_t number, size_t size = 100) {
  return Block::of_sha256(Codec::kRaw, bytes_of(number, size));
}

}  // namespace timerose::testing_support
