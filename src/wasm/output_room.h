// What a guest has written is held in memory until its call ends. A node that runs guests of others
// gives them room for that, so that many guests together do not take all there is.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "wasm/guest.h"

namespace timerose::wasm {

// Of one call, and of one thread at a time.
class OutputRoom {
 public:
  virtual ~OutputRoom() = default;
  // So many bytes more, until the call has ended. An error says why there is none; it ends the call
  // without an Outcome.
  virtual Status take(uint64_t bytes) = 0;
};

// What one guest's output holds, and the room that was taken for it.
class HeldOutput {
 public:
  // Room is taken in steps of this; the first is not asked for, so that a small call asks nobody.
  static constexpr uint64_t kStepBytes = 1U << 20;

  // Null: as much as it likes.
  explicit HeldOutput(OutputRoom* room = nullptr) : room_(room) {}

  // Why the call must end, if it must; else the bytes are held.
  [[nodiscard]] std::optional<Stopped> take(uint64_t bytes) {
    auto stopped = make_room(bytes);
    if (!stopped) add(bytes);
    return stopped;
  }
  // Before add(), where something may fail between them. Why the call must end, if it must.
  [[nodiscard]] std::optional<Stopped> make_room(uint64_t bytes) {
    if (room_ == nullptr || held_ + bytes <= room_bytes_) return std::nullopt;
    const uint64_t lacking = held_ + bytes - room_bytes_;
    const uint64_t more = (lacking + kStepBytes - 1) / kStepBytes * kStepBytes;
    if (const Status taken = room_->take(more); !taken.ok()) {
      const bool is_limit = taken.error().code == ErrorCode::kLimitExceeded;
      return Stopped{is_limit ? StopReason::kLimit : StopReason::kInternal, taken.error().message};
    }
    room_bytes_ += more;
    return std::nullopt;
  }
  void add(uint64_t bytes) { held_ += bytes; }
  void remove(uint64_t bytes) { held_ -= bytes; }

 private:
  OutputRoom* room_;
  uint64_t held_ = 0;
  uint64_t room_bytes_ = kStepBytes;
};

}  // namespace timerose::wasm
