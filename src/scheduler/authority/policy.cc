#include "scheduler/authority/policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <compare>

#include "ipld/dag_json.h"

namespace timerose::scheduler::authority {
namespace {

constexpr size_t kShownBytesMax = 200;  // of a statement, in a message

// Beyond the integers that there are.
constexpr double kBeyond = 36893488147419103232.0;  // 2^65

std::strong_ordering reversed(std::strong_ordering order) { return 0 <=> order; }

// Exact: neither is rounded to the other's kind.
std::strong_ordering order_of(Value::Integer integer, double number) {
  if (number >= kBeyond) return std::strong_ordering::less;
  if (number <= -kBeyond) return std::strong_ordering::greater;
  const double whole = std::floor(number);
  const auto floor = static_cast<Value::Integer>(whole);
  if (integer != floor) return integer <=> floor;
  return whole < number ? std::strong_ordering::less : std::strong_ordering::equal;
}

// None unless both are numbers. Floats of the data model are finite.
std::optional<std::strong_ordering> order_of(const Value& a, const Value& b) {
  const Value::Integer* a_integer = a.as_integer();
  const Value::Integer* b_integer = b.as_integer();
  const double* a_float = a.as_float();
  const double* b_float = b.as_float();
  if (a_integer != nullptr && b_integer != nullptr) return *a_integer <=> *b_integer;
  if (a_integer != nullptr && b_float != nullptr) return order_of(*a_integer, *b_float);
  if (a_float != nullptr && b_integer != nullptr) return reversed(order_of(*b_integer, *a_float));
  if (a_float == nullptr || b_float == nullptr) return std::nullopt;
  if (*a_float == *b_float) return std::strong_ordering::equal;
  return *a_float < *b_float ? std::strong_ordering::less : std::strong_ordering::greater;
}

// Deep; numbers by what they are worth.
bool equals(const Value& a, const Value& b) {
  if (const auto order = order_of(a, b)) return *order == 0;
  if (a.kind() != b.kind()) return false;
  if (const auto* list = a.as_list()) {
    return std::ranges::equal(*list, *b.as_list(), equals);
  }
  if (const auto* map = a.as_map()) {
    return std::ranges::equal(*map, *b.as_map(), [](const auto& one, const auto& other) {
      return one.first == other.first && equals(one.second, other.second);
    });
  }
  return a == b;
}

std::string shown(const Value& statement) {
  auto text = dag_json::encode(statement);
  if (!text.ok()) return "a statement";
  return text->size() <= kShownBytesMax ? *text : text->substr(0, kShownBytesMax) + "...";
}

}  // namespace

bool Policy::compares(const Statement& statement, const Value& selected, Effort& effort) {
  if (!effort.take(statement.literal_cost)) return false;
  if (statement.does == Operator::kEqual) return equals(selected, statement.literal);
  if (statement.does == Operator::kNotEqual) return !equals(selected, statement.literal);
  const auto order = order_of(selected, statement.literal);
  if (!order) return false;
  switch (statement.does) {
    case Operator::kLess:
      return *order < 0;
    case Operator::kLessOrEqual:
      return *order <= 0;
    case Operator::kGreater:
      return *order > 0;
    default:
      return *order >= 0;
  }
}

bool Policy::quantifies(const Statement& statement, const Value& selected, Effort& effort) {
  const Statement& inner = statement.inner.front();
  const auto test = [&](const Value& value) { return holds(inner, value, effort); };
  const auto test_entry = [&](const auto& entry) { return test(entry.second); };
  const bool all = statement.does == Operator::kAll;
  if (const auto* list = selected.as_list()) {
    return all ? std::ranges::all_of(*list, test) : std::ranges::any_of(*list, test);
  }
  if (const auto* map = selected.as_map()) {
    return all ? std::ranges::all_of(*map, test_entry) : std::ranges::any_of(*map, test_entry);
  }
  return false;
}

// Once the effort is spent, the answer is of no concern.
bool Policy::holds(const Statement& statement, const Value& value, Effort& effort) {
  if (!effort.take(1)) return false;
  const auto test = [&](const Statement& inner) { return holds(inner, value, effort); };
  switch (statement.does) {
    case Operator::kNot:
      return !test(statement.inner.front());
    case Operator::kAnd:
      return std::ranges::all_of(statement.inner, test);
    case Operator::kOr:
      return statement.inner.empty() || std::ranges::any_of(statement.inner, test);
    default:
      break;
  }
  const auto selected = statement.selector.select(value, effort);
  // "!=" is "not ==", also where there is nothing to compare.
  if (!selected) return statement.does == Operator::kNotEqual;
  if (statement.does == Operator::kAll || statement.does == Operator::kAny) {
    return quantifies(statement, **selected, effort);
  }
  if (statement.does != Operator::kLike) return compares(statement, **selected, effort);
  const std::string* text = (*selected)->as_string();
  return text != nullptr && effort.take(statement.pattern.cost(*text)) &&
         statement.pattern.matches(*text);
}

Status Policy::check(const Value& arguments) const {
  Effort effort;
  for (size_t i = 0; i < statements_.size(); ++i) {
    const bool held = holds(statements_[i], arguments, effort);
    if (effort.is_spent()) {
      return Error{ErrorCode::kLimitExceeded, fmt::format("looking at {} takes more than {} steps",
                                                          shown(source_[i]), Effort::kStepsMax)};
    }
    if (held) continue;
    return Error{ErrorCode::kPermission, fmt::format("{} does not hold", shown(source_[i]))};
  }
  return success();
}

}  // namespace timerose::scheduler::authority
