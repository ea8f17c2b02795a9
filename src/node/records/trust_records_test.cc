#include "node/records/trust_records.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace timerose::node {
namespace {

using scheduler::execute::Role;
using scheduler::execute::TrustList;

PeerId peer_number(uint8_t number) {
  return PeerId::of(PrivateKey::from_seed({number}).public_key());
}

TEST(TrustRecords, KeepsWhatWasSavedLast) {
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / "trust_records_test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  {
    sqlite::Database records(folder / "records.sqlite");
    EXPECT_TRUE(load_trust(records, peer_number(1)).value().peers().empty());
    TrustList trust(peer_number(1));
    ASSERT_TRUE(trust.add(peer_number(2), Role::kRequester).ok());
    ASSERT_TRUE(trust.add(peer_number(2), Role::kExecutor).ok());
    ASSERT_TRUE(trust.add(peer_number(3), Role::kVerifier).ok());
    ASSERT_TRUE(save_trust(records, trust).ok());
    ASSERT_TRUE(trust.remove(peer_number(3), Role::kVerifier));
    ASSERT_TRUE(save_trust(records, trust).ok());
  }
  sqlite::Database records(folder / "records.sqlite");
  const TrustList trust = load_trust(records, peer_number(1)).value();
  EXPECT_EQ(trust.peers(), std::vector{peer_number(2)});
  EXPECT_EQ(trust.roles_of(peer_number(2)), (std::vector{Role::kRequester, Role::kExecutor}));
}

}  // namespace
}  // namespace timerose::node
