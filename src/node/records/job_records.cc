#include "node/records/job_records.h"

#include <algorithm>

#include "compute/fields.h"
#include "ipld/dag_cbor.h"

namespace timerose::node {
namespace {

using compute::Fields;
using scheduler::jobs::How;
namespace execute = scheduler::execute;

constexpr std::string_view kObject = "kept job";

Status prepare_jobs(sqlite::Database& records) {
  return records.execute(
      "CREATE TABLE IF NOT EXISTS jobs(id TEXT PRIMARY KEY, revision INTEGER NOT NULL,"
      " job BLOB NOT NULL);"
      "CREATE INDEX IF NOT EXISTS jobs_by_revision ON jobs(revision)");
}

// --- Writing. Texts are bytes: what a guest or a peer said need not be UTF-8. ---

Value bytes_of(std::string_view text) { return to_bytes(as_bytes(text)); }

Value::List steps_of(const JobRecord& record) {
  Value::List steps;
  for (const JobStep& step : record.steps) {
    steps.emplace_back(Value::Map{{"peer", to_bytes(step.peer.bytes())},
                                  {"state", step.state},
                                  {"why", bytes_of(step.why)},
                                  {"after", step.after_ms}});
  }
  return steps;
}

Result<Value> answer_of(const compute::Answer& answer) {
  Value::Map map{{"cached", answer.cached}, {"fuel", answer.metering.fuel_used}};
  if (answer.outcome) {
    TR_ASSIGN(Bytes outcome, answer.outcome->encode());
    map.emplace("outcome", std::move(outcome));
  }
  if (answer.receipt) map.emplace("receipt", *answer.receipt);
  if (answer.stopped) {
    map.emplace("stopped", uint64_t{static_cast<uint8_t>(answer.stopped->reason)});
    map.emplace("why", bytes_of(answer.stopped->message));
  }
  return Value(std::move(map));
}

Result<Bytes> encode(const KeptJob& job) {
  const JobRecord& record = job.record;
  Value::Map map{{"id", record.id},
                 {"state", record.state},
                 {"ended", record.ended},
                 {"started", record.started_unix_ms},
                 {"took", record.took_ms},
                 {"function", record.function},
                 {"invocation", record.invocation},
                 {"steps", steps_of(record)},
                 {"error", bytes_of(record.error)},
                 {"code", uint64_t{static_cast<uint8_t>(job.error_code)}},
                 {"stdout", job.written[0]},
                 {"stderr", job.written[1]}};
  if (!record.note.empty()) map.emplace("note", bytes_of(record.note));
  if (record.executor) map.emplace("executor", to_bytes(record.executor->bytes()));
  if (record.answer) {
    TR_ASSIGN(Value answer, answer_of(*record.answer));
    map.emplace("answer", std::move(answer));
  }
  return dag_cbor::encode(map);
}

// --- Reading ---

Result<std::string> text_of(Fields& fields, std::string_view name) {
  TR_ASSIGN(const Bytes bytes, fields.bytes(name));
  return std::string(as_text(bytes));
}

Result<bool> flag_of(Fields& fields, std::string_view name) {
  TR_ASSIGN(const Value* value, fields.required(name));
  if (value->as_bool() != nullptr) return *value->as_bool();
  return Error{ErrorCode::kMalformed, "a flag was expected"};
}

Result<JobStep> read_step(const Value& value) {
  TR_ASSIGN(Fields fields, Fields::of(value, kObject));
  TR_ASSIGN(const Bytes peer, fields.bytes("peer"));
  JobStep step;
  TR_ASSIGN(step.peer, PeerId::decode(peer));
  TR_ASSIGN(step.state, fields.text("state"));
  TR_ASSIGN(step.why, text_of(fields, "why"));
  TR_ASSIGN(step.after_ms, fields.integer("after"));
  return step;
}

Result<compute::Answer> read_answer(const Value& value, const Cid& invocation) {
  TR_ASSIGN(Fields fields, Fields::of(value, kObject));
  compute::Answer answer(invocation);
  TR_ASSIGN(answer.cached, flag_of(fields, "cached"));
  TR_ASSIGN(answer.metering.fuel_used, fields.integer("fuel"));
  TR_ASSIGN(answer.receipt, fields.optional_link("receipt"));
  if (fields.optional("outcome") != nullptr) {
    TR_ASSIGN(const Bytes bytes, fields.bytes("outcome"));
    TR_ASSIGN(answer.outcome, compute::Outcome::decode(bytes));
    answer.outcome_cid = Cid::of_sha256(Codec::kDagCbor, bytes);
  }
  if (fields.optional("stopped") != nullptr) {
    TR_ASSIGN(const uint64_t reason, fields.integer("stopped"));
    const auto last = static_cast<uint64_t>(wasm::StopReason::kInternal);
    answer.stopped.emplace();
    answer.stopped->reason = static_cast<wasm::StopReason>(std::min(reason, last));
    TR_ASSIGN(answer.stopped->message, text_of(fields, "why"));
  }
  return answer;
}

Result<KeptJob> decode(ByteView bytes) {
  TR_ASSIGN(const Value value, dag_cbor::decode(bytes));
  TR_ASSIGN(Fields fields, Fields::of(value, kObject));
  TR_ASSIGN(const Cid invocation, fields.link("invocation"));
  TR_ASSIGN(const Cid function, fields.link("function"));
  KeptJob job(JobRecord{{}, invocation, function, {}, 0, 0, false, {}, {}, {}, {}, {}});
  JobRecord& record = job.record;
  TR_ASSIGN(record.id, fields.text("id"));
  TR_ASSIGN(record.state, fields.text("state"));
  TR_ASSIGN(record.ended, flag_of(fields, "ended"));
  TR_ASSIGN(record.started_unix_ms, fields.integer("started"));
  TR_ASSIGN(record.took_ms, fields.integer("took"));
  TR_ASSIGN(record.error, text_of(fields, "error"));
  TR_ASSIGN(const uint64_t code, fields.integer("code"));
  job.error_code =
      static_cast<ErrorCode>(std::min(code, static_cast<uint64_t>(ErrorCode::kInternal)));
  TR_ASSIGN(job.written[0], fields.bytes("stdout"));
  TR_ASSIGN(job.written[1], fields.bytes("stderr"));
  if (fields.optional("note") != nullptr) {
    TR_ASSIGN(record.note, text_of(fields, "note"));
  }
  if (fields.optional("executor") != nullptr) {
    TR_ASSIGN(const Bytes executor, fields.bytes("executor"));
    TR_ASSIGN(record.executor, PeerId::decode(executor));
  }
  if (const Value* answer = fields.optional("answer"); answer != nullptr) {
    TR_ASSIGN(record.answer, read_answer(*answer, invocation));
  }
  TR_ASSIGN(const Value* steps, fields.required("steps"));
  if (steps->as_list() == nullptr) return Error{ErrorCode::kMalformed, "steps were expected"};
  for (const Value& one : *steps->as_list()) {
    TR_ASSIGN(JobStep step, read_step(one));
    record.steps.push_back(std::move(step));
  }
  return job;
}

}  // namespace

void KeptJob::tell(JobChannel& watcher) const {
  for (const size_t stream : {size_t{0}, size_t{1}}) {
    if (written[stream].empty()) continue;
    const auto named = stream == 0 ? execute::Written::kStdout : execute::Written::kStderr;
    watcher.push(execute::Log{0, named, 0, written[stream]});
  }
  const auto end = std::make_shared<JobEnd>();
  if (record.answer) end->how = record.answer->outcome ? How::kAnswered : How::kStopped;
  end->answer = record.answer;
  end->error = {error_code, record.error};
  end->executor = record.executor;
  watcher.push(std::shared_ptr<const JobEnd>(end));
  watcher.end();
}

void KeptJob::interrupt() {
  record.state = kInterrupted;
  record.ended = true;
  error_code = ErrorCode::kCancelled;
  record.error =
      "the node ended while this job was under way, and it was not gone on with; run the call "
      "again (what has been answered meanwhile is not computed again)";
}

Result<std::vector<KeptJob>> load_jobs(sqlite::Database& records) {
  TR_TRY(prepare_jobs(records));
  std::vector<KeptJob> jobs;
  TR_ASSIGN(auto rows, records.prepare("SELECT job, revision FROM jobs ORDER BY revision"));
  while (true) {
    TR_ASSIGN(const bool more, rows.step());
    if (!more) return jobs;
    auto job = decode(rows.blob(0));
    if (!job.ok()) continue;
    job->revision = static_cast<uint64_t>(rows.number(1));
    if (!job->record.ended) job->interrupt();
    jobs.push_back(*std::move(job));
  }
}

Status save_jobs(sqlite::Database& records, std::span<const KeptJob> jobs, size_t jobs_max) {
  TR_TRY(prepare_jobs(records));
  TR_ASSIGN(auto transaction, records.begin());
  {
    TR_ASSIGN(auto keep,
              records.prepare("INSERT INTO jobs(id, revision, job) VALUES (?1, ?2, ?3)"
                              " ON CONFLICT(id) DO UPDATE SET revision = excluded.revision,"
                              " job = excluded.job WHERE excluded.revision > jobs.revision"));
    for (const KeptJob& job : jobs) {
      TR_ASSIGN(const Bytes bytes, encode(job));
      keep.bind(1, job.record.id)
          .bind(2, static_cast<int64_t>(job.revision))
          .bind(3, ByteView(bytes));
      TR_TRY(keep.run());
      keep.reset();
    }
    TR_ASSIGN(auto forget,
              records.prepare("DELETE FROM jobs WHERE revision < (SELECT revision FROM jobs"
                              " ORDER BY revision DESC LIMIT 1 OFFSET ?1)"));
    TR_TRY(forget.bind(1, static_cast<int64_t>(std::max<size_t>(jobs_max, 1) - 1)).run());
  }
  return transaction.commit();
}

}  // namespace timerose::node
