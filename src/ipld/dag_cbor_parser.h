// The one reader of DAG-CBOR: checks every rule of the format and tells a handler what it meets.
// Iterative, so that the depth of the input costs no stack. Internal to this folder.
//
// A handler has: null(), boolean(bool), integer(Value::Integer), floating(double),
// text(string_view), bytes(ByteView), Status link(const Cid&), list(), map(), key(string_view) and
// end(), which closes the innermost list or map. Views point into the input.
#pragma once

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <vector>

#include "ipld/dag_cbor.h"
#include "ipld/utf8.h"

namespace timerose::dag_cbor {

template <typename Handler>
class Parser {
 public:
  Parser(ByteView in, Handler& handler) : in_(in), handler_(handler) {}

  Status run() {
    do {
      if (!open_.empty()) {
        --open_.back().left;
        if (open_.back().is_map && !key()) return failure();
      }
      if (!item()) return failure();
      while (!open_.empty() && open_.back().left == 0) {
        open_.pop_back();
        handler_.end();
      }
    } while (!open_.empty());
    if (at_ != in_.size()) {
      fail(at_, fmt::format("{} bytes follow the end of the value", in_.size() - at_));
      return failure();
    }
    return success();
  }

 private:
  static constexpr size_t kShownBytesMax = 64;  // of a key, in a message

  struct Open {
    uint64_t left;  // items or entries that have not begun
    bool is_map;
    bool has_key = false;
    std::string_view last_key;
  };
  struct Head {
    uint8_t major;
    uint8_t info;
    uint64_t argument;
  };

  Status failure() { return std::move(error_); }

  bool fail(size_t at, std::string_view what, ErrorCode code = ErrorCode::kMalformed) {
    error_ = Error{code, fmt::format("DAG-CBOR: {} (at byte {})", what, at)};
    return false;
  }

  [[nodiscard]] uint64_t left() const { return in_.size() - at_; }

  bool item() {
    const size_t start = at_;
    Head head;
    if (!read_head(head)) return false;
    switch (head.major) {
      case 0:
        handler_.integer(Value::Integer{head.argument});
        return true;
      case 1:
        handler_.integer(-1 - Value::Integer{head.argument});
        return true;
      case 2: {
        ByteView bytes;
        if (!payload(start, head.argument, bytes)) return false;
        handler_.bytes(bytes);
        return true;
      }
      case 3: {
        std::string_view text;
        if (!text_payload(start, head.argument, text)) return false;
        handler_.text(text);
        return true;
      }
      case 4:
        return open(start, head.argument, false);
      case 5:
        return open(start, head.argument, true);
      case 6:
        return link(start, head.argument);
      default:
        return simple(start, head);
    }
  }

  bool read_head(Head& head) {
    const size_t start = at_;
    if (at_ == in_.size()) return fail(start, "expected a value, found the end of the input");
    const uint8_t first = in_[at_++];
    head.major = first >> 5;
    head.info = first & 31;
    head.argument = head.info;
    if (head.info < 24) return true;
    if (head.info == 31) return fail(start, "indefinite lengths and \"break\" are not allowed");
    if (head.info > 27) return fail(start, "reserved additional information 28..30");
    const size_t width = size_t{1} << (head.info - 24);
    if (left() < width) return fail(start, "the input ends inside a number");
    head.argument = 0;
    for (size_t i = 0; i < width; ++i) head.argument = head.argument << 8 | in_[at_++];
    if (head.major == 7) return true;  // not a number in shortest form
    const bool shortest = width == 1 ? head.argument >= 24 : (head.argument >> (width * 4)) != 0;
    return shortest || fail(start, "an integer or length is not in its shortest form");
  }

  bool payload(size_t start, uint64_t length, ByteView& out) {
    if (length > left()) {
      return fail(start, fmt::format("a length of {} bytes, but {} follow", length, left()));
    }
    out = in_.subspan(at_, length);
    at_ += length;
    return true;
  }

  bool text_payload(size_t start, uint64_t length, std::string_view& out) {
    ByteView bytes;
    if (!payload(start, length, bytes)) return false;
    if (!is_utf8(bytes)) return fail(start, "text is not UTF-8");
    out = as_text(bytes);
    return true;
  }

  bool open(size_t start, uint64_t count, bool is_map) {
    if (open_.size() == kDepthMax) {
      return fail(start, fmt::format("nested deeper than {} lists and maps", kDepthMax),
                  ErrorCode::kLimitExceeded);
    }
    // Every item takes a byte at least, so a larger count cannot be true.
    if (count > (is_map ? left() / 2 : left())) {
      return fail(start, fmt::format("a {} of {} is announced, but {} bytes follow",
                                     is_map ? "map" : "list", count, left()));
    }
    is_map ? handler_.map() : handler_.list();
    open_.push_back({count, is_map, false, {}});
    return true;
  }

  bool key() {
    const size_t start = at_;
    Head head;
    std::string_view key;
    if (!read_head(head)) return false;
    if (head.major != 3) return fail(start, "a map key is not text");
    if (!text_payload(start, head.argument, key)) return false;
    Open& map = open_.back();
    if (map.has_key && !DagCborKeyOrder()(map.last_key, key)) {
      return fail(start, fmt::format("map key \"{}\" {}", key.substr(0, kShownBytesMax),
                                     key == map.last_key ? "is repeated" : "is not in order"));
    }
    map.has_key = true;
    map.last_key = key;
    handler_.key(key);
    return true;
  }

  bool link(size_t start, uint64_t tag) {
    if (tag != 42) {
      return fail(start, fmt::format("tag {} is not allowed, only 42 (a link) is", tag));
    }
    const size_t inner = at_;
    Head head;
    ByteView bytes;
    if (!read_head(head)) return false;
    if (head.major != 2) return fail(inner, "a link (tag 42) must hold a byte string");
    if (!payload(inner, head.argument, bytes)) return false;
    if (bytes.empty() || bytes[0] != 0) {
      return fail(inner, "a link must begin with the byte 0 (the identity multibase)");
    }
    auto cid = Cid::decode(bytes.subspan(1));
    if (!cid.ok()) return fail(inner, fmt::format("a link is no CID: {}", cid.error().message));
    Status visited = handler_.link(*cid);
    if (visited.ok()) return true;
    error_ = std::move(visited).error();
    return false;
  }

  bool simple(size_t start, const Head& head) {
    switch (head.info) {
      case 20:
        handler_.boolean(false);
        return true;
      case 21:
        handler_.boolean(true);
        return true;
      case 22:
        handler_.null();
        return true;
      case 25:
      case 26:
        return fail(start, "a float of 16 or 32 bits; floats are written with 64");
      case 27: {
        const auto value = std::bit_cast<double>(head.argument);
        if (!std::isfinite(value)) return fail(start, "NaN and infinities are not allowed");
        handler_.floating(value);
        return true;
      }
      default:
        return fail(start, fmt::format("simple value {}; only false, true and null are allowed",
                                       head.argument));
    }
  }

  ByteView in_;
  Handler& handler_;
  size_t at_ = 0;
  std::vector<Open> open_;
  Error error_;
};

}  // namespace timerose::dag_cbor
