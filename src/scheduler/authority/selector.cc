#include "scheduler/authority/selector.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace timerose::scheduler::authority {
namespace {

// Integers that every implementation has exactly.
constexpr int64_t kIndexMax = (int64_t{1} << 53) - 1;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Beyond ASCII all is taken for a letter.
bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (static_cast<uint8_t>(c) & 0x80) != 0;
}

bool continues_name(char c) { return begins_name(c) || is_digit(c) || c == '$' || c == '-'; }

// Of a range with so many items; from the end if it is negative.
int64_t bound(int64_t at, int64_t size) {
  return std::clamp(at < 0 ? at + size : at, int64_t{0}, size);
}

}  // namespace

class Selector::Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<std::vector<Segment>> parse() {
    if (text_.size() > kTextBytesMax) {
      return Error{ErrorCode::kLimitExceeded, fmt::format("a selector of {} bytes; {} is the most",
                                                          text_.size(), kTextBytesMax)};
    }
    if (!take('.')) return wrong("a selector begins with '.'");
    std::vector<Segment> segments;
    bool after_dot = true;
    take_marks();  // the whole is always there
    while (at_ < text_.size()) {
      if (segments.size() == kSegmentsMax) {
        return Error{ErrorCode::kLimitExceeded,
                     fmt::format("a selector of more than {} parts", kSegmentsMax)};
      }
      if (!after_dot && take('.')) {
        after_dot = true;
        continue;
      }
      TR_ASSIGN(Segment segment, take('[') ? bracket() : name(after_dot));
      segment.is_optional = take_marks();
      segments.push_back(std::move(segment));
      after_dot = false;
    }
    return segments;
  }

 private:
  Error wrong(std::string_view what) const {
    return {ErrorCode::kMalformed, fmt::format("selector {}, at byte {}: {}", text_, at_, what)};
  }
  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take_marks() {
    const size_t before = at_;
    while (take('?')) {
    }
    return at_ > before;
  }

  Result<Segment> name(bool after_dot) {
    if (!after_dot || !begins_name(text_[at_])) return wrong("expected a name, '[' or the end");
    const size_t begin = at_;
    while (at_ < text_.size() && continues_name(text_[at_])) ++at_;
    Segment segment;
    segment.kind = Segment::Kind::kField;
    segment.field = text_.substr(begin, at_ - begin);
    return segment;
  }

  Result<Segment> bracket() {
    if (take(']')) return Segment();
    if (take('"')) return quoted();
    Segment segment;
    TR_ASSIGN(segment.from, number());
    if (take(':')) {
      TR_ASSIGN(segment.to, number());
      if (!segment.from && !segment.to) return wrong("a slice has a number at one side at least");
      segment.kind = Segment::Kind::kSlice;
    } else {
      if (!segment.from) return wrong("expected a number, \"key\", ':' or ']'");
      segment.kind = Segment::Kind::kIndex;
      segment.index = *segment.from;
    }
    if (!take(']')) return wrong("expected ']'");
    return segment;
  }

  // A backslash means different things to different implementations.
  Result<Segment> quoted() {
    const size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\') return wrong("a key with a backslash cannot be selected");
      ++at_;
    }
    Segment segment;
    segment.kind = Segment::Kind::kField;
    segment.field = text_.substr(begin, at_ - begin);
    if (!take('"') || !take(']')) return wrong("expected \"]");
    return segment;
  }

  Result<std::optional<int64_t>> number() {
    const size_t begin = at_;
    if (at_ < text_.size() && text_[at_] == '-') ++at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    if (at_ == begin) return std::optional<int64_t>();
    int64_t value = 0;
    const auto read = std::from_chars(text_.data() + begin, text_.data() + at_, value);
    if (read.ec != std::errc() || value > kIndexMax || value < -kIndexMax) {
      return wrong("expected an integer of at most 53 bits");
    }
    return std::optional(value);
  }

  std::string_view text_;
  size_t at_ = 0;
};

Result<Selector> Selector::parse(std::string_view text) {
  Selector selector;
  TR_ASSIGN(selector.segments_, Parser(text).parse());
  return selector;
}

namespace {

std::optional<Selected> field_of(const std::string& name, const Selected& from) {
  const Value::Map* map = from->as_map();
  if (map == nullptr) return std::nullopt;
  const auto found = map->find(name);
  if (found == map->end()) return Selected::made(Value());
  return from.within(found->second);
}

std::optional<Selected> item_of(int64_t index, const Selected& from) {
  const Value::List* list = from->as_list();
  const Bytes* bytes = from->as_byte_string();
  if (list == nullptr && bytes == nullptr) return std::nullopt;
  const auto size = static_cast<int64_t>(list != nullptr ? list->size() : bytes->size());
  const int64_t at = index < 0 ? index + size : index;
  if (at < 0 || at >= size) return std::nullopt;
  if (list != nullptr) return from.within((*list)[static_cast<size_t>(at)]);
  return Selected::made(Value(int64_t{(*bytes)[static_cast<size_t>(at)]}));
}

// The items of `all` from one bound to the other.
template <typename Items>
Items part_of(const Items& all, std::optional<int64_t> from, std::optional<int64_t> to) {
  const auto size = static_cast<int64_t>(all.size());
  const int64_t begin = bound(from.value_or(0), size);
  const int64_t end = std::max(begin, bound(to.value_or(size), size));
  return Items(all.begin() + begin, all.begin() + end);
}

}  // namespace

std::optional<Selected> Selector::step(const Segment& segment, const Selected& from,
                                       Effort& effort) {
  const Value::List* list = from->as_list();
  const Value::Map* map = from->as_map();
  switch (segment.kind) {
    case Segment::Kind::kField:
      return field_of(segment.field, from);
    case Segment::Kind::kIndex:
      return item_of(segment.index, from);
    // What may be copied costs as much as the whole: its parts are not looked at one by one.
    case Segment::Kind::kSlice: {
      const Bytes* bytes = from->as_byte_string();
      if ((list == nullptr && bytes == nullptr) || !effort.take(cost_of(*from))) {
        return std::nullopt;
      }
      if (list == nullptr) return Selected::made(Value(part_of(*bytes, segment.from, segment.to)));
      return Selected::made(Value(part_of(*list, segment.from, segment.to)));
    }
    case Segment::Kind::kValues: {
      if (list != nullptr) return from;
      if (map == nullptr || !effort.take(cost_of(*from))) return std::nullopt;
      Value::List values;
      values.reserve(map->size());
      for (const auto& [key, value] : *map) values.push_back(value);
      return Selected::made(Value(std::move(values)));
    }
  }
  return std::nullopt;
}

std::optional<Selected> Selector::select(const Value& value, Effort& effort) const {
  Selected at = Selected::part(value);
  for (const Segment& segment : segments_) {
    if (!effort.take(1)) return std::nullopt;
    auto next = step(segment, at, effort);
    if (!next && !segment.is_optional) return std::nullopt;
    at = next ? *std::move(next) : Selected::made(Value());
  }
  return at;
}

}  // namespace timerose::scheduler::authority
