#include "node/network/connection_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "crypto/key.h"

namespace timerose::node {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ConnectionLogTest : public testing::Test {
 protected:
  static PeerId some_peer() {
    SeededRandom random(1);
    return PeerId::of(PrivateKey::generate(random).public_key());
  }

  const PeerId peer_ = some_peer();
  std::vector<std::string> lines_;
  ConnectionLog log_{[this](const std::string& line) { lines_.push_back(line); }};
};

TEST_F(ConnectionLogTest, SaysWhoAndWhy) {
  log_.ending(1, peer_, "too many peers");
  log_.ended(2, peer_, "closed by this node");
  EXPECT_THAT(lines_, ElementsAre("leaving " + peer_.to_string() + ": too many peers",
                                  "a connection with " + peer_.to_string() +
                                      " ended: closed by this node"));
}

TEST_F(ConnectionLogTest, LeavesOutWhatIsTooMuchAndSaysSo) {
  for (uint32_t i = 0; i < ConnectionLog::kLinesMax + 5; ++i) log_.ended(1, peer_, "cut off");
  EXPECT_EQ(lines_.size(), ConnectionLog::kLinesMax);
  lines_.clear();
  log_.ended(ConnectionLog::kPeriodNs, peer_, "still left out");
  EXPECT_TRUE(lines_.empty());
  log_.ended(ConnectionLog::kPeriodNs + 2, peer_, "cut off again");
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("6 more lines"), HasSubstr("cut off again")));
}

}  // namespace
}  // namespace timerose::node
