// The jobs that a node remembers over its own end: the latest that it has placed, each with what
// `timerose jobs` tells of it.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "base/sqlite.h"
#include "node/jobs/job_news.h"

namespace timerose::node {

// A job as it is kept. One that was under way when the node ended comes back as kInterrupted.
struct KeptJob {
  // Of each stream, of a guest that came to no Outcome.
  static constexpr size_t kWrittenBytesMax = 16U << 10;
  static constexpr const char* kInterrupted = "interrupted";

  explicit KeptJob(JobRecord of) : record(std::move(of)) {}

  JobRecord record;
  ErrorCode error_code = ErrorCode::kInternal;  // of record.error
  std::array<Bytes, 2> written;                 // stdout, stderr: their first bytes
  uint64_t revision = 0;                        // greater than of what was kept of it before

  // Tells whoever asks only now: what was written, and the end.
  void tell(JobChannel& watcher) const;
  // The node ends while it is under way.
  void interrupt();
};

// Those that changed last come last. What cannot be read, of another version of this program, is
// left out.
Result<std::vector<KeptJob>> load_jobs(sqlite::Database& records);
// In place of what is kept of these, unless that is newer. Those beyond `jobs_max` that changed
// longest ago are forgotten.
Status save_jobs(sqlite::Database& records, std::span<const KeptJob> jobs, size_t jobs_max);

}  // namespace timerose::node
