#include "node/records/call_history.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "base/testing.h"
#include "multiformats/peer_testing.h"

namespace timerose::node {
namespace {

using Json = nlohmann::json;
namespace execute = scheduler::execute;

class CallHistoryTest : public ::testing::Test {
 protected:
  CallHistoryTest() : history_(open()) {}

  std::unique_ptr<CallHistory> open() {
    auto opened = CallHistory::open(path(), clock_, numbered_peer(1));
    EXPECT_TRUE(opened.ok());
    return std::move(opened).value();
  }
  [[nodiscard]] std::filesystem::path path() const { return folder_.path() / "history"; }
  [[nodiscard]] std::vector<Json> lines() const {
    const Bytes bytes = read_file(path(), 1U << 20).value();
    std::istringstream text(std::string(bytes.begin(), bytes.end()));
    std::vector<Json> found;
    for (std::string line; std::getline(text, line);) found.push_back(Json::parse(line));
    return found;
  }

  static execute::Offer make_offer() {
    execute::Offer offer;
    offer.call = 7;
    offer.invocation = {1, 2, 3};
    return offer;
  }

  const execute::Offer offer_ = make_offer();
  const std::string name_ = Cid::of_sha256(Codec::kDagCbor, offer_.invocation).to_string();
  ManualClock clock_{42};
  testing_support::TemporaryFolder folder_;
  std::unique_ptr<CallHistory> history_;
};

TEST_F(CallHistoryTest, TellsOfACallThatIsAskedOfAnother) {
  history_->saw(execute::RequesterEvent(execute::Ask{numbered_peer(2), offer_}));
  history_->saw(execute::RequesterAction(execute::Told{7, execute::Accept{7, 5000, 0}}));
  history_->saw(execute::RequesterAction(execute::Told{7, execute::Finish()}));
  const auto told = lines();
  ASSERT_EQ(told.size(), 3U);
  EXPECT_EQ(told[0],
            Json({{"at", 42}, {"what", "started"}, {"peer", numbered_peer(1).to_string()}}));
  EXPECT_EQ(told[1], Json({{"at", 42},
                           {"what", "asked"},
                           {"call", 7},
                           {"peer", numbered_peer(2).to_string()},
                           {"invocation", name_}}));
  EXPECT_EQ(told[2], Json({{"at", 42}, {"what", "told"}, {"call", 7}, {"how", "result"}}));
}

TEST_F(CallHistoryTest, TellsOfACallOfAnotherFromOfferToAnswer) {
  const mesh::StreamId link{3};
  const execute::ExecutionId execution{9};
  const auto job =
      std::make_shared<execute::Job>(Cid::of_sha256(Codec::kDagCbor, offer_.invocation),
                                     compute::Invocation(Cid::of_sha256(Codec::kRaw, Bytes{1})));
  history_->saw(execute::ExecutorEvent(execute::LinkOpened{link, numbered_peer(2)}));
  history_->saw(execute::ExecutorEvent(execute::Received{link, offer_}));
  history_->saw(execute::ExecutorAction(execute::Launch{execution, job}));
  const execute::Failure failure{7, execute::FailureKind::kFuel, "all \"used\" up"};
  history_->saw(execute::ExecutorEvent(execute::ExecutionEnded{execution, failure}));
  history_->saw(execute::ExecutorAction(execute::SendTo{link, failure}));
  history_->saw(execute::ExecutorAction(execute::SendTo{link, execute::Heartbeat{}}));
  const auto told = lines();
  ASSERT_EQ(told.size(), 5U);
  EXPECT_EQ(told[1]["what"], "offered");
  EXPECT_EQ(told[1]["invocation"], name_);
  EXPECT_EQ(told[2],
            Json({{"at", 42}, {"what", "began"}, {"execution", 9}, {"invocation", name_}}));
  EXPECT_EQ(told[3]["how"], "failure fuel");
  EXPECT_EQ(told[4], Json({{"at", 42},
                           {"what", "answered"},
                           {"call", 7},
                           {"peer", numbered_peer(2).to_string()},
                           {"how", "failure fuel"}}));
}

TEST_F(CallHistoryTest, GoesOnInTheFileOfTheNodeBefore) {
  history_ = open();
  EXPECT_EQ(lines().size(), 2U);
}

TEST_F(CallHistoryTest, SaysWhyItsFileCannotBeOpened) {
  const auto opened = CallHistory::open(folder_.path() / "none" / "here", clock_, numbered_peer(1));
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message.find("none/here"), std::string::npos);
}

}  // namespace
}  // namespace timerose::node
