#include "node/jobs/job_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>

#include "node/jobs/running_job.h"

namespace timerose::node {
namespace {

// As short as a person likes to type, as long as a thousand of them need.
constexpr size_t kIdLetters = 8;
constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";

std::string random_id(Random& random) {
  std::array<uint8_t, kIdLetters> bytes{};
  random.fill(bytes);
  std::string id;
  for (const uint8_t byte : bytes) id += kLetters[byte % kLetters.size()];
  return id;
}

}  // namespace

struct JobService::State {
  explicit State(const Parts& of) : parts(std::make_shared<const Parts>(of)) {}

  [[nodiscard]] Result<std::shared_ptr<RunningJob>> find(std::string_view id) const;
  void ended(const std::string& id);

  const std::shared_ptr<const Parts> parts;
  bool stopped = false;
  std::map<std::string, std::shared_ptr<RunningJob>, std::less<>> jobs;  // those that ended too
  std::deque<std::string> ended_order;
};

Result<std::shared_ptr<RunningJob>> JobService::State::find(std::string_view id) const {
  const auto first = jobs.lower_bound(id);
  if (id.empty() || first == jobs.end() || !first->first.starts_with(id)) {
    return Error{ErrorCode::kNotFound,
                 fmt::format("no job's id begins with '{}'; `timerose jobs list` shows them", id)};
  }
  const auto second = std::next(first);
  if (second != jobs.end() && second->first.starts_with(id)) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("more than one job's id begins with '{}': {} and {}", id, first->first,
                             second->first)};
  }
  return first->second;
}

void JobService::State::ended(const std::string& id) {
  ended_order.push_back(id);
  if (ended_order.size() <= kEndedMax) return;
  jobs.erase(ended_order.front());
  ended_order.pop_front();
}

JobService::JobService(const Parts& parts) : state_(std::make_shared<State>(parts)) {}

JobService::~JobService() = default;

Result<std::string> JobService::submit(std::shared_ptr<const JobAsk> ask,
                                       const std::shared_ptr<JobChannel>& watcher) {
  if (state_->stopped) return Error{ErrorCode::kCancelled, "the node is stopping"};
  if (state_->jobs.size() - state_->ended_order.size() >= kJobsMax) {
    return Error{ErrorCode::kBusy,
                 fmt::format("{} jobs are under way, as many as there may be", kJobsMax)};
  }
  std::string id = random_id(state_->parts->random);
  while (state_->jobs.contains(id)) id = random_id(state_->parts->random);
  const auto job = std::make_shared<RunningJob>(
      state_->parts, id, std::move(ask), [weak = std::weak_ptr(state_)](const std::string& ended) {
        if (const auto state = weak.lock()) state->ended(ended);
      });
  state_->jobs.emplace(id, job);
  if (watcher) job->watch(watcher);
  job->start();
  return id;
}

Status JobService::watch(std::string_view id, const std::shared_ptr<JobChannel>& watcher) {
  TR_ASSIGN(const auto job, state_->find(id));
  job->watch(watcher);
  return success();
}

Status JobService::cancel(std::string_view id) {
  TR_ASSIGN(const auto job, state_->find(id));
  if (job->is_ended()) {
    return Error{ErrorCode::kInvalidArgument, fmt::format("the job '{}' has ended", id)};
  }
  job->cancel();
  return success();
}

std::vector<JobRecord> JobService::list() const {
  std::vector<JobRecord> records;
  for (const auto& [id, job] : state_->jobs) records.push_back(job->record());
  std::ranges::stable_sort(records, std::greater<>(), &JobRecord::started_unix_ms);
  return records;
}

Result<JobRecord> JobService::show(std::string_view id) const {
  TR_ASSIGN(const auto job, state_->find(id));
  return job->record();
}

void JobService::stop() {
  state_->stopped = true;
  std::vector<std::shared_ptr<RunningJob>> running;
  for (const auto& [id, job] : state_->jobs) {
    if (!job->is_ended()) running.push_back(job);
  }
  for (const auto& job : running) job->cancel();
}

}  // namespace timerose::node
