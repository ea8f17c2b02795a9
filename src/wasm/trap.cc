#include "wasm/call.h"
#include "wasm/native.h"

namespace timerose::wasm {

const char* trap_kind_name(TrapKind kind) {
  switch (kind) {
    case TrapKind::kUnreachable:
      return "unreachable";
    case TrapKind::kMemoryOutOfBounds:
      return "memory_out_of_bounds";
    case TrapKind::kTableOutOfBounds:
      return "table_out_of_bounds";
    case TrapKind::kIndirectCallToNull:
      return "indirect_call_to_null";
    case TrapKind::kBadSignature:
      return "bad_signature";
    case TrapKind::kIntegerOverflow:
      return "integer_overflow";
    case TrapKind::kIntegerDivisionByZero:
      return "integer_division_by_zero";
    case TrapKind::kBadConversionToInteger:
      return "bad_conversion_to_integer";
    case TrapKind::kNullReference:
      return "null_reference";
    case TrapKind::kArrayOutOfBounds:
      return "array_out_of_bounds";
    case TrapKind::kUncaughtException:
      return "uncaught_exception";
    case TrapKind::kCastFailure:
      return "cast_failure";
    case TrapKind::kHost:
      return "host";
    case TrapKind::kOther:
      return "other";
  }
  return "other";
}

TrapKind trap_kind_of_code(int32_t code) {
  switch (code) {
    case WASMTIME_TRAP_CODE_UNREACHABLE_CODE_REACHED:
      return TrapKind::kUnreachable;
    case WASMTIME_TRAP_CODE_MEMORY_OUT_OF_BOUNDS:
      return TrapKind::kMemoryOutOfBounds;
    case WASMTIME_TRAP_CODE_TABLE_OUT_OF_BOUNDS:
      return TrapKind::kTableOutOfBounds;
    case WASMTIME_TRAP_CODE_INDIRECT_CALL_TO_NULL:
      return TrapKind::kIndirectCallToNull;
    case WASMTIME_TRAP_CODE_BAD_SIGNATURE:
      return TrapKind::kBadSignature;
    case WASMTIME_TRAP_CODE_INTEGER_OVERFLOW:
      return TrapKind::kIntegerOverflow;
    case WASMTIME_TRAP_CODE_INTEGER_DIVISION_BY_ZERO:
      return TrapKind::kIntegerDivisionByZero;
    case WASMTIME_TRAP_CODE_BAD_CONVERSION_TO_INTEGER:
      return TrapKind::kBadConversionToInteger;
    case WASMTIME_TRAP_CODE_NULL_REFERENCE:
      return TrapKind::kNullReference;
    case WASMTIME_TRAP_CODE_ARRAY_OUT_OF_BOUNDS:
      return TrapKind::kArrayOutOfBounds;
    case WASMTIME_TRAP_CODE_UNCAUGHT_EXCEPTION:
      return TrapKind::kUncaughtException;
    case WASMTIME_TRAP_CODE_CAST_FAILURE:
      return TrapKind::kCastFailure;
    default:
      return TrapKind::kOther;
  }
}

}  // namespace timerose::wasm
