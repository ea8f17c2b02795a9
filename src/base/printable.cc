#include "base/printable.h"

#include <cstdint>

namespace timerose {
namespace {

std::string without_controls(std::string_view text, std::string_view kept) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<uint8_t>(text[i + 1]) : uint8_t{0};
    const bool is_c1 = byte == 0xC2 && next >= 0x80 && next < 0xA0;
    if (is_c1) ++i;
    const bool is_control =
        (byte < 0x20 && kept.find(text[i]) == std::string_view::npos) || byte == 0x7F || is_c1;
    out += is_control ? '?' : static_cast<char>(byte);
  }
  return out;
}

}  // namespace

std::string printable(std::string_view text) { return without_controls(text, "\n\t"); }

std::string printable_line(std::string_view text) { return without_controls(text, {}); }

}  // namespace timerose
