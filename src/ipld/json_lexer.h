// The words of JSON: strings and numbers, with their byte positions for messages. Internal to this
// folder.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "ipld/value.h"

namespace timerose::json {

class Lexer {
 public:
  // `format` is the name that messages begin with.
  Lexer(ByteView in, std::string_view format) : in_(as_text(in)), format_(format) {}

  void skip_space();
  [[nodiscard]] bool at_end() const { return at_ == in_.size(); }
  [[nodiscard]] size_t position() const { return at_; }
  // The next byte, 0 at the end; skip() passes over it.
  [[nodiscard]] char peek() const { return at_end() ? '\0' : in_[at_]; }
  void skip() { ++at_; }
  // Passes over `word` if it is next.
  bool take(std::string_view word);

  Result<std::string> string();  // from the opening quote
  Result<Value> number();        // from a digit or '-'

  [[nodiscard]] Error error(size_t at, std::string_view what,
                            ErrorCode code = ErrorCode::kMalformed) const;
  // "expected WHAT, found 'x'", here.
  [[nodiscard]] Error expected(std::string_view what) const;

 private:
  Status escape(std::string& out);
  Result<uint32_t> hex4();
  size_t digits();
  Result<Value> integer(size_t start) const;
  Result<Value> floating(size_t start) const;

  std::string_view in_;
  std::string_view format_;
  size_t at_ = 0;
};

}  // namespace timerose::json
