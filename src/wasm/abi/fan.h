// The type of an fx: (pointer, length, ...) -> length.
#pragma once

#include <optional>
#include <string_view>

namespace timerose::wasm::abi {

// Inputs that one call of an fx may have.
inline constexpr size_t kFanInputsMax = 255;

// How many lengths a function of this type ("(i32, i32) -> i32") takes after the pointer; nullopt
// if it is not the type of an fx.
std::optional<size_t> fan_lengths(std::string_view type);

}  // namespace timerose::wasm::abi
