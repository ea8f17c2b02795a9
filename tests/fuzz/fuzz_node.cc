// What a node reads of its own repository and of its owner: jobs that were kept, settings, labels.
// What is read is written so that it is read as the same.
#include "base/check.h"
#include "base/sqlite.h"
#include "node/config.h"
#include "node/own_node.h"
#include "node/records/job_records.h"

namespace timerose::node {
namespace {

constexpr size_t kJobsMax = 10;

// What a row holds, kept as `job`.
void keep(sqlite::Database& records, ByteView job) {
  auto row =
      records.prepare("INSERT OR REPLACE INTO jobs(id, revision, job) VALUES ('one', 1, ?1)");
  CHECK(row.ok());
  CHECK(row->bind(1, job).run().ok());
}

void check_job(ByteView bytes) {
  sqlite::Database records{":memory:"};
  CHECK(load_jobs(records)->empty());
  keep(records, bytes);
  const auto jobs = load_jobs(records);
  CHECK(jobs.ok());
  if (jobs->empty()) return;
  CHECK(records.execute("DELETE FROM jobs").ok());
  CHECK(save_jobs(records, *jobs, kJobsMax).ok());
  const auto again = load_jobs(records);
  CHECK(again.ok() && again->size() == 1);
  CHECK(again->front().record.id == jobs->front().record.id);
  CHECK(again->front().record.steps.size() == jobs->front().record.steps.size());
  CHECK(again->front().written == jobs->front().written);
}

void check_config(std::string_view text) {
  const auto config = Config::parse(text);
  if (!config.ok()) return;
  CHECK(Config::parse(config->format()).value() == *config);
  CHECK(Config::parse(config->format_all()).value() == *config);
}

}  // namespace
}  // namespace timerose::node

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace timerose::node;
  const timerose::ByteView bytes(data, size);
  check_job(bytes);
  check_config(timerose::as_text(bytes));
  (void)parse_labels(timerose::as_text(bytes));
  (void)parse_operator(timerose::as_text(bytes));
  return 0;
}
