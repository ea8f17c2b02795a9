#include "cli/words_input.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/file.h"

namespace timerose::cli {

Result<std::string> read_stdin(size_t bytes_max) {
  std::string text;
  std::array<char, 64U << 10> piece{};
  while (true) {
    const ssize_t got = read(0, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error(errno, "reading standard input");
    if (got == 0) return text;
    text.append(piece.data(), static_cast<size_t>(got));
    if (text.size() > bytes_max) {
      return Error{ErrorCode::kLimitExceeded,
                   fmt::format("standard input is longer than {} bytes, the most that fits here",
                               bytes_max)};
    }
  }
}

Result<std::vector<std::string>> words_or_stdin(const std::vector<std::string>& words) {
  if (!words.empty()) return words;
  TR_ASSIGN(const std::string text, read_stdin(kWordsBytesMax));
  std::vector<std::string> lines;
  for (size_t from = 0; from < text.size();) {
    const size_t end = std::min(text.find('\n', from), text.size());
    if (end > from) lines.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return lines;
}

}  // namespace timerose::cli
