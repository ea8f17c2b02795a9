#include "ipld/json_lexer.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "ipld/utf8.h"

namespace timerose::json {

void Lexer::skip_space() {
  while (at_ < in_.size()) {
    const char c = in_[at_];
    if (c != ' ' && c != '\n' && c != '\t' && c != '\r') return;
    ++at_;
  }
}

bool Lexer::take(std::string_view word) {
  if (in_.substr(at_, word.size()) != word) return false;
  at_ += word.size();
  return true;
}

Error Lexer::error(size_t at, std::string_view what, ErrorCode code) const {
  return Error{code, fmt::format("{}: {} (at byte {})", format_, what, at)};
}

Error Lexer::expected(std::string_view what) const {
  if (at_end()) return error(at_, fmt::format("expected {}, found the end of the input", what));
  const auto c = static_cast<unsigned char>(in_[at_]);
  if (c < 0x20 || c > 0x7e) {
    return error(at_, fmt::format("expected {}, found the byte 0x{:02x}", what, c));
  }
  return error(at_, fmt::format("expected {}, found '{}'", what, in_[at_]));
}

Result<std::string> Lexer::string() {
  if (peek() != '"') return expected("a string");
  const size_t start = at_++;
  std::string out;
  for (;;) {
    const size_t run = at_;
    while (at_ < in_.size() && in_[at_] != '"' && in_[at_] != '\\' &&
           static_cast<unsigned char>(in_[at_]) >= 0x20) {
      ++at_;
    }
    out.append(in_.substr(run, at_ - run));
    if (at_end()) return error(start, "the input ends inside a string");
    if (in_[at_] == '"') break;
    if (in_[at_] != '\\') return expected("an escape (control characters are written \\u00XX)");
    TR_TRY(escape(out));
  }
  ++at_;
  if (!is_utf8(out)) return error(start, "a string is not UTF-8");
  return out;
}

Status Lexer::escape(std::string& out) {
  const size_t start = at_++;
  const char kind = peek();
  if (kind != 'u') {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const size_t which = at_end() ? kNames.npos : kNames.find(kind);
    if (which == kNames.npos) return error(start, "an escape that JSON does not know");
    out.push_back(kMeanings[which]);
    ++at_;
    return success();
  }
  ++at_;
  TR_ASSIGN(uint32_t code, hex4());
  if (code >= 0xdc00 && code <= 0xdfff) return error(start, "the second half of a surrogate pair");
  if (code >= 0xd800 && code <= 0xdbff) {
    if (!take("\\u")) return error(start, "the first half of a surrogate pair, alone");
    TR_ASSIGN(const uint32_t low, hex4());
    if (low < 0xdc00 || low > 0xdfff) {
      return error(start, "the first half of a surrogate pair without its second");
    }
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  }
  utf8_append(out, code);
  return success();
}

Result<uint32_t> Lexer::hex4() {
  uint32_t code = 0;
  const std::string_view text = in_.substr(at_, 4);
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), code, 16);
  if (failed != std::errc() || end != text.data() + 4) {
    return error(at_, "\\u needs four hexadecimal digits");
  }
  at_ += 4;
  return code;
}

size_t Lexer::digits() {
  const size_t start = at_;
  while (at_ < in_.size() && in_[at_] >= '0' && in_[at_] <= '9') ++at_;
  return at_ - start;
}

Result<Value> Lexer::number() {
  const size_t start = at_;
  if (peek() == '-') skip();
  const bool leading_zero = peek() == '0';
  const size_t whole = digits();
  if (whole == 0) return expected("a digit");
  if (leading_zero && whole > 1) return error(start, "a number begins with a needless 0");
  bool is_float = false;
  if (peek() == '.') {
    skip();
    if (digits() == 0) return expected("a digit after the point");
    is_float = true;
  }
  if (peek() == 'e' || peek() == 'E') {
    skip();
    if (peek() == '+' || peek() == '-') skip();
    if (digits() == 0) return expected("a digit of the exponent");
    is_float = true;
  }
  return is_float ? floating(start) : integer(start);
}

Result<Value> Lexer::integer(size_t start) const {
  const bool negative = in_[start] == '-';
  const Value::Integer limit = Value::Integer{UINT64_MAX} + (negative ? 1 : 0);
  Value::Integer value = 0;
  for (size_t i = start + (negative ? 1 : 0); i < at_; ++i) {
    value = value * 10 + (in_[i] - '0');
    if (value > limit) return error(start, "an integer outside -2^64 .. 2^64-1");
  }
  return Value(negative ? -value : value);
}

Result<Value> Lexer::floating(size_t start) const {
  double value = 0;
  const auto [end, failed] = std::from_chars(in_.data() + start, in_.data() + at_, value);
  if (failed != std::errc() || end != in_.data() + at_ || !std::isfinite(value)) {
    return error(start, "a number outside the range of 64-bit floats");
  }
  return Value(value);
}

}  // namespace timerose::json
