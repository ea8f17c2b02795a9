// Standard output, buffered, with errors reported instead of lost.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "cli/program/streams.h"

namespace timerose::cli {

// Not thread-safe. Nothing is written at destruction: a command that ends well ends with flush().
class Output {
 public:
  // `streams` must outlive it.
  explicit Output(const Streams& streams) : streams_(streams) {}

  Status write(ByteView bytes);
  Status write(std::string_view text) { return write(as_bytes(text)); }
  Status line(std::string_view text);
  Status flush();

 private:
  static constexpr size_t kBufferBytes = 64U << 10;
  Status write_out(ByteView bytes);

  const Streams& streams_;
  Bytes buffer_;
};

}  // namespace timerose::cli
