// Reading of policies. What they mean: policy.cc.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "scheduler/authority/policy.h"

namespace timerose::scheduler::authority {
namespace {

bool is_number(const Value& value) {
  return value.is(Value::Kind::kInteger) || value.is(Value::Kind::kFloat);
}

}  // namespace

class Policy::Parser {
 public:
  Result<std::vector<Statement>> list(const Value& value, size_t depth) {
    const Value::List* items = value.as_list();
    if (items == nullptr) return wrong("a list of statements", value);
    std::vector<Statement> statements;
    statements.reserve(items->size());
    for (const Value& item : *items) {
      TR_ASSIGN(auto parsed, statement(item, depth));
      statements.push_back(std::move(parsed));
    }
    return statements;
  }

 private:
  struct Named {
    std::string_view name;
    Operator does;
  };
  static constexpr auto kOperators = std::to_array<Named>({
      {"==", Operator::kEqual},
      {"!=", Operator::kNotEqual},
      {"<", Operator::kLess},
      {"<=", Operator::kLessOrEqual},
      {">", Operator::kGreater},
      {">=", Operator::kGreaterOrEqual},
      {"like", Operator::kLike},
      {"not", Operator::kNot},
      {"and", Operator::kAnd},
      {"or", Operator::kOr},
      {"all", Operator::kAll},
      {"any", Operator::kAny},
  });

  static Error wrong(std::string_view expected, const Value& found) {
    return {ErrorCode::kMalformed,
            fmt::format("policy: expected {}; found a {}", expected, kind_name(found.kind()))};
  }

  Result<Statement> statement(const Value& value, size_t depth) {
    if (depth > kDepthMax || ++statements_ > kStatementsMax) {
      return Error{ErrorCode::kLimitExceeded,
                   fmt::format("a policy of more than {} statements, or deeper than {}",
                               kStatementsMax, kDepthMax)};
    }
    const Value::List* parts = value.as_list();
    const std::string* name =
        parts == nullptr || parts->empty() ? nullptr : parts->front().as_string();
    if (name == nullptr) return wrong("a statement: a list that begins with its operator", value);
    const auto* named = std::find_if(kOperators.begin(), kOperators.end(),
                                     [&](const Named& one) { return one.name == *name; });
    if (named == kOperators.end()) {
      return Error{ErrorCode::kUnsupported,
                   fmt::format("policy: there is no operator '{}'", *name)};
    }
    Statement statement;
    statement.does = named->does;
    const bool connects = named->does == Operator::kNot || named->does == Operator::kAnd ||
                          named->does == Operator::kOr;
    if (parts->size() != (connects ? 2 : 3)) {
      return Error{ErrorCode::kMalformed, fmt::format("policy: '{}' with {} parts, expected {}",
                                                      *name, parts->size(), connects ? 2 : 3)};
    }
    if (!connects) {
      const std::string* selector = (*parts)[1].as_string();
      if (selector == nullptr) return wrong("a selector", (*parts)[1]);
      TR_ASSIGN(statement.selector, Selector::parse(*selector));
    }
    TR_TRY(argument(parts->back(), depth, statement));
    return statement;
  }

  Status argument(const Value& value, size_t depth, Statement& statement) {
    switch (statement.does) {
      case Operator::kAnd:
      case Operator::kOr: {
        TR_ASSIGN(statement.inner, list(value, depth + 1));
        return success();
      }
      case Operator::kNot:
      case Operator::kAll:
      case Operator::kAny: {
        TR_ASSIGN(auto inner, this->statement(value, depth + 1));
        statement.inner.push_back(std::move(inner));
        return success();
      }
      case Operator::kLike: {
        const std::string* pattern = value.as_string();
        if (pattern == nullptr) return wrong("a pattern", value);
        TR_ASSIGN(statement.pattern, Pattern::parse(*pattern));
        return success();
      }
      default:
        if (statement.does != Operator::kEqual && statement.does != Operator::kNotEqual &&
            !is_number(value)) {
          return wrong("a number", value);
        }
        statement.literal = value;
        statement.literal_cost = cost_of(value);
        return success();
    }
  }

  size_t statements_ = 0;
};

Result<Policy> Policy::parse(const Value& value) {
  Policy policy;
  TR_ASSIGN(policy.statements_, Parser().list(value, 1));
  policy.source_ = *value.as_list();
  return policy;
}

}  // namespace timerose::scheduler::authority
