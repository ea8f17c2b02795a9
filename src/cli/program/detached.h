// A child process that goes on in the background once it has told its parent that all is well.
#pragma once

#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/result.h"

namespace timerose::cli {

class Detached {
 public:
  [[nodiscard]] bool is_parent() const { return parent_; }

  // Of the parent: what the child reported, or why it failed.
  Result<std::string> wait_for_report();

  // Of the child, one of them once: afterwards the parent goes.
  Status report(const std::string& text);
  Status report_failure(const std::string& why);

 private:
  friend Result<Detached> detach(const std::filesystem::path& log);
  Detached(bool parent, FileDescriptor pipe) : parent_(parent), pipe_(std::move(pipe)) {}
  Status send(char kind, const std::string& text);

  bool parent_;
  FileDescriptor pipe_;
};

// Splits the process, which must have one thread. The child is in a session of its own, reads
// nothing, and writes to the end of `log`.
Result<Detached> detach(const std::filesystem::path& log);

}  // namespace timerose::cli
