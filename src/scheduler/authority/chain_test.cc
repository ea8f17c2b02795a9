#include "scheduler/authority/chain.h"

#include <gtest/gtest.h>

#include "compute/testing/golden.h"
#include "ipld/dag_json.h"
#include "scheduler/authority/authority_testing.h"
#include "scheduler/authority/container.h"

namespace timerose::scheduler::authority {
namespace {

using testing_support::delegation;
using testing_support::kNow;
using testing_support::public_key;
using testing_support::signed_by;

// Keys: the node, somebody whom it trusts, and three others.
constexpr uint8_t kNode = 1;
constexpr uint8_t kFriend = 2;
constexpr uint8_t kBob = 3;
constexpr uint8_t kCarol = 4;
constexpr uint8_t kDan = 5;

compute::Invocation invocation() {
  compute::Invocation call(Cid::of_sha256(Codec::kRaw, as_bytes("module")));
  call.entry = "_start";
  call.args = {"-v"};
  return call;
}

class ChainTest : public ::testing::Test {
 protected:
  // "" if the call is allowed.
  std::string refusal(const std::vector<TokenRef>& chain, uint8_t requester = kCarol) {
    const Value arguments(arguments_of(invocation(), terms_));
    const Grounds grounds{
        [](const PublicKey& key) { return key == public_key(kNode) || key == public_key(kFriend); },
        revocations_,
        {}};
    const auto checked =
        check_chain(chain, {public_key(requester), kExecuteCommand, arguments, now_s_}, grounds);
    return checked.ok() ? "" : checked.error().message;
  }
  // The node's to Bob, Bob's to Carol.
  static std::vector<TokenRef> chain() {
    return {signed_by(kNode, delegation(kBob, kNode)), signed_by(kBob, delegation(kCarol, kNode))};
  }
  // `chain`'s delegation is changed by `change` and signed again by `key`.
  static TokenRef changed(const TokenRef& token, uint8_t key,
                          const std::function<void(Delegation&)>& change) {
    Delegation body = *token->delegation();
    change(body);
    return signed_by(key, std::move(body));
  }
  void expect_refusal(const std::vector<TokenRef>& chain, std::string_view why,
                      uint8_t requester = kCarol) {
    const std::string refusal = this->refusal(chain, requester);
    EXPECT_NE(refusal.find(why), std::string::npos) << refusal;
  }

  Terms terms_{.fuel = 500};
  uint64_t now_s_ = kNow;
  Revocations revocations_;
};

TEST_F(ChainTest, AllowsWhomTheNodeDelegatesTo) {
  EXPECT_EQ(refusal({signed_by(kNode, delegation(kCarol, kNode))}), "");
  EXPECT_EQ(refusal(chain()), "");
}

TEST_F(ChainTest, AllowsWhomSomebodyTrustedDelegatesTo) {
  EXPECT_EQ(refusal({signed_by(kFriend, delegation(kCarol, kFriend))}), "");
}

TEST_F(ChainTest, RefusesWhatAStrangerDelegates) {
  expect_refusal({signed_by(kBob, delegation(kCarol, kBob))}, "this node is not did:key:");
}

TEST_F(ChainTest, RefusesNoChain) { expect_refusal({}, "there is no delegation to did:key:"); }

TEST_F(ChainTest, RefusesAnotherRequester) {
  expect_refusal(chain(), "but used by " + did_key_format(public_key(kDan)), kDan);
}

TEST_F(ChainTest, RefusesABrokenChain) {
  expect_refusal({signed_by(kNode, delegation(kDan, kNode)), chain()[1]}, "but handed on by");
  expect_refusal({chain()[1], chain()[0]}, "but handed on by");
  expect_refusal({chain()[1]}, "begins with a delegation by the subject itself");
}

TEST_F(ChainTest, RefusesARootForAnotherSubject) {
  // Bob says that he may hand on what is the node's.
  expect_refusal({signed_by(kBob, delegation(kCarol, kNode))}, "by the subject itself");
  const auto no_subject = changed(chain()[0], kNode, [](auto& body) { body.subject.reset(); });
  expect_refusal({no_subject, chain()[1]}, "by the subject itself");
}

TEST_F(ChainTest, RefusesASubjectThatChanges) {
  const auto other =
      changed(chain()[1], kBob, [](auto& body) { body.subject = public_key(kFriend); });
  expect_refusal({chain()[0], other}, "but that of the chain is");
}

TEST_F(ChainTest, TakesADelegationOfEverySubjectThatFollows) {
  const auto every = changed(chain()[1], kBob, [](auto& body) { body.subject.reset(); });
  EXPECT_EQ(refusal({chain()[0], every}), "");
}

TEST_F(ChainTest, RefusesWhatHasExpiredAnywhereInTheChain) {
  now_s_ = kNow + 1000;
  EXPECT_EQ(refusal(chain()), "");
  now_s_ = kNow + 1001;
  expect_refusal(chain(), "it expired at 1800001000");
  const auto for_ever = changed(chain()[1], kBob, [](auto& body) { body.expires_s.reset(); });
  expect_refusal({chain()[0], for_ever}, "it expired");
}

TEST_F(ChainTest, RefusesWhatDoesNotHoldYet) {
  const auto later = changed(chain()[0], kNode, [](auto& body) { body.not_before_s = kNow + 10; });
  expect_refusal({later, chain()[1]}, "it holds from 1800000010 on");
  now_s_ = kNow + 10;
  EXPECT_EQ(refusal({later, chain()[1]}), "");
}

TEST_F(ChainTest, RefusesWhatIsRevokedAnywhereInTheChain) {
  const auto tokens = chain();
  ASSERT_TRUE(revocations_.add(tokens[0]->cid()).ok());
  expect_refusal(tokens, "is revoked");
  expect_refusal(tokens, token_name(tokens[0]->cid()));
  revocations_ = Revocations();
  ASSERT_TRUE(revocations_.add(tokens[1]->cid()).ok());
  expect_refusal(tokens, "is revoked");
}

TEST_F(ChainTest, RefusesAnotherCommand) {
  const auto other = [](std::string_view command) {
    return [command](Delegation& body) { body.command = command; };
  };
  expect_refusal({changed(chain()[0], kNode, other("/timerose/exec")), chain()[1]},
                 "does not cover /timerose/execute");
  // Bob hands on more than he has.
  expect_refusal({changed(chain()[0], kNode, other("/timerose/execute/test")),
                  changed(chain()[1], kBob, other("/timerose"))},
                 "it is for /timerose/execute/test");
  EXPECT_EQ(refusal({changed(chain()[0], kNode, other("/")),
                     changed(chain()[1], kBob, other("/timerose"))}),
            "");
}

TEST_F(ChainTest, RefusesAForgedSignature) {
  Bytes forged = to_bytes(chain()[1]->bytes());
  forged[10] ^= 1;
  const auto token = std::make_shared<const Token>(Token::decode(forged).value());
  expect_refusal({chain()[0], token}, "is not signed by");
}

TEST_F(ChainTest, HoldsThePoliciesOfAllItsDelegations) {
  const auto strict =
      signed_by(kNode, delegation(kBob, kNode, R"([["<=",".fuel",1000],["==",".args[0]","-v"]])"));
  const auto stricter = signed_by(kBob, delegation(kCarol, kNode, R"([["<=",".fuel",100]])"));
  EXPECT_EQ(refusal({strict, chain()[1]}), "");
  expect_refusal({strict, stricter}, R"(["<=",".fuel",100] does not hold)");
  terms_.fuel = 100;
  EXPECT_EQ(refusal({strict, stricter}), "");
}

TEST_F(ChainTest, DoesNotLetAPolicyBeWidened) {
  const auto strict = signed_by(kNode, delegation(kBob, kNode, R"([["<=",".fuel",1000]])"));
  const auto wide = signed_by(kBob, delegation(kCarol, kNode, R"([["<=",".fuel",1000000]])"));
  terms_.fuel = 5000;
  expect_refusal({strict, wide}, R"(["<=",".fuel",1000] does not hold)");
}

TEST_F(ChainTest, TakesADelegationForOneFunction) {
  const std::string module = invocation().module.to_string();
  const auto one = [](const std::string& cid) {
    return signed_by(kNode,
                     delegation(kCarol, kNode, R"([["==",".function",{"/":")" + cid + R"("}]])"));
  };
  EXPECT_EQ(refusal({one(module)}), "");
  expect_refusal({one(Cid::of_sha256(Codec::kRaw, as_bytes("other")).to_string())}, ".function");
}

TEST_F(ChainTest, HasALimitOfDelegations) {
  const auto of_length = [](size_t length) {
    std::vector<TokenRef> chain;
    for (size_t i = 1; i < length; ++i) {
      chain.push_back(signed_by(kNode, delegation(kNode, kNode)));
    }
    chain.push_back(signed_by(kNode, delegation(kCarol, kNode)));
    return chain;
  };
  EXPECT_EQ(refusal(of_length(kChainMax)), "");
  expect_refusal(of_length(kChainMax + 1), "8 is the most");
}

TEST_F(ChainTest, RefusesAnInvocationAmongDelegations) {
  SeededRandom random(7);
  const auto statement =
      vouch_for(invocation().module, std::nullopt, testing_support::key_of(kNode), random);
  expect_refusal({std::make_shared<const Token>(*statement), chain()[1]}, "it is none");
}

TEST_F(ChainTest, AsksWhoRemembersSignatures) {
  const Value arguments(arguments_of(invocation(), terms_));
  size_t asked = 0;
  const Grounds grounds{[](const PublicKey&) { return true; }, revocations_,
                        [&](const TokenRef&) {
                          ++asked;
                          return success();
                        }};
  const Question question{public_key(kCarol), kExecuteCommand, arguments, now_s_};
  EXPECT_TRUE(check_chain(chain(), question, grounds).ok());
  EXPECT_EQ(asked, 2);
}

TEST(FindChains, FindsTheWaysFromSubjectsToTheRequester) {
  const TokenRef to_bob = signed_by(kNode, delegation(kBob, kNode));
  const TokenRef to_carol = signed_by(kBob, delegation(kCarol, kNode));
  const TokenRef direct = signed_by(kFriend, delegation(kCarol, kFriend));
  const TokenRef elsewhere = signed_by(kNode, delegation(kDan, kNode));
  const std::vector<TokenRef> kept{to_carol, elsewhere, direct, to_bob};
  const auto chains = find_chains(kept, public_key(kCarol));
  ASSERT_EQ(chains.size(), 2);
  EXPECT_EQ(chains[0], (std::vector{to_bob, to_carol}));
  EXPECT_EQ(chains[1], (std::vector{direct}));
  EXPECT_TRUE(find_chains({}, public_key(kCarol)).empty());
}

// Everybody hands everything on to everybody.
TEST(FindChains, EndsAmongTokensThatFormManyChains) {
  std::vector<TokenRef> kept;
  for (uint8_t from = 2; from < 10; ++from) {
    for (uint8_t to = 2; to < 10; ++to) kept.push_back(signed_by(from, delegation(to, kNode)));
  }
  EXPECT_LE(find_chains(kept, public_key(kCarol)).size(), kChainsMax);
}

// --- The specification's vectors (fixtures/1.0.0/invocation.json) ---

Status check_vector(const Value& vector) {
  TR_ASSIGN(const Token token, Token::decode(*vector.find("invocation")->as_byte_string()));
  TR_TRY(token.verify());
  const Invocation& invocation = *token.invocation();
  const auto now_s = static_cast<uint64_t>(*vector.find("time")->as_integer());
  if (invocation.expires_s && now_s > *invocation.expires_s) {
    return Error{ErrorCode::kPermission, "it expired"};
  }
  std::vector<TokenRef> chain;
  for (const Value& proof : *vector.find("proofs")->as_list()) {
    TR_ASSIGN(Token delegation, Token::decode(*proof.as_byte_string()));
    chain.push_back(std::make_shared<const Token>(std::move(delegation)));
  }
  if (chain.empty() && invocation.proofs.empty() && invocation.issuer == invocation.subject) {
    return success();
  }
  const Revocations revocations;
  const Value arguments(invocation.arguments);
  const Grounds grounds{
      [&](const PublicKey& key) { return key == invocation.subject; }, revocations, {}};
  return check_chain(chain, {invocation.issuer, invocation.command, arguments, now_s}, grounds);
}

const std::map<std::string, const char*> kWords{
    {"InvalidClaim", ""},
    {"UnavailableProof", "there is no delegation"},
    {"Expired", "it expired"},
    {"TooEarly", "it holds from"},
    {"InvalidAudience", "it is for"},
    {"InvalidSubject", ""},
    {"InvalidSignature", "sign"},
    {"MatchError", "does not hold"},
};

TEST(UcanVectors, AreDecidedAsTheSpecificationSays) {
  const Bytes text =
      compute::testing::golden_file("ucan_1_0_0.json", "src/scheduler/authority/testdata");
  const auto vectors = dag_json::decode(text);
  ASSERT_TRUE(vectors.ok()) << vectors.error().message;
  size_t allowed = 0;
  for (const Value& vector : *vectors->as_list()) {
    SCOPED_TRACE(*vector.find("name")->as_string());
    const std::string* fails = vector.find("fails")->as_string();
    const auto checked = check_vector(vector);
    EXPECT_EQ(checked.ok(), fails == nullptr)
        << (checked.ok() ? "allowed" : checked.error().message);
    if (checked.ok()) ++allowed;
    if (checked.ok() || fails == nullptr) continue;
    EXPECT_NE(checked.error().message.find(kWords.at(*fails)), std::string::npos)
        << checked.error().message;
  }
  EXPECT_EQ(allowed, 7);
}

// --- Containers ---

TEST(Container, IsReadAsItWasWritten) {
  const std::vector<TokenRef> tokens{signed_by(kNode, delegation(kBob, kNode)),
                                     signed_by(kBob, delegation(kCarol, kNode))};
  const std::string text = write_container(tokens);
  EXPECT_TRUE(text.starts_with("C"));
  const auto read = read_container(as_bytes("  " + text + "\n"));
  ASSERT_TRUE(read.ok()) << read.error().message;
  ASSERT_EQ(read->size(), 2);
  EXPECT_EQ(find_chains(*read, public_key(kCarol)).size(), 1);
  EXPECT_EQ(write_container(*read), text);
}

TEST(Container, RefusesWhatIsNone) {
  for (const char* text : {"", "hello", "C", "C!!", "COA", "@", "Mabc", "CoWZjdG4tdjIA"}) {
    EXPECT_FALSE(read_container(as_bytes(text)).ok()) << text;
  }
  EXPECT_EQ(read_container(as_bytes("MH4sI")).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(read_container(Bytes(kContainerBytesMax + 1, 'C')).error().code,
            ErrorCode::kLimitExceeded);
}

TEST(Container, RefusesAForgedToken) {
  Bytes forged = to_bytes(signed_by(kNode, delegation(kBob, kNode))->bytes());
  forged[10] ^= 1;
  const auto token = std::make_shared<const Token>(Token::decode(forged).value());
  EXPECT_EQ(read_container(as_bytes(write_container({token}))).error().code, ErrorCode::kMismatch);
}

}  // namespace
}  // namespace timerose::scheduler::authority
