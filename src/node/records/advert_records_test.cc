#include "node/records/advert_records.h"

#include <gtest/gtest.h>

#include "base/testing.h"
#include "scheduler/testing.h"

namespace timerose::node {
namespace {

using scheduler::Advert;
using scheduler::testing::advert_of;

AdvertChange change(const Advert& advert, uint64_t heard_ms) {
  return {advert.peer(), std::make_shared<const Advert>(advert), heard_ms};
}

class AdvertRecords : public testing::Test {
 protected:
  void save(const std::vector<AdvertChange>& changes) {
    ASSERT_TRUE(save_adverts(*records, changes).ok());
  }
  std::vector<KeptAdvert> load() { return load_adverts(*records).value(); }

  testing_support::TemporaryFolder folder;
  std::optional<sqlite::Database> records{folder.path() / "records.sqlite"};
};

TEST_F(AdvertRecords, TheNewestAdvertOfEachNodeIsKeptAsItCame) {
  save({change(advert_of(1, 1), 10), change(advert_of(2, 1), 20)});
  const Advert newer = advert_of(1, 2);
  save({change(newer, 30)});
  records.emplace(folder.path() / "records.sqlite");
  const auto kept = load();
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].node, newer.peer()) << "heard last";
  EXPECT_EQ(kept[0].heard_unix_ms, 30U);
  EXPECT_EQ(kept[0].bytes, newer.encode().value());
  EXPECT_EQ(kept[1].bytes, advert_of(2, 1).encode().value());
}

TEST_F(AdvertRecords, WhoIsForgottenIsKeptNoLonger) {
  save({change(advert_of(1), 10), change(advert_of(2), 20)});
  save({{advert_of(2).peer(), nullptr, 0}});
  const auto kept = load();
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].node, advert_of(1).peer());
}

}  // namespace
}  // namespace timerose::node
