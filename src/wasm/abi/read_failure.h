// How a fault in content that a guest reads ends its call: data that cannot be had stops it, data
// that is not what it should be is the same on every node, hence a trap.
#pragma once

#include "base/result.h"
#include "wasm/guest.h"

namespace timerose::wasm::abi {

inline HostResult read_failure(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNotFound:
    case ErrorCode::kMismatch:
      return Stopped{StopReason::kMissingBlock, error.message};
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kMalformed:
    case ErrorCode::kUnsupported:
      return HostTrap{error.message};
    case ErrorCode::kCancelled:
      return Stopped{StopReason::kCancelled, error.message};
    default:
      return Stopped{StopReason::kInternal, error.message};
  }
}

}  // namespace timerose::wasm::abi
