// The words a command works on: its arguments, or one a line from standard input when there are
// none.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/program/streams.h"

namespace timerose::cli {

// Longest standard input that is read as words.
inline constexpr size_t kWordsBytesMax = 64U << 20;

Result<std::vector<std::string>> words_or_stdin(const Streams& streams,
                                                const std::vector<std::string>& words);

// All of standard input; kLimitExceeded beyond `bytes_max`.
Result<std::string> read_stdin(const Streams& streams, size_t bytes_max);

}  // namespace timerose::cli
