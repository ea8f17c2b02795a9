#include "cli/program/progress.h"

#include "base/file.h"
#include "base/units.h"

namespace timerose::cli {

void Progress::advance(uint64_t bytes) {
  bytes_ += bytes;
  if (!shown_ || bytes_ - shown_bytes_ < kStepBytes) return;
  shown_bytes_ = bytes_;
  (void)write_all(terminal_, as_bytes("\r\033[K" + format_bytes(bytes_)));
}

void Progress::finish() {
  if (shown_bytes_ > 0) (void)write_all(terminal_, as_bytes(std::string_view("\r\033[K")));
}

}  // namespace timerose::cli
