// "12.5 MiB" on standard error while a long command runs.
#pragma once

#include <cstdint>

namespace timerose::cli {

class Progress {
 public:
  // On `terminal`, a descriptor.
  Progress(int terminal, bool shown) : terminal_(terminal), shown_(shown) {}

  void advance(uint64_t bytes);
  // Wipes the line.
  void finish();

 private:
  // A line for each so many bytes: often enough to be seen moving, too seldom to cost.
  static constexpr uint64_t kStepBytes = 16U << 20;

  int terminal_;
  bool shown_;
  uint64_t bytes_ = 0;
  uint64_t shown_bytes_ = 0;
};

}  // namespace timerose::cli
