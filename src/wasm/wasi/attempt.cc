#include "wasm/wasi/attempt.h"

#include <string>

namespace timerose::wasi {

Failure failure_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNotFound:
    case ErrorCode::kMismatch:
      return wasm::Stopped{wasm::StopReason::kMissingBlock, error.message};
    case ErrorCode::kCancelled:
      return wasm::Stopped{wasm::StopReason::kCancelled, error.message};
    case ErrorCode::kNoSpace:
    case ErrorCode::kBusy:
    case ErrorCode::kPermission:
    case ErrorCode::kIo:
    case ErrorCode::kInternal:
      return wasm::Stopped{wasm::StopReason::kInternal, error.message};
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kMalformed:
    case ErrorCode::kUnsupported:
    case ErrorCode::kLimitExceeded:
      return Errno::kIo;
  }
  return Errno::kIo;
}

Error error_of(const Failure& failure) {
  if (const auto* stopped = std::get_if<wasm::Stopped>(&failure)) {
    const bool missing = stopped->reason == wasm::StopReason::kMissingBlock;
    return {missing ? ErrorCode::kNotFound : ErrorCode::kIo, stopped->message};
  }
  return {ErrorCode::kMalformed, "the content of a mount is not readable as UnixFS (WASI errno " +
                                     std::to_string(static_cast<int>(std::get<Errno>(failure))) +
                                     ")"};
}

}  // namespace timerose::wasi
