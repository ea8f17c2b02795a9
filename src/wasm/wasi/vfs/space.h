// What the copy-on-write layer of one call may still take: bytes of content, and nodes. The limits
// are part of the Invocation's meaning, so what counts is what the guest did, not what the host
// allocated.
#pragma once

#include <cstdint>

namespace timerose::wasi::vfs {

class Space {
 public:
  Space(uint64_t bytes_max, uint64_t nodes_max) : bytes_left_(bytes_max), nodes_left_(nodes_max) {}
  Space(const Space&) = delete;
  Space& operator=(const Space&) = delete;

  [[nodiscard]] uint64_t bytes_left() const { return bytes_left_; }
  [[nodiscard]] bool take_bytes(uint64_t count) {
    if (count > bytes_left_) return false;
    bytes_left_ -= count;
    return true;
  }
  void give_bytes(uint64_t count) { bytes_left_ += count; }

  [[nodiscard]] bool take_node() {
    if (nodes_left_ == 0) return false;
    --nodes_left_;
    return true;
  }
  void give_node() { ++nodes_left_; }

 private:
  uint64_t bytes_left_;
  uint64_t nodes_left_;
};

}  // namespace timerose::wasi::vfs
