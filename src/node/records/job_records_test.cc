#include "node/records/job_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "blockstore/store_testing.h"
#include "multiformats/peer_testing.h"

namespace timerose::node {
namespace {

using scheduler::jobs::How;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Cid cid_of(std::string_view text) { return Cid::of_sha256(Codec::kDagCbor, as_bytes(text)); }
KeptJob job(std::string id, bool ended = true, uint64_t revision = 1) {
  JobRecord record{.id = std::move(id),
                   .invocation = cid_of("invocation"),
                   .function = cid_of("function"),
                   .state = ended ? "done" : "running",
                   .started_unix_ms = 5000,
                   .took_ms = 70,
                   .ended = ended,
                   .steps = {{numbered_peer(1), "declined", "not UTF-8: \xff", 3},
                             {numbered_peer(2), "taken", "", 9}},
                   .executor = numbered_peer(2),
                   .error = {},
                   .note = "2 of 3 copies run",
                   .answer = {}};
  KeptJob kept(std::move(record));
  kept.revision = revision;
  return kept;
}

compute::Answer kept_answer() {
  compute::Answer kept_answer(cid_of("invocation"));
  kept_answer.outcome = compute::Outcome{uint32_t{3}, cid_of("output"), {}, {}};
  kept_answer.outcome_cid = Cid::of_sha256(Codec::kDagCbor, kept_answer.outcome->encode().value());
  kept_answer.receipt = cid_of("receipt");
  kept_answer.metering.fuel_used = 17;
  return kept_answer;
}

class JobRecordsTest : public ::testing::Test {
 protected:
  void save(const std::vector<KeptJob>& jobs, size_t jobs_max = 10) {
    const Status saved = save_jobs(records_, jobs, jobs_max);
    ASSERT_TRUE(saved.ok()) << saved.error().message;
  }
  std::vector<KeptJob> load() {
    auto jobs = load_jobs(records_);
    EXPECT_TRUE(jobs.ok());
    return jobs.ok() ? *std::move(jobs) : std::vector<KeptJob>();
  }
  std::vector<std::string> ids() {
    std::vector<std::string> ids;
    for (const KeptJob& one : load()) ids.push_back(one.record.id);
    return ids;
  }
  // What someone is told who asks for its end.
  static std::shared_ptr<const JobEnd> end_of(const KeptJob& job, std::string* written = nullptr) {
    JobChannel channel(Ask{.timeout_ms = 0});
    job.tell(channel);
    while (true) {
      const JobNews news = channel.only().value();
      if (const auto* log = std::get_if<scheduler::execute::Log>(&news)) {
        if (written != nullptr) *written += as_text(log->bytes);
      } else {
        return std::get<std::shared_ptr<const JobEnd>>(news);
      }
    }
  }

  testing_support::TemporaryFolder folder_;
  sqlite::Database records_{folder_.path() / "records.sqlite"};
};

TEST_F(JobRecordsTest, AJobThatWasAnsweredIsToldAsBefore) {
  KeptJob before = job("aaaa");
  before.record.answer = kept_answer();
  save({before});
  const auto jobs = load();
  ASSERT_EQ(jobs.size(), 1U);
  const JobRecord& record = jobs[0].record;
  EXPECT_EQ(record.id, "aaaa");
  EXPECT_EQ(record.state, "done");
  EXPECT_EQ(record.function, cid_of("function"));
  EXPECT_EQ(record.invocation, cid_of("invocation"));
  EXPECT_EQ(record.started_unix_ms, 5000U);
  EXPECT_EQ(record.took_ms, 70U);
  EXPECT_EQ(record.executor, numbered_peer(2));
  EXPECT_EQ(record.note, "2 of 3 copies run");
  ASSERT_EQ(record.steps.size(), 2U);
  EXPECT_EQ(record.steps[0].peer, numbered_peer(1));
  EXPECT_EQ(record.steps[0].why, "not UTF-8: \xff");
  EXPECT_EQ(record.steps[1].state, "taken");
  EXPECT_EQ(record.steps[1].after_ms, 9U);
  ASSERT_TRUE(record.answer && record.answer->outcome);
  EXPECT_EQ(*record.answer->outcome, *kept_answer().outcome);
  EXPECT_EQ(record.answer->outcome_cid, kept_answer().outcome_cid);
  EXPECT_EQ(record.answer->receipt, kept_answer().receipt);
  EXPECT_EQ(record.answer->metering.fuel_used, 17U);
  EXPECT_EQ(end_of(jobs[0])->how, How::kAnswered);
}

TEST_F(JobRecordsTest, AJobThatFailedKeepsWhyAndWhatItWrote) {
  KeptJob failed = job("aaaa");
  failed.record.state = "failed";
  failed.record.error = "no node takes it";
  failed.error_code = ErrorCode::kNotFound;
  failed.written = {to_bytes(as_bytes("half a line")), {}};
  save({failed});
  std::string written;
  const auto end = end_of(load().at(0), &written);
  EXPECT_EQ(end->how, How::kFailed);
  EXPECT_EQ(end->error.code, ErrorCode::kNotFound);
  EXPECT_EQ(end->error.message, "no node takes it");
  EXPECT_EQ(written, "half a line");
}

TEST_F(JobRecordsTest, AJobThatWasStoppedSaysByWhat) {
  KeptJob stopped = job("aaaa");
  stopped.record.answer.emplace(cid_of("invocation"));
  stopped.record.answer->stopped = wasm::Stopped{wasm::StopReason::kFuel, "too much work"};
  save({stopped});
  const auto end = end_of(load().at(0));
  EXPECT_EQ(end->how, How::kStopped);
  ASSERT_TRUE(end->answer && end->answer->stopped);
  EXPECT_EQ(end->answer->stopped->reason, wasm::StopReason::kFuel);
  EXPECT_EQ(end->answer->stopped->message, "too much work");
}

TEST_F(JobRecordsTest, AJobThatWasUnderWayWasInterrupted) {
  save({job("aaaa", false)});
  const KeptJob found = load().at(0);
  EXPECT_EQ(found.record.state, KeptJob::kInterrupted);
  EXPECT_TRUE(found.record.ended);
  EXPECT_THAT(found.record.error, HasSubstr("run the call again"));
  EXPECT_EQ(end_of(found)->how, How::kFailed);
}

TEST_F(JobRecordsTest, WhatIsWrittenLateDoesNotUndoWhatIsNewer) {
  KeptJob ended = job("aaaa");
  ended.revision = 2;
  save({ended});
  save({job("aaaa", false)});
  EXPECT_EQ(load().at(0).record.state, "done");
}

TEST_F(JobRecordsTest, TheLatestAreKept) {
  save({job("aaaa", true, 1), job("bbbb", true, 3), job("cccc", true, 2)}, 2);
  EXPECT_THAT(ids(), ElementsAre("cccc", "bbbb"));
  save({job("dddd", true, 4)}, 2);
  EXPECT_THAT(ids(), ElementsAre("bbbb", "dddd"));
}

TEST_F(JobRecordsTest, WhatAnotherVersionWroteIsPassedOver) {
  save({job("aaaa"), job("bbbb")});
  ASSERT_TRUE(records_.execute("UPDATE jobs SET job = x'a0' WHERE id = 'aaaa'").ok());
  EXPECT_THAT(ids(), ElementsAre("bbbb"));
}

}  // namespace
}  // namespace timerose::node
