#include "wasm/guest.h"

#include <bit>

namespace timerose::wasm {

static_assert(std::endian::native == std::endian::little,
              "GuestMemory copies WebAssembly's little-endian integers as they are");

const char* stop_reason_name(StopReason reason) {
  switch (reason) {
    case StopReason::kFuel:
      return "fuel";
    case StopReason::kStack:
      return "stack";
    case StopReason::kDeadline:
      return "deadline";
    case StopReason::kCancelled:
      return "cancelled";
    case StopReason::kMissingBlock:
      return "missing_block";
    case StopReason::kLimit:
      return "limit";
    case StopReason::kInternal:
      return "internal";
  }
  return "internal";
}

}  // namespace timerose::wasm
