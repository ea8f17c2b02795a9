#include "scheduler/authority/pattern.h"

#include <fmt/format.h>

namespace timerose::scheduler::authority {
namespace {

// Bytes of text times bytes of pattern that are looked at in a step.
constexpr uint64_t kOfStep = 128;

}  // namespace

Result<Pattern> Pattern::parse(std::string_view text) {
  if (text.size() > kTextBytesMax) {
    return Error{ErrorCode::kLimitExceeded,
                 fmt::format("a pattern of {} bytes; {} is the most", text.size(), kTextBytesMax)};
  }
  Pattern pattern;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '*') {
      pattern.pieces_.emplace_back();
      continue;
    }
    if (text.substr(i).starts_with("\\*")) ++i;
    pattern.pieces_.back() += text[i];
  }
  return pattern;
}

bool Pattern::matches(std::string_view text) const {
  const std::string& first = pieces_.front();
  if (pieces_.size() == 1) return text == first;
  if (!text.starts_with(first)) return false;
  text.remove_prefix(first.size());
  for (size_t i = 1; i + 1 < pieces_.size(); ++i) {
    const size_t found = text.find(pieces_[i]);
    if (found == std::string_view::npos) return false;
    text.remove_prefix(found + pieces_[i].size());
  }
  return text.ends_with(pieces_.back());
}

uint64_t Pattern::cost(std::string_view text) const {
  uint64_t bytes = 0;
  for (const std::string& piece : pieces_) bytes += piece.size() + 1;
  return 1 + text.size() * bytes / kOfStep;
}

}  // namespace timerose::scheduler::authority
