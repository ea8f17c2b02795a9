#include "base/units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <span>

namespace timerose {
namespace {

struct Unit {
  std::string_view name;
  uint64_t factor;
};

constexpr uint64_t kKilo = 1000;
constexpr uint64_t kKibi = 1024;
constexpr auto kByteUnits = std::to_array<Unit>({
    {"", 1},
    {"B", 1},
    {"kB", kKilo},
    {"KB", kKilo},
    {"MB", kKilo* kKilo},
    {"GB", kKilo* kKilo* kKilo},
    {"TB", kKilo* kKilo* kKilo* kKilo},
    {"KiB", kKibi},
    {"MiB", kKibi* kKibi},
    {"GiB", kKibi* kKibi* kKibi},
    {"TiB", kKibi* kKibi* kKibi* kKibi},
});
constexpr auto kTimeUnits = std::to_array<Unit>({
    {"", 1000},
    {"ms", 1},
    {"s", 1000},
    {"m", 60 * 1000},
    {"h", 60 * 60 * 1000},
    {"d", 24 * 60 * 60 * 1000},
});

Result<uint64_t> parse_with(std::string_view text, std::span<const Unit> units,
                            std::string_view expected) {
  const auto fail = [&] {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("expected {}, found '{}'", expected, text)};
  };
  uint64_t number = 0;
  const auto [rest, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc()) return fail();
  std::string_view suffix = text.substr(static_cast<size_t>(rest - text.data()));
  if (!suffix.empty() && suffix.front() == ' ') suffix.remove_prefix(1);
  for (const Unit& unit : units) {
    if (unit.name != suffix) continue;
    uint64_t product = 0;
    if (__builtin_mul_overflow(number, unit.factor, &product)) return fail();
    return product;
  }
  return fail();
}

}  // namespace

Result<uint64_t> parse_count(std::string_view text) {
  static constexpr auto kNone = std::to_array<Unit>({{"", 1}});
  const bool is_too_large =
      !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  return parse_with(text, kNone,
                    is_too_large ? "a whole number up to 18446744073709551615" : "a whole number");
}

Result<uint64_t> parse_bytes(std::string_view text) {
  return parse_with(text, kByteUnits,
                    "a number of bytes with an optional unit (B, kB, MB, GB, TB, KiB, MiB, GiB, "
                    "TiB), such as 256MiB");
}

std::string format_bytes(uint64_t bytes) {
  if (bytes < kKibi) return fmt::format("{} B", bytes);
  static constexpr std::array<const char*, 6> kNames{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto value = static_cast<double>(bytes) / kKibi;
  size_t unit = 0;
  while (value >= kKibi && unit + 1 < kNames.size()) {
    value /= kKibi;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kNames[unit]);
}

Result<uint64_t> parse_duration_ms(std::string_view text) {
  return parse_with(text, kTimeUnits, "a span of time in ms, s, m, h or d, such as 500ms or 10s");
}

}  // namespace timerose
