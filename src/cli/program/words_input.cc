#include "cli/program/words_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace timerose::cli {

Result<std::string> read_stdin(const Streams& streams, size_t bytes_max) {
  StdinSource source(streams);
  std::string text;
  std::array<uint8_t, 64U << 10> piece{};
  while (true) {
    auto got = source.read(piece);
    if (!got.ok()) return std::move(got).error().within("reading standard input");
    if (*got == 0) return text;
    text += as_text(ByteView(piece).first(*got));
    if (text.size() > bytes_max) {
      return Error{ErrorCode::kLimitExceeded,
                   fmt::format("standard input is longer than {} bytes, the most that fits here",
                               bytes_max)};
    }
  }
}

Result<std::vector<std::string>> words_or_stdin(const Streams& streams,
                                                const std::vector<std::string>& words) {
  if (!words.empty()) return words;
  TR_ASSIGN(const std::string text, read_stdin(streams, kWordsBytesMax));
  std::vector<std::string> lines;
  for (size_t from = 0; from < text.size();) {
    const size_t end = std::min(text.find('\n', from), text.size());
    if (end > from) lines.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return lines;
}

}  // namespace timerose::cli
