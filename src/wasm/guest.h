// What host functions see of a guest: its linear memory, and the ways a host call can end.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"

namespace timerose::wasm {

// A guest's linear memory for the length of one host call: memory.grow may move it. No pointer or
// length from a guest is used before slice() has checked it.
class GuestMemory {
 public:
  explicit GuestMemory(std::span<uint8_t> bytes) : bytes_(bytes) {}

  [[nodiscard]] size_t size() const { return bytes_.size(); }

  // The `length` bytes at `pointer`; nullopt if any of them is outside.
  [[nodiscard]] std::optional<std::span<uint8_t>> slice(uint64_t pointer, uint64_t length) const {
    if (pointer > bytes_.size() || length > bytes_.size() - pointer) return std::nullopt;
    return bytes_.subspan(pointer, length);
  }

  // Little-endian integers (the host is little-endian: checked at compile time in guest.cc).
  template <typename T>
  [[nodiscard]] std::optional<T> load(uint64_t pointer) const {
    static_assert(std::is_trivially_copyable_v<T>);
    const auto from = slice(pointer, sizeof(T));
    if (!from) return std::nullopt;
    T value;
    std::memcpy(&value, from->data(), sizeof(T));
    return value;
  }
  template <typename T>
  [[nodiscard]] bool store(uint64_t pointer, const T& value) const {
    static_assert(std::is_trivially_copyable_v<T>);
    const auto to = slice(pointer, sizeof(T));
    if (!to) return false;
    std::memcpy(to->data(), &value, sizeof(T));
    return true;
  }

 private:
  std::span<uint8_t> bytes_;
};

// Why a call ended before the guest was done, with no Outcome (model.md, "Memo").
enum class StopReason {
  kFuel,          // the request's fuel budget
  kStack,         // the native stack of this engine
  kDeadline,      // wall clock
  kCancelled,     // shutdown, or the asker's wish
  kMissingBlock,  // data that could not be had
  kLimit,         // a resource limit of this node that is not part of the Invocation
  kInternal,
};
const char* stop_reason_name(StopReason reason);

struct Stopped {
  StopReason reason = StopReason::kInternal;
  std::string message;  // for a person: what was exceeded or missing, and what to do
};

// The guest asked to end (proc_exit). Any u32; a shell shows its low 8 bits.
struct Exit {
  uint32_t code = 0;
};

// The host ends the guest by a trap that is part of the deterministic Outcome (a misuse of an ABI
// that every node would find).
struct HostTrap {
  std::string message;
};

// How one host function ends: with a value for the guest (an errno for WASI), or by ending the
// call.
using HostResult = std::variant<uint64_t, Exit, HostTrap, Stopped>;

// One host function as the engine binds it. `parameters` has a letter for each: 'i' = i32, 'I' =
// i64, 'f' = f32, 'F' = f64; `result` is one of those or '\0'. `call` gets the parameters as raw
// 64-bit words (an i32 zero-extended).
template <typename Context>
struct HostFunction {
  const char* module;
  const char* name;
  const char* parameters;
  char result;
  HostResult (*call)(Context& context, GuestMemory memory, const uint64_t* parameters);
};

}  // namespace timerose::wasm
