#include "scheduler/authority/policy.h"

#include <gtest/gtest.h>

#include "ipld/dag_json.h"

namespace timerose::scheduler::authority {
namespace {

Value json(std::string_view text) { return dag_json::decode(as_bytes(text)).value(); }

// "holds", "fails" or "refused": of arguments and a policy.
std::string outcome(std::string_view arguments, std::string_view policy) {
  const auto parsed = Policy::parse(json(policy));
  if (!parsed.ok()) return "refused";
  const auto checked = parsed->check(json(arguments));
  if (!checked.ok() && checked.error().code != ErrorCode::kPermission) return "spent";
  return checked.ok() ? "holds" : "fails";
}

void expect(std::string_view wanted, std::string_view arguments,
            std::initializer_list<const char*> policies) {
  for (const char* policy : policies) EXPECT_EQ(outcome(arguments, policy), wanted) << policy;
}

// The values of these are those of the specification's vectors (fixtures/1.0.0/policy.json).
TEST(Policy, ComparesAsTheSpecificationsVectorsSay) {
  expect("holds", R"({"a":[1,2,{"b":3}],"b":1})",
         {R"([["==",".a",[1,2,{"b":3}]],["==",".b",1],["==",".b",1.0]])",
          R"([["!=",".b","ddd"],["!=",".b",null],["!=",".b",2],["!=",".b",{"b":3}]])",
          R"([["!=",".b",true],["!=",".b",false],["not",["==",".b",2]]])",
          R"([["<",".b",2],["<",".b",2.0],["<=",".b",2],["<=",".b",1.0]])",
          R"([[">",".b",0],[">",".b",0.0],[">=",".b",0],[">=",".b",1.0]])"});
  expect("fails", R"({"a":[1,2,{"b":3}],"b":1})",
         {R"([["==",".a",[1,2,{"b":4}]]])", R"([["==",".a",[1,2]]])", R"([["!=",".b",1.0]])",
          R"([["<",".b",1]])", R"([[">",".b",1.0]])", R"([["<",".a",2]])"});
}

TEST(Policy, MatchesPatternsAsTheSpecificationsVectorsSay) {
  constexpr const char* kPattern = R"([["like",".t","Alice\\*, Bob*, Carol."]])";
  for (const char* text : {"Alice*, Bob, Carol.", "Alice*, Bob, Dan, Erin, Carol.",
                           "Alice*, Bob  , Carol.", "Alice*, Bob*, Carol."}) {
    EXPECT_EQ(outcome(std::string(R"({"t":")") + text + "\"}", kPattern), "holds") << text;
  }
  for (const char* text : {"Alice*, Bob, Carol", "Alice*, Bob*, Carol!", "Alice, Bob, Carol.",
                           "Alice Cooper, Bob, Carol.", " Alice*, Bob, Carol. "}) {
    EXPECT_EQ(outcome(std::string(R"({"t":")") + text + "\"}", kPattern), "fails") << text;
  }
}

TEST(Policy, MatchesPatternsWithSeveralStars) {
  expect("holds", R"({"t":"abcabc"})",
         {R"([["like",".t","*"]])", R"([["like",".t","***"]])", R"([["like",".t","a*c"]])",
          R"([["like",".t","*b*b*"]])", R"([["like",".t","abcabc*"]])"});
  expect("fails", R"({"t":"abcabc"})",
         {R"([["like",".t",""]])", R"([["like",".t","a*b"]])", R"([["like",".t","*abcabcabc"]])",
          R"([["like",".t","*b*b*b*"]])", R"([["like",".t","abcabc*c"]])"});
  expect("fails", R"({"t":7})", {R"([["like",".t","*"]])"});
}

TEST(Policy, ConnectsAsTheSpecificationsVectorsSay) {
  expect("holds", R"({"name":"Katie","age":35,"nationalities":["Canadian","South African"]})",
         {R"([])", R"([["and",[]]])", R"([["or",[]]])",
          R"([["and",[["==",".name","Katie"],["==",".age",35]]]])",
          R"([["or",[["==",".name","Katie"],[">",".age",45]]]])",
          R"([["not",["and",[["==",".name","Katie"],["==",".nationalities",["American"]]]]]])"});
  expect("fails", R"({"name":"Katie","age":35,"nationalities":["Canadian","South African"]})",
         {R"([["and",[["==",".name","Katie"],["==",".nationalities","american"]]]])",
          R"([["or",[["==",".name","Bob"],[">",".age",45]]]])",
          R"([["==",".name","Katie"],["==",".age",36]])"});
}

TEST(Policy, QuantifiesAsTheSpecificationsVectorsSay) {
  constexpr const char* kList = R"({"a":[{"b":1},{"b":2},{"z":[7,8,9]}]})";
  expect("holds", kList, {R"([["any",".a",["==",".b",2]]])"});
  expect("fails", kList, {R"([["all",".a",[">",".b",0]]])"});
  constexpr const char* kNested =
      R"({"newsletters":{"may":{"to":[{"email":"bob"},{"email":"al"}]}}})";
  expect("holds", kNested, {R"([["all",".newsletters",["any",".to",["==",".email","bob"]]]])"});
  expect("fails", kNested, {R"([["all",".newsletters",["all",".to",["==",".email","bob"]]]])"});
  expect("fails", R"({"a":7})",
         {R"([["all",".a",["==",".",7]]])", R"([["any",".a",["==",".",7]]])"});
  expect("holds", R"({"a":[]})", {R"([["all",".a",["==",".",7]]])"});
}

TEST(Policy, HoldsNotOfWhatIsNotThere) {
  expect("fails", R"({"a":[1]})",
         {R"([["==",".a[3]",1]])", R"([["==",".a.b",1]])", R"([["like",".a[3]","*"]])",
          R"([["<",".b",1]])", R"([[">",".b",1]])"});
  expect("holds", R"({"a":[1]})", {R"([["!=",".a[3]",1]])", R"([["==",".b",null]])"});
}

TEST(Policy, ComparesLinksAndBytes) {
  constexpr const char* kArguments =
      R"({"f":{"/":"bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"},"b":{"/":{"bytes":"AQI"}}})";
  expect("holds", kArguments,
         {R"([["==",".f",{"/":"bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"}]])",
          R"([["==",".b",{"/":{"bytes":"AQI"}}]])"});
  expect("fails", kArguments,
         {R"([["==",".f","bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"]])"});
}

TEST(Policy, ComparesNumbersExactly) {
  // 2^53 + 1 is no double; it must not be rounded to one.
  expect("fails", R"({"n":9007199254740993})", {R"([["==",".n",9007199254740992.0]])"});
  expect("holds", R"({"n":9007199254740993})", {R"([[">",".n",9007199254740992.0]])"});
  expect("holds", R"({"n":18446744073709551615})",
         {R"([["<",".n",1e300]])", R"([[">",".n",-1e300]])",
          R"([["<",".n",18446744073709551616.0]])"});
  expect("holds", R"({"n":-1})", {R"([["<",".n",-0.5]])", R"([[">",".n",-1.5]])"});
}

TEST(Policy, RefusesWhatIsNone) {
  for (const char* policy :
       {R"({})", R"("and")", R"([[]])", R"([[1]])", R"([["=",".a",1]])", R"([["==",".a"]])",
        R"([["==",1,1]])", R"([["==","a",1]])", R"([["<",".a","1"]])", R"([["like",".a",1]])",
        R"([["not",[]]])", R"([["and",["==",".a",1]]])", R"([["all",".a",[["==",".",1]]]])",
        R"([["not",["==",".a",1],1]])"}) {
    EXPECT_EQ(outcome("{}", policy), "refused") << policy;
  }
}

TEST(Policy, HasALimitOfDepthAndOfStatements) {
  const auto nested = [](size_t depth) {
    std::string text;
    for (size_t i = 1; i < depth; ++i) text += R"(["not",)";
    text += R"(["==",".a",1])";
    return "[" + text + std::string(depth - 1, ']') + "]";
  };
  EXPECT_TRUE(Policy::parse(json(nested(Policy::kDepthMax))).ok());
  EXPECT_EQ(Policy::parse(json(nested(Policy::kDepthMax + 1))).error().code,
            ErrorCode::kLimitExceeded);
  const Value::List many(Policy::kStatementsMax, json(R"(["==",".a",1])"));
  EXPECT_TRUE(Policy::parse(Value(many)).ok());
  Value::List more = many;
  more.push_back(many.front());
  EXPECT_EQ(Policy::parse(Value(more)).error().code, ErrorCode::kLimitExceeded);
}

// 20 * 20 * 20 * 20 looks at one item.
TEST(Policy, EndsWhenLookingTakesTooLong) {
  std::string items = "[0";
  for (int i = 1; i < 20; ++i) items += ",0";
  items += "]";
  Value list = json(items);
  for (int i = 0; i < 3; ++i) list = Value(Value::List(20, list));
  const Value arguments(Value::Map{{"a", list}});
  const auto policy =
      Policy::parse(json(R"([["all",".a",["all",".",["all",".",["all",".",["==",".",0]]]]]])"));
  const auto checked = policy->check(arguments);
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(checked.error().code, ErrorCode::kLimitExceeded);
  // Neither does "not" turn it into a yes.
  const auto negated = Policy::parse(
      json(R"([["not",["all",".a",["all",".",["all",".",["all",".",["==",".",0]]]]]]])"));
  EXPECT_FALSE(negated->check(arguments).ok());
}

TEST(Policy, EndsWhenAPatternTakesTooLong) {
  const Value arguments(Value::Map{{"t", std::string(200'000, 'a')}});
  const auto policy = Policy::parse(
      Value(Value::List{Value(Value::List{"like", ".t", "*" + std::string(200, 'a') + "b*"})}));
  EXPECT_EQ(policy->check(arguments).error().code, ErrorCode::kLimitExceeded);
}

// 16 copies of a quarter of a MiB, 200 times over.
TEST(Policy, EndsWhenCopyingPartsTakesTooLong) {
  const std::string text(256 << 10, 'a');
  const Value arguments(Value::Map{{"args", Value::List{text}},
                                   {"bytes", to_bytes(as_bytes(text))},
                                   {"env", Value::Map{{"name", text}}}});
  std::string slices;
  for (size_t i = 2; i < Selector::kSegmentsMax; ++i) slices += "[0:]";
  for (const std::string& selector : {".args" + slices, ".bytes" + slices, std::string(".env[]")}) {
    const Value statement(Value::List{"!=", selector, 0});
    const auto policy = Policy::parse(Value(Value::List(200, statement)));
    ASSERT_TRUE(policy.ok()) << policy.error().message;
    EXPECT_EQ(policy->check(arguments).error().code, ErrorCode::kLimitExceeded) << selector;
  }
}

TEST(Policy, NamesTheStatementThatDoesNotHold) {
  const auto policy = Policy::parse(json(R"([["==",".a",1],["<=",".fuel",1000]])"));
  EXPECT_EQ(policy->check(json(R"({"a":1,"fuel":5000})")).error().message,
            R"(["<=",".fuel",1000] does not hold)");
}

TEST(Policy, IsWrittenAsItWasRead) {
  const Value value = json(R"([["any",".a",["or",[["==",".b",2],["like",".c","x*"]]]]])");
  EXPECT_EQ(Policy::parse(value)->value(), value);
}

}  // namespace
}  // namespace timerose::scheduler::authority
