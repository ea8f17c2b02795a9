#include "node/records/trust_records.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "multiformats/peer_testing.h"

namespace timerose::node {
namespace {

using scheduler::execute::Role;
using scheduler::execute::TrustList;

TEST(TrustRecords, KeepsWhatWasSavedLast) {
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / "trust_records_test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  {
    sqlite::Database records(folder / "records.sqlite");
    EXPECT_TRUE(load_trust(records, numbered_peer(1)).value().peers().empty());
    TrustList trust(numbered_peer(1));
    ASSERT_TRUE(trust.add(numbered_peer(2), Role::kRequester).ok());
    ASSERT_TRUE(trust.add(numbered_peer(2), Role::kExecutor).ok());
    ASSERT_TRUE(trust.add(numbered_peer(3), Role::kVerifier).ok());
    ASSERT_TRUE(save_trust(records, trust).ok());
    ASSERT_TRUE(trust.remove(numbered_peer(3), Role::kVerifier));
    ASSERT_TRUE(save_trust(records, trust).ok());
  }
  sqlite::Database records(folder / "records.sqlite");
  const TrustList trust = load_trust(records, numbered_peer(1)).value();
  EXPECT_EQ(trust.peers(), std::vector{numbered_peer(2)});
  EXPECT_EQ(trust.roles_of(numbered_peer(2)), (std::vector{Role::kRequester, Role::kExecutor}));
}

}  // namespace
}  // namespace timerose::node
