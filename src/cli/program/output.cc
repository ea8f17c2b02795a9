#include "cli/program/output.h"

#include <poll.h>

#include <algorithm>

#include "base/file.h"

namespace timerose::cli {

Status Output::write(ByteView bytes) {
  if (buffer_.size() + bytes.size() > kBufferBytes) TR_TRY(flush());
  if (bytes.size() > kBufferBytes) return write_out(bytes);
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  return success();
}

Status Output::line(std::string_view text) {
  TR_TRY(write(text));
  return write("\n");
}

Status Output::flush() {
  auto written = write_out(buffer_);
  buffer_.clear();
  return written;
}

Status Output::write_out(ByteView bytes) {
  while (!bytes.empty()) {
    const bool whole = streams_.cancelled == nullptr;
    const ByteView piece = bytes.first(whole ? bytes.size() : std::min(bytes.size(), kBufferBytes));
    TR_TRY(wait_until_ready(streams_, streams_.out, POLLOUT));
    if (auto written = write_all(streams_.out, piece); !written.ok()) {
      return std::move(written).error().within("writing to standard output");
    }
    bytes = bytes.subspan(piece.size());
  }
  return success();
}

}  // namespace timerose::cli
