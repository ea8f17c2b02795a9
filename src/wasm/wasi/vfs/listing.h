// The names of a directory, sorted by their bytes, packed: 8 bytes an entry beside the names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/wasi/attempt.h"

namespace timerose::wasi::vfs {

class Listing {
 public:
  static constexpr uint64_t kNameBytesMax = UINT32_MAX;  // of all names together

  enum class Source : uint8_t {
    kBase,      // of the UnixFS directory; its kind is in its block
    kBaseFile,  // the same, and its CID says that it is a file
    kOverlay,   // made, moved or mounted here
  };
  struct Entry {
    std::string_view name;
    Source source;
  };

  // ENOMEM beyond kNameBytesMax.
  Attempt<void> add(std::string_view name, Source source);
  void sort();

  [[nodiscard]] size_t size() const { return entries_.size(); }
  [[nodiscard]] Entry at(size_t index) const { return view(entries_[index]); }
  [[nodiscard]] uint64_t memory_bytes() const {
    return names_.capacity() + entries_.capacity() * sizeof(Packed);
  }

 private:
  struct Packed {
    uint32_t offset;
    uint32_t length : 30;
    uint32_t source : 2;
  };
  [[nodiscard]] Entry view(const Packed& packed) const {
    return {std::string_view(names_).substr(packed.offset, packed.length),
            static_cast<Source>(packed.source)};
  }
  std::string names_;
  std::vector<Packed> entries_;
};

}  // namespace timerose::wasi::vfs
