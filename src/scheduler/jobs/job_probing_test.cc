// A Job that asks nodes what they lack before it offers them the call.
#include <gmock/gmock.h>

#include "scheduler/jobs/job.h"
#include "scheduler/jobs/job_testing.h"

namespace timerose::scheduler::jobs {
namespace {

using ::testing::MatchesRegex;
using ::testing::StartsWith;
using testing_jobs::JobTest;

TEST_F(JobTest, WhenBytesMatterTheCheapestAreAskedWhatTheyLack) {
  mesh_of(4);
  input(2, 100 * kMegabyte);
  EXPECT_THAT(start(), StartsWith("probe 2, probe "));
  EXPECT_EQ(step(Estimated{id(1), 0, 0, true, false}), "withdraw #2, withdraw #3, offer 2")
      << "nobody can be cheaper than one that lacks nothing";
  EXPECT_EQ(answer(4, 2), "answered by #4");
}

TEST_F(JobTest, WhoHasLostTheDataIsNotTheCheapestAnyMore) {
  mesh_of(3);
  input(2, 100 * kMegabyte);
  holders_.add(call_.inputs[0].content, NodeRef(1, 0));
  EXPECT_EQ(start(), "probe 1, probe 2, probe 0");
  EXPECT_EQ(step(Estimated{id(1), 100 * kMegabyte, 0, false, false}), "");
  EXPECT_EQ(step(Estimated{id(2), 0, 0, false, false}), "withdraw #3, offer 2");
}

TEST_F(JobTest, WhoMayHaveTheFunctionWithoutOurKnowledgeIsWaitedFor) {
  mesh_of(7);
  call_.function_bytes = kMegabyte / 4;
  call_.function_mark = WarmSet::mark_of(testing_jobs::cid_of("another one"));
  input(5, 100 * kMegabyte);
  holders_.add(call_.inputs[0].content, NodeRef(6, 0));
  EXPECT_THAT(start(), StartsWith("probe 5, probe 6, probe "));
  EXPECT_EQ(step(Estimated{id(1), kMegabyte / 4, 0, false, false}), "");
  EXPECT_EQ(step(Estimated{id(2), 0, 0, true, false}), "withdraw #3, offer 6");
  EXPECT_TRUE(nodes_.is_warm(NodeRef(6, 0), call_.function_mark, {}));
  EXPECT_FALSE(nodes_.is_warm(NodeRef(5, 0), call_.function_mark, {}));
}

TEST_F(JobTest, WhoMayHaveTheFunctionIsAskedRatherThanWhoLacksTheData) {
  mesh_of(9);
  call_.function_bytes = kMegabyte;
  input(7, 2 * kMegabyte);
  holders_.add(call_.inputs[0].content, NodeRef(8, 0));
  EXPECT_THAT(start(), StartsWith("probe 7, probe 8, probe "))
      << "four have the function, and would be cheaper if those did not";
}

TEST_F(JobTest, TheCheapestThatIsKnownIsAskedToo) {
  mesh_of(9);
  call_.function_bytes = kMegabyte;
  input(5, 2 * kMegabyte);
  for (const uint32_t node : {6U, 7U, 8U}) {
    holders_.add(call_.inputs[0].content, NodeRef(node, 0));
  }
  EXPECT_THAT(start(), MatchesRegex("probe 5, probe 6, probe 7, probe [0-3]"));
}

TEST_F(JobTest, WhoIsSaidToBeBusyMayBeFreeByNow) {
  mesh_of(4);
  Advert busy = advert(2);
  busy.use.wait_ms = 500;
  join(2, busy);
  input(1, 100 * kMegabyte);
  holders_.add(call_.inputs[0].content, NodeRef(2, 0));
  EXPECT_EQ(start(), "probe 1, probe 2, probe 0");
  EXPECT_EQ(step(Estimated{id(1), 0, 300, true, false}), "");
  EXPECT_EQ(step(Estimated{id(2), 0, 0, true, false}), "withdraw #3, offer 2");
}

TEST_F(JobTest, ProbesAreNotWaitedForLong) {
  mesh_of(3);
  input(2, 100 * kMegabyte);
  EXPECT_EQ(start(), "probe 2, probe 0, probe 1");
  EXPECT_EQ(pass(Job::kProbeWithin_ms), "withdraw #1, withdraw #2, withdraw #3, offer 2");
}

}  // namespace
}  // namespace timerose::scheduler::jobs
