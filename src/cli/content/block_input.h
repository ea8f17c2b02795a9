// Bytes of one block or small object, from a file or standard input.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "cli/program/streams.h"

namespace timerose::cli {

// The bytes of the file `source`, of standard input for "-"; kLimitExceeded if longer than
// `bytes_max`.
Result<Bytes> read_source(const Streams& streams, const std::string& source, size_t bytes_max);

}  // namespace timerose::cli
