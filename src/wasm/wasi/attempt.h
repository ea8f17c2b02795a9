// Attempt<T>: how the parts of WASI answer: a value, an Errno for the guest, or the end of the
// call.
//
// An Errno is what every node would find and belongs to the Outcome; a Stopped is what only this
// node met (a block that cannot be had), and ends the call without an Outcome.
#pragma once

#include <optional>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/result.h"
#include "wasm/guest.h"
#include "wasm/wasi/errno.h"

namespace timerose::wasi {

using Failure = std::variant<Errno, wasm::Stopped>;

template <typename T>
class [[nodiscard]] Attempt {
 public:
  // NOLINTBEGIN(google-explicit-constructor): `return value;` and `return Errno::kNoent;` must
  // work.
  Attempt(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Attempt(Errno code) : state_(std::in_place_index<1>, code) {}
  Attempt(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  T& value() {
    CHECK(ok());
    return *std::get_if<0>(&state_);
  }
  Failure&& failure() {
    CHECK(!ok());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, Failure> state_;
};

template <>
class [[nodiscard]] Attempt<void> {
 public:
  Attempt() = default;
  // NOLINTBEGIN(google-explicit-constructor)
  Attempt(Errno code) : failure_(code) {}
  Attempt(Failure failure) : failure_(std::move(failure)) {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return !failure_.has_value(); }
  void value() const { CHECK(ok()); }
  Failure&& failure() {
    CHECK(!ok());
    return std::move(*failure_);
  }

 private:
  std::optional<Failure> failure_;
};

// What an error below means to a guest. Bytes that are not what they should be are the same
// everywhere, so they are EIO; bytes that cannot be had stop the call.
Failure failure_of(const Error& error);
// The other way round, for what is not called by a guest.
Error error_of(const Failure& failure);

template <typename T>
Attempt<T> attempt(Result<T> result) {
  if (!result.ok()) return failure_of(result.error());
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return std::move(result).value();
  }
}

}  // namespace timerose::wasi

// WASI_TRY(attempt);  returns its failure from the enclosing function.
#define WASI_TRY(expression) WASI_TRY_INNER(expression, TR_CONCAT(wasi_attempt_, __COUNTER__))
#define WASI_TRY_INNER(expression, result)                     \
  do {                                                         \
    if (auto result = (expression); !result.ok()) [[unlikely]] \
      return ::timerose::wasi::Failure(result.failure());      \
  } while (false)

// WASI_ASSIGN(auto node, tree.find(...));  declares or assigns the value, or returns the failure.
#define WASI_ASSIGN(declaration, expression) \
  WASI_ASSIGN_INNER(declaration, expression, TR_CONCAT(wasi_attempt_, __COUNTER__))
#define WASI_ASSIGN_INNER(declaration, expression, result) \
  auto result = (expression);                              \
  if (!result.ok()) [[unlikely]]                           \
    return ::timerose::wasi::Failure(result.failure());    \
  declaration = std::move(result.value())
