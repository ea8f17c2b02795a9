#include "exchange/http_replies.h"

#include <gtest/gtest.h>

#include "exchange/car_testing.h"

namespace timerose::exchange {
namespace {

using car_testing::car_of;
using car_testing::leaf;

TEST(HttpEnd, SaysWhatAGatewayMeans) {
  const auto came = [](uint32_t status, bool whole = true, uint64_t retry_after_s = 0) {
    HttpEnd end;
    end.status = status;
    end.whole = whole;
    end.retry_after_s = retry_after_s;
    return came_of(end);
  };
  for (const uint32_t status : {404, 410, 412, 451, 504}) {
    EXPECT_TRUE(std::holds_alternative<NotThere>(came(status))) << status;
  }
  for (const uint32_t status : {0, 204, 302, 400, 406, 500}) {
    EXPECT_TRUE(std::holds_alternative<Failed>(came(status))) << status;
  }
  EXPECT_EQ(std::get<TooBusy>(came(429, true, 3)).retry_after_ns, 3'000'000'000);
  EXPECT_TRUE(std::holds_alternative<TooBusy>(came(503)));
  // What broke off says nothing of the block.
  EXPECT_TRUE(std::holds_alternative<Failed>(came(404, false)));
}

TEST(DagReply, HoldsTheGatewayBackWhileNobodyLooksAtItsBlocks) {
  const Block block = leaf(std::string(1000, 'x'));
  const auto backlog = std::make_shared<Backlog>();
  std::vector<Block> arrived;
  DagReply reply(
      block.cid(), {}, backlog,
      [&](std::vector<Block> blocks, uint64_t) { arrived = std::move(blocks); },
      [](const DagReply::Ended&) {});
  const std::string car = car_of({block});
  backlog->bytes = Backlog::kBytesMax + 1;
  EXPECT_EQ(reply.take(as_bytes(car)), HttpReply::Taken::kPause);
  EXPECT_TRUE(arrived.empty());
  backlog->bytes = 0;
  EXPECT_EQ(reply.take(as_bytes(car)), HttpReply::Taken::kMore);
  EXPECT_EQ(arrived.size(), 1);
  EXPECT_EQ(backlog->bytes, 1000);
}

}  // namespace
}  // namespace timerose::exchange
