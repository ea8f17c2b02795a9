// "did you mean": the name nearest to what was typed.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace timerose::cli {

// How many letters must be inserted, removed, changed or swapped with a neighbour.
size_t edit_distance(std::string_view a, std::string_view b);

// The nearest of `names`, if it is near enough to be what was meant.
std::optional<std::string> nearest(std::string_view typed, std::span<const std::string> names);

}  // namespace timerose::cli
