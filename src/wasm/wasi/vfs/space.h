// What the copy-on-write layer of one call may still take: bytes of content, and nodes. The limits
// are part of the Invocation's meaning, so what counts is what the guest did, not what the host
// allocated.
#pragma once

#include <cstdint>

#include "base/check.h"
#include "wasm/output_room.h"
#include "wasm/wasi/attempt.h"

namespace timerose::wasi::vfs {

class Space {
 public:
  // What a node with its name holds on the host, about.
  static constexpr uint64_t kNodeBytes = 512;

  // `held` must outlive it.
  Space(uint64_t bytes_max, uint64_t nodes_max, wasm::HeldOutput& held)
      : bytes_left_(bytes_max), nodes_left_(nodes_max), held_(held) {}
  Space(const Space&) = delete;
  Space& operator=(const Space&) = delete;

  [[nodiscard]] uint64_t bytes_left() const { return bytes_left_; }
  // ENOSPC beyond the limit; else the node may end the call.
  Attempt<void> take(uint64_t count) {
    WASI_TRY(make_room(count));
    take_bytes(count);
    return {};
  }
  // The same in two steps, where something may fail between them.
  Attempt<void> make_room(uint64_t count) {
    if (count > bytes_left_) return Errno::kNospc;
    if (auto stopped = held_.make_room(count)) return Failure(*std::move(stopped));
    return {};
  }
  void take_bytes(uint64_t count) {
    CHECK(count <= bytes_left_);
    bytes_left_ -= count;
    held_.add(count);
  }
  void give_bytes(uint64_t count) {
    bytes_left_ += count;
    held_.remove(count);
  }

  Attempt<void> take_node() {
    if (nodes_left_ == 0) return Errno::kNospc;
    if (auto stopped = held_.take(kNodeBytes)) return Failure(*std::move(stopped));
    --nodes_left_;
    return {};
  }
  void give_node() {
    ++nodes_left_;
    held_.remove(kNodeBytes);
  }

 private:
  uint64_t bytes_left_;
  uint64_t nodes_left_;
  wasm::HeldOutput& held_;
};

}  // namespace timerose::wasi::vfs
