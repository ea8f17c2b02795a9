// Patterns of the UCAN policy language (UCAN Delegation 1.0, Glob Matching): `*` stands for any
// text, `\*` for a star, everything else for itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace timerose::scheduler::authority {

class Pattern {
 public:
  static constexpr size_t kTextBytesMax = 512;

  Pattern() = default;  // of the empty text
  static Result<Pattern> parse(std::string_view text);

  [[nodiscard]] bool matches(std::string_view text) const;
  // Of one match, in steps of Effort.
  [[nodiscard]] uint64_t cost(std::string_view text) const;

 private:
  // What stands between the stars; one piece: there is none.
  std::vector<std::string> pieces_ = {""};
};

}  // namespace timerose::scheduler::authority
