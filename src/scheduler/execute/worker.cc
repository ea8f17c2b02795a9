#include "scheduler/execute/worker.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include "scheduler/execute/answer.h"
#include "scheduler/execute/lacking.h"

namespace timerose::scheduler::execute {

Worker::Worker(Parts parts)
    : parts_(std::move(parts)),
      fetchers_(parts_.fetch_threads),
      output_(parts_.output),
      runners_(parts_.run_threads, parts_.run_threads_max) {}

Worker::~Worker() {
  for (const auto& [id, flight] : flights_) {
    flight->fetch_cancelled = true;
    flight->cancellation.cancel();
  }
  fetchers_.wait_idle();
  runners_.wait_idle();
  lookers_.wait_idle();
}

std::shared_ptr<Worker::Flight> Worker::flight_of(ExecutionId id) {
  auto& flight = flights_[id];
  if (!flight) flight = std::make_shared<Flight>(parts_.store);
  return flight;
}

void Worker::stop(ExecutionId id) {
  const auto flight = flights_.find(id);
  if (flight == flights_.end()) return;
  flight->second->fetch_cancelled = true;
  flight->second->cancellation.cancel();
}

void Worker::fetch(ExecutionId id, std::shared_ptr<const Job> job) {
  fetchers_.submit([this, id, job = std::move(job), flight = flight_of(id)] {
    const Status fetched = fetch_all(*job, flight->fetch_cancelled);
    std::optional<Failure> failure;
    if (!fetched.ok()) {
      failure = Failure{0, FailureKind::kMissingBlock,
                        "getting the function and its inputs: " + fetched.error().message};
    }
    parts_.tell(InputsFetched{id, std::move(failure)});
  });
}

Status Worker::fetch_all(const Job& job, const std::atomic<bool>& cancelled) {
  TR_TRY(store_blocks(parts_.store, job.blocks));
  for (const Cid& root : roots_of(job.invocation)) {
    if (known_.has(root)) continue;
    exchange::DagFetchOptions options;
    options.timeout_ms = kFetchTimeoutMs;
    options.cancel = &cancelled;
    options.providers.push_back({job.requester, {}});
    TR_TRY(parts_.exchange.fetch_dag(root, options));
    known_.add(root);
  }
  return success();
}

void Worker::survey(QuestionId id, std::shared_ptr<const Job> job) {
  lookers_.submit([this, id, job = std::move(job)] {
    Estimate estimate = lacking_of(parts_.store, job->invocation, known_);
    if (const auto executor = parts_.executor(); executor.ok()) {
      const auto runner = parts_.runner_of ? parts_.runner_of(job->requester) : nullptr;
      estimate.warm =
          runner ? runner->is_warm(job->invocation) : (*executor)->is_warm(job->invocation);
      const auto answer = (*executor)->known(job->invocation);
      estimate.known = answer.ok() && answer->has_value();
    }
    parts_.tell(Surveyed{id, std::move(estimate)});
  });
}

void Worker::look_up(QuestionId id, const Cid& invocation) {
  lookers_.submit([this, id, invocation] {
    std::optional<Finish> found;
    if (const auto executor = parts_.executor(); executor.ok()) {
      found = known_finish(**executor, parts_.store, invocation);
    }
    parts_.tell(LookedUp{id, std::move(found)});
  });
}

void Worker::run(ExecutionId id, std::shared_ptr<const Job> job) {
  runners_.submit([this, id, job = std::move(job), flight = flight_of(id)] {
    parts_.tell(perform_job(id, *job, *flight));
  });
}

ExecutionEnded Worker::perform_job(ExecutionId id, const Job& job, Flight& flight) {
  if (flight.cancellation.is_cancelled()) {
    return {id, Failure{0, FailureKind::kCancelled, "the call was cancelled"}, 0, 0};
  }
  const auto executor = parts_.executor();
  if (!executor.ok()) {
    return {id, Failure{0, FailureKind::kInternal, executor.error().message}, 0, 0};
  }
  const auto runner = parts_.runner_of ? parts_.runner_of(job.requester) : nullptr;
  // Our own calls may fill our memory.
  std::optional<OutputBudget::Room> room;
  if (job.requester != PeerId::of(parts_.key)) room.emplace(output_, job.requester);
  Performed performed = perform(**executor, parts_.store, parts_.key, job,
                                {.runner = runner.get(),
                                 .output_room = room ? &*room : nullptr,
                                 .cancellation = flight.cancellation,
                                 .on_write = job.logs ? log_writer(id) : wasi::Context::OnWrite()});
  return {id, std::move(performed.answer), performed.duration_ns, performed.fuel_used};
}

wasi::Context::OnWrite Worker::log_writer(ExecutionId id) const {
  return [id, tell = parts_.tell, positions = std::array<uint64_t, 2>{}](int descriptor,
                                                                         ByteView bytes) mutable {
    const Written stream = descriptor == STDOUT_FILENO ? Written::kStdout : Written::kStderr;
    uint64_t& position = positions[stream == Written::kStdout ? 0 : 1];
    while (!bytes.empty()) {
      const ByteView piece = bytes.first(std::min(bytes.size(), kLogPieceBytesMax));
      if (positions[0] + positions[1] < kLogBytesMax) {
        tell(LogWritten{id, Log{0, stream, position, to_bytes(piece)}});
      }
      position += piece.size();
      bytes = bytes.subspan(piece.size());
    }
  };
}

}  // namespace timerose::scheduler::execute
