// Result<T>: a value, or an Error that says what was expected, what was found and what to do.
//
// Everything that input, a peer, a guest or a disk can cause is returned as an Error; CHECK
// (check.h) is for what only our own code can get wrong. No exception crosses a folder's boundary.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/check.h"

namespace timerose {

// A code exists only if a caller can act on it.
enum class ErrorCode {
  kInvalidArgument,  // the caller (often a person) asked for something that makes no sense
  kMalformed,        // bytes that are not what their format requires
  kMismatch,         // bytes that do not hash to their CID, a signature that does not verify
  kNotFound,         // a block, a path, a file or a record that is not there
  kUnsupported,      // well-formed, but of a kind this program does not handle
  kLimitExceeded,    // a stated limit was reached
  kNoSpace,          // the disk, or the repository's storage limit, is full
  kBusy,             // another process or call holds it; trying later may work
  kPermission,       // the operating system or a policy refuses
  kIo,               // the disk or another part of the system failed
  kCancelled,        // stopped on request
  kInternal,         // a fault of ours, or of a library we use
};

// "not_found", for logs and JSON.
const char* error_code_name(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;

  // The same error, with what was being done put in front: "reading pins: disk I/O error".
  [[nodiscard]] Error within(std::string_view doing) &&;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  // NOLINTBEGIN(google-explicit-constructor): `return value;` and `return Error{...};` must work.
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // The value; a CHECK fails if there is none.
  [[nodiscard]] T& value() & { return require(), *std::get_if<0>(&state_); }
  [[nodiscard]] const T& value() const& { return require(), *std::get_if<0>(&state_); }
  [[nodiscard]] T&& value() && { return require(), std::move(*std::get_if<0>(&state_)); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }

  // The error; a CHECK fails if there is none.
  [[nodiscard]] const Error& error() const& {
    CHECK(!ok());
    return *std::get_if<1>(&state_);
  }
  [[nodiscard]] Error&& error() && {
    CHECK(!ok());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  void require() const {
    if (!ok()) check_failed(__FILE__, __LINE__, std::get_if<1>(&state_)->message.c_str());
  }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(Error error) : error_(std::move(error)) {}

  [[nodiscard]] bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] const Error& error() const& {
    CHECK(!ok());
    return *error_;
  }
  [[nodiscard]] Error&& error() && {
    CHECK(!ok());
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

inline Status success() { return {}; }

}  // namespace timerose

#define TR_CONCAT_INNER(a, b) a##b
#define TR_CONCAT(a, b) TR_CONCAT_INNER(a, b)

// TR_TRY(status_expression);  returns its error from the enclosing function.
#define TR_TRY(expression) TR_TRY_INNER(expression, TR_CONCAT(tr_status_, __COUNTER__))
#define TR_TRY_INNER(expression, status)                       \
  do {                                                         \
    if (auto status = (expression); !status.ok()) [[unlikely]] \
      return ::timerose::Error(std::move(status).error());     \
  } while (false)

// TR_ASSIGN(auto block, store.get(cid));  declares or assigns the value, or returns the error.
// Two statements: not for the body of an `if` without braces.
#define TR_ASSIGN(declaration, expression) \
  TR_ASSIGN_INNER(declaration, expression, TR_CONCAT(tr_result_, __COUNTER__))
#define TR_ASSIGN_INNER(declaration, expression, result) \
  auto result = (expression);                            \
  if (!result.ok()) [[unlikely]]                         \
    return ::timerose::Error(std::move(result).error()); \
  declaration = std::move(result).value()
