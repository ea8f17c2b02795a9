#include "cli/progress.h"

#include <cstdio>

#include "node/units.h"

namespace timerose::cli {

void Progress::advance(uint64_t bytes) {
  bytes_ += bytes;
  if (!shown_ || bytes_ - shown_bytes_ < kStepBytes) return;
  shown_bytes_ = bytes_;
  std::fprintf(stderr, "\r\033[K%s", node::format_bytes(bytes_).c_str());
}

void Progress::finish() {
  if (shown_bytes_ > 0) std::fputs("\r\033[K", stderr);
}

}  // namespace timerose::cli
