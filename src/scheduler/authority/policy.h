// Policies of UCAN Delegation 1.0: what must hold of a call's arguments.
//
// A policy is a list of statements, all of which must hold. A statement whose selector cannot be
// resolved, or that compares what cannot be compared, does not hold.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "ipld/value.h"
#include "scheduler/authority/pattern.h"
#include "scheduler/authority/selector.h"

namespace timerose::scheduler::authority {

class Policy {
 public:
  static constexpr size_t kStatementsMax = 256;  // with those inside others
  static constexpr size_t kDepthMax = 16;        // of statements in statements

  Policy() = default;  // allows everything
  // kMalformed names the statement that is none, kLimitExceeded what is too much.
  static Result<Policy> parse(const Value& value);
  // Inverse of parse.
  [[nodiscard]] Value value() const { return Value(source_); }

  // kPermission names the first statement that does not hold; kLimitExceeded if finding out takes
  // more than kStepsMax of Effort.
  [[nodiscard]] Status check(const Value& arguments) const;

 private:
  enum class Operator {
    kEqual,
    kNotEqual,
    kLess,
    kLessOrEqual,
    kGreater,
    kGreaterOrEqual,
    kLike,
    kNot,
    kAnd,
    kOr,
    kAll,
    kAny,
  };
  struct Statement {
    Operator does = Operator::kAnd;
    Selector selector;
    Value literal;
    uint64_t literal_cost = 0;
    Pattern pattern;
    std::vector<Statement> inner;
  };
  class Parser;

  static bool holds(const Statement& statement, const Value& value, Effort& effort);
  static bool compares(const Statement& statement, const Value& selected, Effort& effort);
  static bool quantifies(const Statement& statement, const Value& selected, Effort& effort);

  Value::List source_;
  std::vector<Statement> statements_;
};

}  // namespace timerose::scheduler::authority
