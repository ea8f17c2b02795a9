#include "node/records/authority_records.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "scheduler/authority/authority_testing.h"

namespace timerose::node {
namespace {

using scheduler::authority::TokenRef;
using scheduler::authority::testing_support::delegation;
using scheduler::authority::testing_support::signed_by;

std::vector<Cid> cids_of(const std::vector<TokenRef>& tokens) {
  std::vector<Cid> out;
  for (const TokenRef& token : tokens) out.push_back(token->cid());
  std::ranges::sort(out);
  return out;
}

class AuthorityRecordsTest : public ::testing::Test {
 protected:
  AuthorityRecordsTest() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  const std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) / "authority_records_test";
  sqlite::Database records_{folder_ / "records.sqlite"};
  const TokenRef first_ = signed_by(1, delegation(2, 1));
  const TokenRef second_ = signed_by(1, delegation(3, 1));
};

TEST_F(AuthorityRecordsTest, KeepTokens) {
  EXPECT_TRUE(load_tokens(records_).value().empty());
  ASSERT_TRUE(keep_tokens(records_, {first_, second_}).ok());
  ASSERT_TRUE(keep_tokens(records_, {first_}).ok());
  EXPECT_EQ(cids_of(load_tokens(records_).value()), cids_of({first_, second_}));
  EXPECT_TRUE(drop_token(records_, first_->cid()).value());
  EXPECT_FALSE(drop_token(records_, first_->cid()).value());
  EXPECT_EQ(cids_of(load_tokens(records_).value()), cids_of({second_}));
}

TEST_F(AuthorityRecordsTest, KeepWhatIsRevoked) {
  ASSERT_TRUE(keep_revoked(records_, first_->cid()).ok());
  ASSERT_TRUE(keep_revoked(records_, first_->cid()).ok());
  EXPECT_EQ(load_revoked(records_).value(), std::vector{first_->cid()});
  const auto revocations = load_revocations(records_);
  EXPECT_TRUE(revocations->has(first_->cid()));
  EXPECT_FALSE(revocations->has(second_->cid()));
}

}  // namespace
}  // namespace timerose::node
