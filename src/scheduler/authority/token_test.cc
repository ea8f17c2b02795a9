#include "scheduler/authority/token.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/hex.h"
#include "compute/testing/golden.h"
#include "ipld/dag_cbor.h"
#include "scheduler/authority/authority_testing.h"
#include "scheduler/authority/envelope.h"

namespace timerose::scheduler::authority {
namespace {

using testing_support::delegation;
using testing_support::key_of;
using testing_support::public_key;

constexpr std::string_view kGoldenFolder = "src/scheduler/authority/testdata";

// The delegation of the specification (fixtures/1.0.0/delegation.json): bob to carol.
constexpr std::string_view kPublished =
    "glhAjm4YpBUWgEVmBWSotkY7bjWxj9AJLs9NfQykfoF2LhKZ76lQH0B720Qq0/"
    "YxNu+dKuQLEzlfJvmYRnZGgI7dA6JhaEg0"
    "Ae0B7QETcW51Y2FuL2RsZ0AxLjAuMKdjYXVkeDhkaWQ6a2V5Ono2TWttSmNlVm9RU0hzNDVjUmVFWG9MdFdtMXdvc0NHOF"
    "JM"
    "eGZLd2h4b3F6b1RrQ2NjbWRoL2FjY291bnRjZXhwGmiCDLFjaXNzeDhkaWQ6a2V5Ono2TWttVDlqNmZWWnF6WFY4dTJ3Vl"
    "ZT"
    "dTQ5Z1lTUllHU1FuZHVXWEY2Zm9BSnJxemNwb2yAY3N1Yng4ZGlkOmtleTp6Nk1rbVQ5ajZmVlpxelhWOHUyd1ZWU3U0OW"
    "dZ"
    "U1JZR1NRbmR1V1hGNmZvQUpycXplbm9uY2VMJ20r9pHkJ/yoNirD";
constexpr std::string_view kPublishedCid =
    "bafyreigyftnzjf4rcu7glp5kfop53vqlopc3zcldauoqdxqlz7t4343gr4";
constexpr std::string_view kBobsSeed =
    "5f8fdf91cd4d94e75f1330134afdf8dd190cf7e2c07888a13acfef65403a4221";

Bytes published() { return base_decode(Multibase::kBase64Pad, kPublished).value(); }

PrivateKey bob() {
  std::array<uint8_t, 32> seed{};
  std::ranges::copy(hex_decode(kBobsSeed).value(), seed.begin());
  return PrivateKey::from_seed(seed);
}

TEST(Token, ReadsTheDelegationOfTheSpecification) {
  const auto token = Token::decode(published());
  ASSERT_TRUE(token.ok()) << token.error().message;
  EXPECT_TRUE(token->verify().ok());
  EXPECT_EQ(token->cid().to_string(), kPublishedCid);
  EXPECT_TRUE(token_name(token->cid()).starts_with("zdpu"));
  const Delegation* body = token->delegation();
  ASSERT_NE(body, nullptr);
  EXPECT_EQ(token->invocation(), nullptr);
  EXPECT_EQ(did_key_format(body->issuer),
            "did:key:z6MkmT9j6fVZqzXV8u2wVVSu49gYSRYGSQnduWXF6foAJrqz");
  EXPECT_EQ(did_key_format(body->audience),
            "did:key:z6MkmJceVoQSHs45cReEXoLtWm1wosCG8RLxfKwhxoqzoTkC");
  EXPECT_EQ(body->subject, body->issuer);
  EXPECT_EQ(body->command, "/account");
  EXPECT_EQ(body->policy.value(), Value(Value::List()));
  EXPECT_EQ(body->expires_s, 1753353393);
  EXPECT_FALSE(body->not_before_s);
  EXPECT_EQ(hex_encode(body->nonce), "276d2bf691e427fca8362ac3");
}

// Ed25519 signatures are functions of key and bytes, so every byte of ours is that of the fixture.
TEST(Token, SignsTheDelegationOfTheSpecification) {
  const auto read = Token::decode(published());
  const auto again = Token::sign(*read->delegation(), bob());
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(hex_encode(again->bytes()), hex_encode(published()));
}

void expect_golden(const std::string& name, const Result<Token>& token) {
  SCOPED_TRACE(name);
  ASSERT_TRUE(token.ok()) << token.error().message;
  const std::string json = *dag_json::encode(*dag_cbor::decode(token->bytes())) + "\n";
  compute::testing::update_golden(name + ".bin", token->bytes(), kGoldenFolder);
  compute::testing::update_golden(name + ".json", as_bytes(json), kGoldenFolder);
  const Bytes bytes = compute::testing::golden_file(name + ".bin", kGoldenFolder);
  EXPECT_EQ(hex_encode(token->bytes()), hex_encode(bytes));
  EXPECT_EQ(json, as_text(compute::testing::golden_file(name + ".json", kGoldenFolder)));
  const auto decoded = Token::decode(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_TRUE(decoded->verify().ok());
  EXPECT_EQ(decoded->cid(), token->cid());
}

TEST(Token, HasTheBytesOfTheGoldenFiles) {
  Delegation full = delegation(2, 1, R"([["<=",".fuel",1000000],["==",".abi","wasi"]])");
  full.not_before_s = 1'700'000'000;
  full.meta = Value::Map{{"why", "a test"}};
  expect_golden("delegation_full", Token::sign(full, key_of(1)));

  Delegation least = delegation(3, 1);
  least.subject.reset();
  least.expires_s.reset();
  expect_golden("delegation_least", Token::sign(least, key_of(2)));

  SeededRandom random(7);
  const Cid module = Cid::of_sha256(Codec::kRaw, as_bytes("module"));
  expect_golden("vouch", vouch_for(module, testing_support::kNow, key_of(4), random));
}

TEST(Token, ReadsTheTagOfTheReleaseCandidate) {
  Value envelope = dag_cbor::decode(published()).value();
  Value::Map& content = *(*envelope.as_list())[1].as_map();
  content.emplace(std::string(kDelegationTagBefore), content.at(std::string(kDelegationTag)));
  content.erase(std::string(kDelegationTag));
  const auto token = Token::decode(*dag_cbor::encode(envelope));
  ASSERT_TRUE(token.ok()) << token.error().message;
  EXPECT_EQ(token->verify().error().code, ErrorCode::kMismatch);  // the tag is signed too
}

TEST(Token, NoticesEveryChangedByte) {
  const Bytes good = published();
  for (size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 1;
    const auto token = Token::decode(bad);
    EXPECT_FALSE(token.ok() && token->verify().ok()) << i;
  }
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(Token::decode(ByteView(good).first(size)).ok()) << size;
  }
}

// The published delegation with a member of its payload changed; unset: without it.
std::string refusal(const char* field, std::optional<Value> value) {
  Value envelope = dag_cbor::decode(published()).value();
  Value::Map& content = *(*envelope.as_list())[1].as_map();
  Value::Map& payload = *content.at(std::string(kDelegationTag)).as_map();
  payload.erase(field);
  if (value) payload.emplace(field, *std::move(value));
  const auto token = Token::decode(*dag_cbor::encode(envelope));
  return token.ok() ? "accepted" : token.error().message;
}

TEST(Token, RefusesADelegationWithoutOneOfItsFields) {
  for (const char* field : {"iss", "aud", "sub", "cmd", "pol", "nonce", "exp"}) {
    EXPECT_NE(refusal(field, std::nullopt).find(field), std::string::npos) << field;
  }
}

TEST(Token, RefusesFieldsThatAreWrong) {
  EXPECT_NE(refusal("may", Value(1)), "accepted");  // it could be a restriction
  EXPECT_NE(refusal("iss", Value("did:web:example.com")), "accepted");
  EXPECT_NE(refusal("aud", Value(Bytes{1, 2})), "accepted");
  EXPECT_NE(refusal("aud", Value("did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme")),
            "accepted");
  for (const char* command : {"", "account", "/a/", "/A", "//", "/a//b"}) {
    EXPECT_NE(refusal("cmd", Value(command)), "accepted") << command;
  }
  EXPECT_NE(refusal("cmd", Value("/" + std::string(kCommandBytesMax, 'a'))), "accepted");
  EXPECT_NE(refusal("pol", Value("all")), "accepted");
  EXPECT_NE(refusal("nonce", Value(Bytes(kNonceBytesMax + 1, 0))), "accepted");
  EXPECT_NE(refusal("exp", Value(1.5)), "accepted");
  EXPECT_NE(refusal("exp", Value(-1)), "accepted");
  EXPECT_NE(refusal("exp", Value(kTimeMax + 1)), "accepted");
  EXPECT_NE(refusal("nbf", Value()), "accepted");
  EXPECT_NE(refusal("meta", Value(7)), "accepted");
  EXPECT_EQ(refusal("exp", Value()), "accepted");
  EXPECT_EQ(refusal("sub", Value()), "accepted");
}

TEST(Token, RefusesWhatIsNotSignedByEd25519) {
  Value envelope = dag_cbor::decode(published()).value();
  Value::Map& content = *(*envelope.as_list())[1].as_map();
  content.at("h") = Value(Bytes{0x34, 0x01, 0xec, 0x01, 0x80, 0x24, 0x12, 0x71});
  EXPECT_EQ(Token::decode(*dag_cbor::encode(envelope)).error().code, ErrorCode::kUnsupported);
}

TEST(Token, HasALimitOfBytes) {
  Delegation huge = delegation(2, 1);
  huge.meta = Value::Map{{"a", Bytes(kTokenBytesMax, 0)}};
  EXPECT_EQ(Token::sign(huge, key_of(1)).error().code, ErrorCode::kLimitExceeded);
}

// Values nested as deep as DAG-CBOR allows are read, compared and freed.
TEST(Token, TakesDeepValues) {
  Value deep;
  for (int i = 0; i < 1000; ++i) deep = Value(Value::List{deep});
  Delegation body = delegation(2, 1);
  body.policy = Policy::parse(Value(Value::List{Value(Value::List{"==", ".a", deep})})).value();
  const auto token = Token::sign(body, key_of(1));
  ASSERT_TRUE(token.ok()) << token.error().message;
  EXPECT_TRUE(token->delegation()->policy.check(Value(Value::Map{{"a", deep}})).ok());
  Value deeper;
  for (int i = 0; i < 1100; ++i) deeper = Value(Value::List{deeper});
  body.meta = Value::Map{{"a", deeper}};
  EXPECT_FALSE(Token::sign(body, key_of(1)).ok());
}

TEST(Token, VouchesForAModule) {
  SeededRandom random(7);
  const Cid module = Cid::of_sha256(Codec::kRaw, as_bytes("module"));
  const auto statement = vouch_for(module, std::nullopt, key_of(4), random);
  ASSERT_NE(vouched_module(*statement), nullptr);
  EXPECT_EQ(*vouched_module(*statement), module);

  const auto is_one = [](const Invocation& body) {
    return vouched_module(*Token::sign(body, key_of(4))) != nullptr;
  };
  Invocation body = *statement->invocation();
  EXPECT_TRUE(is_one(body));
  body.subject = public_key(5);  // about somebody else
  EXPECT_FALSE(is_one(body));
  body = *statement->invocation();
  body.audience = public_key(5);
  EXPECT_FALSE(is_one(body));
  body = *statement->invocation();
  body.command = "/timerose/function";
  EXPECT_FALSE(is_one(body));
  body = *statement->invocation();
  body.arguments.emplace("only", "at night");
  EXPECT_FALSE(is_one(body));
}

TEST(Token, KnowsWhichCommandsCoverOthers) {
  EXPECT_TRUE(command_covers("/", "/crypto/sign"));
  EXPECT_TRUE(command_covers("/crypto", "/crypto/sign"));
  EXPECT_TRUE(command_covers("/crypto/sign", "/crypto/sign"));
  EXPECT_FALSE(command_covers("/crypto", "/cryptocurrency"));
  EXPECT_FALSE(command_covers("/crypto/sign", "/crypto"));
  EXPECT_FALSE(command_covers("/crypto", "/stack/pop"));
}

}  // namespace
}  // namespace timerose::scheduler::authority
