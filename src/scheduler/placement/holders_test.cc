#include "scheduler/placement/holders.h"

#include <gtest/gtest.h>

namespace timerose::scheduler {
namespace {

TEST(Holders, RemembersTheLatestFew) {
  Holders holders(1, 64);
  const ContentKey object{1, 2};
  EXPECT_TRUE(holders.of(object).empty());
  for (uint32_t slot = 0; slot < 20; ++slot) holders.add(object, NodeRef(slot, 0));
  holders.add(object, NodeRef(19, 0));
  EXPECT_EQ(holders.of(object).size(), Holders::kHoldersMax);
  for (uint32_t slot = 0; slot < 20; ++slot) holders.remove(object, NodeRef(slot, 0));
  EXPECT_TRUE(holders.of(object).empty());
}

}  // namespace
}  // namespace timerose::scheduler
