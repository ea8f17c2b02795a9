#include "scheduler/execute/gate.h"

#include <gtest/gtest.h>

#include "scheduler/authority/authority_testing.h"
#include "scheduler/execute/credentials.h"

namespace timerose::scheduler::execute {
namespace {

using authority::TokenRef;
using authority::testing_support::delegation;
using authority::testing_support::kNow;
using authority::testing_support::public_key;
using authority::testing_support::signed_by;
using scheduler::testing::key_of;

constexpr uint32_t kNode = 1;
constexpr uint32_t kFriend = 2;
constexpr uint32_t kBob = 3;
constexpr uint32_t kCarol = 4;
constexpr uint32_t kSigner = 5;

PeerId peer(uint32_t number) { return PeerId::of(public_key(static_cast<uint8_t>(number))); }

Cid cid(std::string_view text) { return Cid::of_sha256(Codec::kRaw, as_bytes(text)); }

std::vector<Bytes> bytes_of(const std::vector<TokenRef>& tokens) {
  std::vector<Bytes> out;
  for (const TokenRef& token : tokens) out.push_back(to_bytes(token->bytes()));
  return out;
}

class GateTest : public ::testing::Test {
 protected:
  GateTest() {
    call_.entry = "_start";
    EXPECT_TRUE(rules_.trust.add(peer(kFriend), Role::kRequester).ok());
  }

  // "trusted", "delegate", "stranger", or why not.
  std::string admit(uint32_t requester, const std::vector<Bytes>& authority = {}) {
    return admit(peer(requester), authority, &call_);
  }
  std::string admit(const PeerId& requester, const std::vector<Bytes>& authority,
                    const compute::Invocation* call) {
    gate_.set(rules_);
    const auto admission = gate_.admit({requester, authority, call, terms_});
    if (const auto* refusal = std::get_if<Refusal>(&admission)) {
      return std::string(refuse_reason_name(refusal->reason)) + ": " + refusal->why;
    }
    constexpr std::array kNames{"trusted", "delegate", "stranger"};
    return kNames.at(static_cast<size_t>(std::get<Standing>(admission)));
  }
  void expect_refused(const std::string& found, std::string_view reason, std::string_view why) {
    EXPECT_TRUE(found.starts_with(reason)) << found;
    EXPECT_NE(found.find(why), std::string::npos) << found;
  }
  TokenRef vouch(const Cid& module, std::optional<uint64_t> expires_s = std::nullopt,
                 uint32_t signer = kSigner) {
    return std::make_shared<const authority::Token>(
        *authority::vouch_for(module, expires_s, key_of(signer), random_));
  }

  SeededRandom random_{7};
  ManualClock clock_{kNow * 1'000'000'000};
  GateRules rules_{TrustList(peer(kNode))};
  Gate gate_{rules_, clock_};
  compute::Invocation call_{cid("module")};
  authority::Terms terms_{.fuel = 500};
};

TEST_F(GateTest, AdmitsOurOwnKeyAndThoseThatAreTrusted) {
  EXPECT_EQ(admit(kNode), "trusted");
  EXPECT_EQ(admit(kFriend), "trusted");
  expect_refused(admit(kBob), "stranger", "timerose trust add --role requester");
}

TEST_F(GateTest, DoesNotLookAtTokensOfTheTrusted) {
  EXPECT_EQ(admit(kFriend, {{1, 2, 3}}), "trusted");
}

TEST_F(GateTest, AdmitsWhomAChainLeadsTo) {
  const auto chain = bytes_of(
      {signed_by(kNode, delegation(kBob, kNode)), signed_by(kBob, delegation(kCarol, kNode))});
  EXPECT_EQ(admit(kCarol, chain), "delegate");
  expect_refused(admit(kBob, chain), "denied", "but used by");
  EXPECT_EQ(admit(kBob, bytes_of({signed_by(kFriend, delegation(kBob, kFriend))})), "delegate");
}

TEST_F(GateTest, StopsExecutingForDelegatesOfWhoIsTrustedNoMore) {
  const auto chain = bytes_of({signed_by(kFriend, delegation(kBob, kFriend))});
  EXPECT_EQ(admit(kBob, chain), "delegate");
  rules_.trust.remove(peer(kFriend), Role::kRequester);
  expect_refused(admit(kBob, chain), "denied", "this node is not");
}

TEST_F(GateTest, SaysWhichDelegationIsMissingWhat) {
  const auto chain =
      bytes_of({signed_by(kNode, delegation(kBob, kNode, R"([["<=",".fuel",100]])"))});
  expect_refused(admit(kBob, chain), "denied", R"(["<=",".fuel",100] does not hold)");
  terms_.fuel = 100;
  EXPECT_EQ(admit(kBob, chain), "delegate");
  clock_.advance_ns(2000 * uint64_t{1'000'000'000});
  expect_refused(admit(kBob, chain), "denied", "it expired");
}

TEST_F(GateTest, HonoursRevocationsOfTokensItHasVerified) {
  const auto token = signed_by(kNode, delegation(kBob, kNode));
  EXPECT_EQ(admit(kBob, bytes_of({token})), "delegate");
  ASSERT_TRUE(rules_.revocations.add(token->cid()).ok());
  expect_refused(admit(kBob, bytes_of({token})), "denied", "is revoked");
}

TEST_F(GateTest, TellsADelegateNoAnswerByItsNameAlone) {
  const auto chain = bytes_of({signed_by(kNode, delegation(kBob, kNode))});
  expect_refused(admit(peer(kBob), chain, nullptr), "denied", "not by a name");
  EXPECT_EQ(admit(peer(kFriend), {}, nullptr), "trusted");
}

TEST_F(GateTest, AdmitsStrangersInOpenMode) {
  rules_.is_open = true;
  EXPECT_EQ(admit(kBob), "stranger");
  EXPECT_EQ(admit(kFriend), "trusted");
  EXPECT_EQ(admit(kBob, bytes_of({signed_by(kNode, delegation(kBob, kNode))})), "delegate");
}

TEST_F(GateTest, VerifiesNoMoreForWhoFailsTooOften) {
  Bytes forged = to_bytes(signed_by(kNode, delegation(kBob, kNode))->bytes());
  forged[10] ^= 1;
  for (uint32_t i = 0; i < Gate::kFailuresMax; ++i) {
    expect_refused(admit(kBob, {forged}), "denied", "is not signed by");
  }
  expect_refused(admit(kBob, {forged}), "denied", "too often");
  // Others are not concerned.
  EXPECT_EQ(admit(kCarol, bytes_of({signed_by(kNode, delegation(kCarol, kNode))})), "delegate");
  clock_.advance_ns(Gate::kFailuresOfNs);
  EXPECT_EQ(admit(kBob, bytes_of({signed_by(kNode, delegation(kBob, kNode))})), "delegate");
}

TEST_F(GateTest, RefusesWhatIsNoToken) {
  expect_refused(admit(kBob, {{1, 2, 3}}), "denied", "tokens: ");
}

TEST_F(GateTest, UsesNothingThatIsDenied) {
  const auto expect_denied = [&](const Cid& denied, auto change) {
    rules_.denied.insert(denied.multihash_bytes());
    change(call_);
    expect_refused(admit(kFriend), "denied", denied.to_string());
    EXPECT_EQ(admit(kNode), "trusted");  // what others may have run is restricted
    call_ = compute::Invocation(cid("module"));
    call_.entry = "_start";
    EXPECT_EQ(admit(kFriend), "trusted");
  };
  expect_denied(cid("bad"), [](auto& call) { call.module = cid("bad"); });
  expect_denied(cid("input"), [](auto& call) { call.inputs = {cid("good"), cid("input")}; });
  expect_denied(cid("mount"), [](auto& call) { call.mounts.emplace("/m", cid("mount")); });
  expect_denied(cid("link"), [](auto& call) { call.links.emplace("l", cid("link")); });
  expect_denied(cid("stdin"), [](auto& call) { call.stdin_file = cid("stdin"); });
}

TEST_F(GateTest, RunsOnlyWhatIsVouchedForIfToldSo) {
  rules_.signers = {public_key(kSigner)};
  expect_refused(admit(kFriend), "denied", "there is no such statement about");
  EXPECT_EQ(admit(kNode), "trusted");
  EXPECT_EQ(admit(kFriend, bytes_of({vouch(cid("module"))})), "trusted");
  rules_.vouchers = {vouch(cid("module"))};
  EXPECT_EQ(admit(kFriend), "trusted");
  // The modules that it imports count too.
  call_.links.emplace("library", cid("library"));
  expect_refused(admit(kFriend), "denied", cid("library").to_string());
  EXPECT_EQ(admit(kFriend, bytes_of({vouch(cid("library"))})), "trusted");
}

TEST_F(GateTest, TakesNoVoucherThatIsWrong) {
  rules_.signers = {public_key(kSigner)};
  const auto refused = [&](const TokenRef& voucher) {
    expect_refused(admit(kFriend, bytes_of({voucher})), "denied", "no such statement");
  };
  refused(vouch(cid("other")));
  refused(vouch(cid("module"), kNow - 1));
  refused(vouch(cid("module"), std::nullopt, kBob));
  const TokenRef revoked = vouch(cid("module"));
  ASSERT_TRUE(rules_.revocations.add(revoked->cid()).ok());
  refused(revoked);
  Bytes forged = to_bytes(vouch(cid("module"))->bytes());
  forged[10] ^= 1;
  refused(std::make_shared<const authority::Token>(*authority::Token::decode(forged)));
}

TEST_F(GateTest, AdmitsADelegateThatBringsAVoucher) {
  rules_.signers = {public_key(kSigner)};
  const auto token = signed_by(kNode, delegation(kBob, kNode));
  expect_refused(admit(kBob, bytes_of({token})), "denied", "no such statement");
  EXPECT_EQ(admit(kBob, bytes_of({token, vouch(cid("module"))})), "delegate");
}

// --- What the other side shows ---

class CredentialsTest : public GateTest {
 protected:
  Offer offer() const {
    Offer offer;
    offer.invocation = call_.encode().value();
    offer.fuel = terms_.fuel;
    return offer;
  }
  std::vector<Bytes> shown(const std::vector<TokenRef>& kept, uint32_t executor = kNode,
                           const std::vector<TokenRef>& brought = {}) const {
    Credentials credentials(public_key(kCarol));
    credentials.set(kept);
    Offer asked = offer();
    asked.authority = bytes_of(brought);
    credentials.add_to(asked, peer(executor), kNow);
    return asked.authority;
  }

  const TokenRef to_bob_ = signed_by(kNode, delegation(kBob, kNode));
  const TokenRef to_carol_ = signed_by(kBob, delegation(kCarol, kNode));
  const TokenRef of_friend_ = signed_by(kFriend, delegation(kCarol, kFriend));
};

TEST_F(CredentialsTest, ShowTheChainThatBeginsWithTheExecutor) {
  EXPECT_EQ(shown({of_friend_, to_carol_, to_bob_}), bytes_of({to_bob_, to_carol_}));
  EXPECT_EQ(shown({of_friend_, to_carol_, to_bob_}, kFriend), bytes_of({of_friend_}));
}

TEST_F(CredentialsTest, ShowAnotherChainIfThereIsNone) {
  EXPECT_EQ(shown({of_friend_}), bytes_of({of_friend_}));
  EXPECT_TRUE(shown({to_carol_}).empty());
  EXPECT_TRUE(shown({}).empty());
}

TEST_F(CredentialsTest, ShowTheChainThatAllowsTheCall) {
  const TokenRef small = signed_by(kNode, delegation(kCarol, kNode, R"([["<=",".fuel",1]])"));
  EXPECT_EQ(shown({small, of_friend_}), bytes_of({of_friend_}));
  EXPECT_EQ(shown({small}), bytes_of({small}));  // the executor says why not
}

TEST_F(CredentialsTest, ShowWhatTheOfferBrings) {
  EXPECT_EQ(shown({}, kNode, {to_carol_, to_bob_}), bytes_of({to_bob_, to_carol_}));
  EXPECT_EQ(shown({to_bob_}, kNode, {to_carol_}), bytes_of({to_bob_, to_carol_}));
}

TEST_F(CredentialsTest, ShowWhatVouchesForTheModule) {
  const TokenRef voucher = vouch(cid("module"));
  EXPECT_EQ(shown({voucher, vouch(cid("other")), to_carol_, to_bob_}),
            bytes_of({to_bob_, to_carol_, voucher}));
}

}  // namespace
}  // namespace timerose::scheduler::execute
