#include "names/name_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "names/names_testing.h"

namespace timerose::names {
namespace {

using ::testing::HasSubstr;
using testing::key_number;
using testing::kHourNs;
using testing::kNoonNs;
using testing::kSecondNs;
using testing::name_of;
using testing::peer_number;
using testing::signed_by;

// What other nodes have, and what they were given.
class FakeNetwork final : public NameNetwork {
 public:
  Found find(const PeerId& name, const FindOptions& options, const CancelFlag*) override {
    ++asked;
    last_timeout_ms = options.timeout_ms;
    if (clock != nullptr) clock->advance_ns(find_takes_ns);
    Found found;
    found.peers_asked = 3;
    const auto held = records.find(name);
    if (held != records.end()) found.newest = held->second;
    return found;
  }
  Delivered deliver(const PeerId& name, const SignedRecord& record, uint64_t,
                    const CancelFlag*) override {
    ++delivered;
    if (!reachable) return {false, false, "no peers"};
    records[name] = record;
    return {true, false, ""};
  }
  std::optional<SignedRecord> known(const PeerId& name) override {
    const auto found = heard.find(name);
    return found == heard.end() ? std::optional<SignedRecord>() : found->second;
  }

  std::map<PeerId, SignedRecord> records;
  std::map<PeerId, SignedRecord> heard;
  bool reachable = true;
  size_t asked = 0;
  size_t delivered = 0;
  uint64_t last_timeout_ms = 0;
  ManualClock* clock = nullptr;
  uint64_t find_takes_ns = 0;
};

class FakeTxt final : public TxtResolver {
 public:
  Result<TxtAnswer> lookup(const std::string& domain) override {
    const auto found = texts.find(domain);
    if (found == texts.end()) return Error{ErrorCode::kNotFound, "no such domain"};
    return TxtAnswer{{found->second}, 60 * kSecondNs};
  }
  std::map<std::string, std::string> texts;
};

class NameServiceTest : public ::testing::Test {
 protected:
  std::string resolve(const std::string& path, const ResolveOptions& options = {}) {
    auto resolved = service_.resolve(*NamePath::parse(path), options);
    return resolved.ok() ? resolved->path.to_string() : resolved.error().message;
  }
  ErrorCode resolve_error(const std::string& path) {
    auto resolved = service_.resolve(*NamePath::parse(path), {});
    EXPECT_FALSE(resolved.ok());
    return resolved.ok() ? ErrorCode::kInternal : resolved.error().code;
  }
  Result<PublishedName> publish(const std::string& path, const PublishOptions& options = {}) {
    return service_.publish(key_, path, options);
  }
  uint64_t republish() {
    const auto next_ns = service_.republish_due(
        [&](const PeerId& name) {
          return name == name_ && has_key_ ? std::optional(key_number(1)) : std::nullopt;
        },
        nullptr);
    EXPECT_TRUE(next_ns.ok());
    return next_ns.ok() ? *next_ns : 0;
  }

  testing_support::TemporaryFolder folder_;
  sqlite::Database database_{folder_.path() / "records.sqlite"};
  RecordStore store_{database_};
  ManualClock clock_{kNoonNs};
  FakeNetwork network_;
  FakeTxt txt_;
  const PrivateKey key_ = key_number(1);
  const PeerId name_ = name_of(key_);
  const std::string name_path_ = "/ipns/" + name_text(name_);
  bool has_key_ = true;
  NameService service_{{clock_, store_, txt_, &network_}};
};

TEST_F(NameServiceTest, ResolvesWhatWasPublished) {
  const auto published = publish("/ipfs/bafkqaaa/dir/");
  ASSERT_TRUE(published.ok()) << published.error().message;
  EXPECT_EQ(published->name, name_);
  EXPECT_EQ(published->record.sequence, 0U);
  EXPECT_EQ(resolve(name_path_ + "/file"), "/ipfs/bafkqaaa/dir/file");
  EXPECT_EQ(network_.records[name_].record.value, "/ipfs/bafkqaaa/dir");
}

TEST_F(NameServiceTest, AsksAgainOnlyAfterTheTtl) {
  network_.records[name_] = signed_by(key_, "/ipfs/bafkqaaa", 1);
  EXPECT_EQ(resolve(name_path_), "/ipfs/bafkqaaa");
  network_.records[name_] = signed_by(key_, "/ipfs/bafkqaaa/b", 2);
  EXPECT_EQ(resolve(name_path_), "/ipfs/bafkqaaa");
  EXPECT_EQ(network_.asked, 1U);
  ResolveOptions asking;
  asking.use_cache = false;
  EXPECT_EQ(resolve(name_path_, asking), "/ipfs/bafkqaaa/b");
  network_.records[name_] = signed_by(key_, "/ipfs/bafkqaaa/c", 3);
  clock_.advance_ns(kTtlNsDefault);
  EXPECT_EQ(resolve(name_path_), "/ipfs/bafkqaaa/c");
  EXPECT_EQ(network_.asked, 3U);
}

TEST_F(NameServiceTest, TakesWhatItHeardWithoutAsking) {
  network_.records[name_] = signed_by(key_, "/ipfs/bafkqaaa", 1);
  EXPECT_EQ(resolve(name_path_), "/ipfs/bafkqaaa");
  network_.heard[name_] = signed_by(key_, "/ipfs/bafkqaaa/b", 2);
  EXPECT_EQ(resolve(name_path_), "/ipfs/bafkqaaa/b");
  EXPECT_EQ(network_.asked, 1U);
}

TEST_F(NameServiceTest, NeverGoesBackToALowerRecordThatIsReplayed) {
  network_.records[name_] = signed_by(key_, "/ipfs/bafkqaaa/b", 2);
  EXPECT_EQ(resolve(name_path_), "/ipfs/bafkqaaa/b");
  network_.records[name_] = signed_by(key_, "/ipfs/bafkqaaa", 1);
  clock_.advance_ns(kHourNs);
  EXPECT_EQ(resolve(name_path_), "/ipfs/bafkqaaa/b");
}

TEST_F(NameServiceTest, KeepsToAValidRecordThatNobodyElseHasAnyMore) {
  network_.records[name_] = signed_by(key_, "/ipfs/bafkqaaa", 1);
  EXPECT_EQ(resolve(name_path_), "/ipfs/bafkqaaa");
  network_.records.clear();
  clock_.advance_ns(kValidityNsDefault - 1);
  EXPECT_EQ(resolve(name_path_), "/ipfs/bafkqaaa");
  clock_.advance_ns(1);
  EXPECT_EQ(resolve_error(name_path_), ErrorCode::kNotFound);
}

TEST_F(NameServiceTest, FollowsNamesToACidOrOneStep) {
  network_.records[name_] = signed_by(key_, "/ipns/example.org/a", 1);
  txt_.texts["_dnslink.example.org"] = "dnslink=/ipns/" + peer_number(2).to_string() + "/b";
  network_.records[peer_number(2)] = signed_by(key_number(2), "/ipfs/bafkqaaa/c", 1);
  const auto resolved = service_.resolve(*NamePath::parse(name_path_ + "/d"), {});
  ASSERT_TRUE(resolved.ok()) << resolved.error().message;
  EXPECT_EQ(resolved->path.to_string(), "/ipfs/bafkqaaa/c/b/a/d");
  EXPECT_EQ(resolved->steps, 3U);
  EXPECT_EQ(resolved->ttl_ns, 60 * kSecondNs);
  ResolveOptions one_step;
  one_step.recursive = false;
  EXPECT_EQ(resolve(name_path_ + "/d", one_step), "/ipns/example.org/a/d");
}

TEST_F(NameServiceTest, LeavesAPathThatBeginsWithACidAlone) {
  const auto resolved = service_.resolve(*NamePath::parse("/ipfs/bafkqaaa/x"), {});
  ASSERT_TRUE(resolved.ok());
  EXPECT_EQ(resolved->path.to_string(), "/ipfs/bafkqaaa/x");
  EXPECT_EQ(resolved->ttl_ns, UINT64_MAX);
  EXPECT_EQ(network_.asked, 0U);
}

TEST_F(NameServiceTest, EndsACircleOfNames) {
  network_.records[name_] = signed_by(key_, "/ipns/" + name_text(peer_number(2)), 1);
  network_.records[peer_number(2)] = signed_by(key_number(2), name_path_, 1);
  EXPECT_EQ(resolve_error(name_path_), ErrorCode::kLimitExceeded);
}

TEST_F(NameServiceTest, FollowsThirtyTwoNames) {
  const auto domain = [](uint32_t i) { return "d" + std::to_string(i) + ".example"; };
  for (uint32_t i = 1; i < kStepsMax; ++i) {
    txt_.texts["_dnslink." + domain(i)] = "dnslink=/ipns/" + domain(i + 1);
  }
  txt_.texts["_dnslink." + domain(kStepsMax)] = "dnslink=/ipfs/bafkqaaa";
  EXPECT_EQ(resolve("/ipns/" + domain(1)), "/ipfs/bafkqaaa");
  txt_.texts["_dnslink.d0.example"] = "dnslink=/ipns/" + domain(1);
  EXPECT_EQ(resolve_error("/ipns/d0.example"), ErrorCode::kLimitExceeded);
}

TEST_F(NameServiceTest, HasOneTimeoutForAllSteps) {
  network_.clock = &clock_;
  network_.find_takes_ns = 10 * kSecondNs;
  network_.records[name_] = signed_by(key_, "/ipns/" + name_text(peer_number(2)), 1);
  network_.records[peer_number(2)] = signed_by(key_number(2), "/ipfs/bafkqaaa", 1);
  EXPECT_EQ(resolve(name_path_), "/ipfs/bafkqaaa");
  EXPECT_EQ(network_.last_timeout_ms, 50'000U);
}

TEST_F(NameServiceTest, SaysWhatToTryWhenThereIsNoRecord) {
  EXPECT_THAT(resolve(name_path_), HasSubstr("3 nodes were asked"));
  EXPECT_THAT(resolve("/ipns/example.org"), HasSubstr("the DNSLink of example.org"));
  network_.records[name_] = signed_by(key_, "/not/a/path", 1);
  EXPECT_EQ(resolve_error(name_path_), ErrorCode::kInvalidArgument);
}

TEST_F(NameServiceTest, WithoutANetworkUsesWhatIsKept) {
  NameService local({clock_, store_, txt_, nullptr});
  const NamePath path = *NamePath::parse(name_path_);
  EXPECT_EQ(local.resolve(path, {}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(local.publish(key_, "/ipfs/bafkqaaa", {}).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(local.publish(key_, "/ipfs/bafkqaaa", {.allow_offline = true}).ok());
  EXPECT_EQ(local.resolve(path, {})->path.to_string(), "/ipfs/bafkqaaa");
  clock_.advance_ns(kHourNs);
  EXPECT_EQ(local.resolve(path, {})->path.to_string(), "/ipfs/bafkqaaa");
  clock_.advance_ns(kValidityNsDefault);
  EXPECT_EQ(local.resolve(path, {}).error().code, ErrorCode::kNotFound);
}

TEST_F(NameServiceTest, CountsOnFromTheRecordOfAnotherNode) {
  network_.records[name_] = signed_by(key_, "/ipfs/bafkqaaa/x", 41);
  EXPECT_EQ(publish("/ipfs/bafkqaaa")->record.sequence, 42U);
  EXPECT_EQ(network_.asked, 1U);
  EXPECT_EQ(publish("/ipfs/bafkqaaa/b")->record.sequence, 43U);
  EXPECT_EQ(network_.asked, 1U);  // its own is kept
  network_.heard[name_] = signed_by(key_, "/ipfs/bafkqaaa/x", 77);
  EXPECT_EQ(publish("/ipfs/bafkqaaa/c")->record.sequence, 78U);
}

TEST_F(NameServiceTest, RefusesValuesThatNoNameCanHave) {
  for (const std::string& path : {std::string("bafkqaaa"), std::string("/ipfs/x"), name_path_,
                                  name_path_ + "/a", std::string("ipfs://bafkqaaa/a%2Fb")}) {
    const auto published = publish(path);
    ASSERT_FALSE(published.ok()) << path;
    EXPECT_EQ(published.error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_FALSE(store_.find(name_)->has_value());
}

TEST_F(NameServiceTest, KeepsARecordThatNobodyTookAndPublishesItAgain) {
  network_.reachable = false;
  const auto published = publish("/ipfs/bafkqaaa");
  ASSERT_FALSE(published.ok());
  EXPECT_THAT(published.error().message, HasSubstr("no peers"));
  EXPECT_TRUE(publish("/ipfs/bafkqaaa", {.allow_offline = true}).ok());
  EXPECT_EQ(republish(), kNoonNs + kRetryNs);
  EXPECT_EQ(network_.delivered, 2U);
  service_.met_peer();
  EXPECT_EQ(republish(), kNoonNs + kRetryWithPeerNs);
  clock_.advance_ns(kRetryWithPeerNs);
  network_.reachable = true;
  EXPECT_EQ(republish(), clock_.monotonic_ns() + kRepublishNs);
  EXPECT_EQ(network_.records[name_].record.value, "/ipfs/bafkqaaa");
}

TEST_F(NameServiceTest, RepublishesAtStartAndEveryFourHoursWithALaterEnd) {
  ASSERT_TRUE(store_.publish(key_, {"/ipfs/bafkqaaa"}, std::nullopt, kNoonNs - kHourNs).ok());
  EXPECT_EQ(republish(), kNoonNs + kRepublishNs);
  EXPECT_EQ(network_.records[name_].record.valid_until_ns, kNoonNs + kValidityNsDefault);
  EXPECT_EQ(network_.records[name_].record.sequence, 0U);
  republish();
  EXPECT_EQ(network_.delivered, 1U);
  clock_.advance_ns(kRepublishNs);
  republish();
  EXPECT_EQ(network_.delivered, 2U);
  EXPECT_EQ(network_.records[name_].record.valid_until_ns,
            kNoonNs + kRepublishNs + kValidityNsDefault);
}

TEST_F(NameServiceTest, PassesOnARecordWhoseKeyIsGoneWhileItIsValid) {
  const auto record = store_.publish(key_, {"/ipfs/bafkqaaa"}, std::nullopt, kNoonNs);
  has_key_ = false;
  republish();
  EXPECT_EQ(network_.records[name_], *record);
  clock_.advance_ns(kValidityNsDefault);
  republish();
  EXPECT_EQ(network_.delivered, 1U);
}

TEST_F(NameServiceTest, DoesNotSignOverANewerRecordOfAnotherNode) {
  ASSERT_TRUE(store_.publish(key_, {"/ipfs/bafkqaaa"}, std::nullopt, kNoonNs).ok());
  const SignedRecord newer = signed_by(key_, "/ipfs/bafkqaaa/x", 5);
  ASSERT_TRUE(store_.saw(name_, newer, kNoonNs).ok());
  republish();
  EXPECT_EQ(network_.records[name_], newer);
}

}  // namespace
}  // namespace timerose::names
