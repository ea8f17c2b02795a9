#include "sim/jobs/books.h"

#include <fmt/format.h>

namespace timerose::sim::jobs {

JobNumber Books::begin(NodeNumber asker, uint64_t deadline_ms) {
  const auto number = static_cast<uint32_t>(records_.size());
  records_.push_back({.asker = asker, .begun_ns = events_.now_ns()});
  ++totals.asked;
  ++under_way_;
  chronicle_.note(asker, "asks", number);
  events_.after(deadline_ms * kMillisecond + kSlackNs, [this, number] {
    const Record& record = records_[number];
    if (record.ended || record.abandoned) return;
    chronicle_.fail(
        fmt::format("call {} of node {} has no end after its deadline", number, record.asker));
  });
  return JobNumber{number};
}

void Books::end(JobNumber job, Fate fate) {
  Record& record = records_[static_cast<uint32_t>(job)];
  const auto number = static_cast<uint32_t>(job);
  if (record.ended || record.abandoned) {
    return chronicle_.fail(fmt::format("call {} of node {} ended twice", number, record.asker));
  }
  record.ended = true;
  --under_way_;
  chronicle_.note(record.asker, "ends", uint64_t{number} << 8 | static_cast<uint64_t>(fate));
  switch (fate) {
    case Fate::kAnswered:
      ++totals.answered;
      latencies_.push_back(
          {static_cast<uint32_t>(events_.now_ns() / kMillisecond),
           static_cast<uint32_t>((events_.now_ns() - record.begun_ns) / kMillisecond)});
      if (!seconds.empty()) ++seconds.back().answered;
      return;
    case Fate::kStopped:
      ++totals.stopped;
      break;
    case Fate::kFailed:
      ++totals.failed;
      break;
    case Fate::kCancelled:
      ++totals.cancelled;
      return;
  }
  if (!seconds.empty()) ++seconds.back().failed;
}

void Books::abandon(JobNumber job) {
  Record& record = records_[static_cast<uint32_t>(job)];
  if (record.ended) return;
  record.abandoned = true;
  --under_way_;
  ++totals.abandoned;
}

void Books::check_all_ended() {
  for (size_t i = 0; i < records_.size(); ++i) {
    if (records_[i].ended || records_[i].abandoned) continue;
    return chronicle_.fail(fmt::format("call {} of node {} was lost", i, records_[i].asker));
  }
}

}  // namespace timerose::sim::jobs
