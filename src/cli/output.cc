#include "cli/output.h"

#include "base/file.h"

namespace timerose::cli {

Status Output::write(ByteView bytes) {
  if (buffer_.size() + bytes.size() > kBufferBytes) TR_TRY(flush());
  if (bytes.size() > kBufferBytes) {
    if (auto written = write_all(descriptor_, bytes); !written.ok()) {
      return std::move(written).error().within("writing to standard output");
    }
    return success();
  }
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  return success();
}

Status Output::line(std::string_view text) {
  TR_TRY(write(text));
  return write("\n");
}

Status Output::flush() {
  auto written = write_all(descriptor_, buffer_);
  buffer_.clear();
  if (!written.ok()) return std::move(written).error().within("writing to standard output");
  return success();
}

}  // namespace timerose::cli
