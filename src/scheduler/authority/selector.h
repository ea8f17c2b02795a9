// Selectors of the UCAN policy language (UCAN Delegation 1.0, Selectors): `.inputs[0]`, which name
// a part of a call's arguments.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ipld/value.h"
#include "scheduler/authority/effort.h"

namespace timerose::scheduler::authority {

// A part of a value, or one made from it (a slice). The value must outlive it.
class Selected {
 public:
  static Selected part(const Value& part) { return Selected(nullptr, &part); }
  static Selected made(Value value) {
    auto owner = std::make_shared<const Value>(std::move(value));
    const Value* part = owner.get();
    return Selected(std::move(owner), part);
  }
  // A part of what this is.
  [[nodiscard]] Selected within(const Value& part) const {
    Selected inner = *this;
    inner.part_ = &part;
    return inner;
  }
  const Value& operator*() const { return *part_; }
  const Value* operator->() const { return part_; }

 private:
  Selected(std::shared_ptr<const Value> made, const Value* part)
      : made_(std::move(made)), part_(part) {}
  std::shared_ptr<const Value> made_;  // keeps it alive
  const Value* part_;
};

class Selector {
 public:
  static constexpr size_t kTextBytesMax = 512;
  static constexpr size_t kSegmentsMax = 16;

  // kMalformed names the byte at which it is none, kLimitExceeded what is too long.
  static Result<Selector> parse(std::string_view text);

  // None if it cannot be resolved. A key that a map does not have gives null, and so does what
  // cannot be resolved at a segment with "?".
  [[nodiscard]] std::optional<Selected> select(const Value& value, Effort& effort) const;

 private:
  struct Segment {
    enum class Kind { kField, kIndex, kSlice, kValues };
    Kind kind = Kind::kValues;
    std::string field;
    int64_t index = 0;
    std::optional<int64_t> from;  // of a slice
    std::optional<int64_t> to;
    bool is_optional = false;
  };
  class Parser;
  static std::optional<Selected> step(const Segment& segment, const Selected& from, Effort& effort);

  std::vector<Segment> segments_;
};

}  // namespace timerose::scheduler::authority
