// Byte buffers and views, and the few conversions everyone needs.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace timerose {

using Bytes = std::vector<uint8_t>;
using ByteView = std::span<const uint8_t>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Bytes to_bytes(ByteView view) { return {view.begin(), view.end()}; }

inline bool equal(ByteView a, ByteView b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

// Immutable bytes with shared ownership: copying one copies a pointer. A slice keeps the whole
// buffer alive. Safe to read from several threads.
class SharedBytes {
 public:
  SharedBytes() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): taking over a buffer loses nothing.
  SharedBytes(Bytes bytes) {
    auto owner = std::make_shared<const Bytes>(std::move(bytes));
    view_ = *owner;
    owner_ = std::move(owner);
  }
  // Bytes that live as long as `owner` does.
  SharedBytes(std::shared_ptr<const void> owner, ByteView view)
      : owner_(std::move(owner)), view_(view) {}

  static SharedBytes copy_of(ByteView view) { return SharedBytes(to_bytes(view)); }

  [[nodiscard]] ByteView view() const { return view_; }
  [[nodiscard]] const uint8_t* data() const { return view_.data(); }
  [[nodiscard]] size_t size() const { return view_.size(); }
  [[nodiscard]] bool empty() const { return view_.empty(); }

  // The `length` bytes from `offset`, which must lie inside.
  [[nodiscard]] SharedBytes slice(size_t offset, size_t length) const {
    return {owner_, view_.subspan(offset, length)};
  }

 private:
  std::shared_ptr<const void> owner_;
  ByteView view_;
};

}  // namespace timerose
