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

struct JobService::State : std::enable_shared_from_this<State> {
  State(const Parts& of, std::vector<KeptJob> before)
      : parts(std::make_shared<const Parts>(of)), revision(of.clock.unix_ns()) {
    for (KeptJob& job : before) keep(std::move(job));
  }

  // The id that begins so, if there is one and no other.
  [[nodiscard]] Result<std::string> find(std::string_view begin) const;
  void ended(const std::string& id);
  void keep(KeptJob job);
  // To be saved soon.
  void changed(KeptJob job);
  void save();

  const std::shared_ptr<const Parts> parts;
  bool stopped = false;
  std::map<std::string, std::shared_ptr<RunningJob>, std::less<>> running;
  std::map<std::string, KeptJob, std::less<>> kept;  // that have ended
  std::deque<std::string> ended_order;
  std::map<std::string, KeptJob> unsaved;
  uint64_t revision;
  bool saving = false;
  std::unique_ptr<EventLoop::Timer> timer;
};

Result<std::string> JobService::State::find(std::string_view begin) const {
  std::vector<std::string> ids;
  const auto add = [&](const auto& jobs) {
    auto job = jobs.lower_bound(begin);
    for (int i = 0; i < 2 && job != jobs.end() && job->first.starts_with(begin); ++i) {
      ids.push_back((job++)->first);
    }
  };
  if (!begin.empty()) {
    add(running);
    add(kept);
  }
  if (ids.empty()) {
    return Error{
        ErrorCode::kNotFound,
        fmt::format("no job's id begins with '{}'; `timerose jobs list` shows them", begin)};
  }
  if (ids.size() > 1) {
    return Error{
        ErrorCode::kInvalidArgument,
        fmt::format("more than one job's id begins with '{}': {} and {}", begin, ids[0], ids[1])};
  }
  return ids[0];
}

void JobService::State::ended(const std::string& id) {
  if (stopped) return;
  const auto found = running.find(id);
  KeptJob job = found->second->kept();
  running.erase(found);
  changed(job);
  keep(std::move(job));
}

void JobService::State::keep(KeptJob job) {
  ended_order.push_back(job.record.id);
  kept.insert_or_assign(job.record.id, std::move(job));
  if (ended_order.size() <= parts->ended_max) return;
  kept.erase(ended_order.front());
  ended_order.pop_front();
}

void JobService::State::changed(KeptJob job) {
  if (parts->records == nullptr) return;
  job.revision = ++revision;
  unsaved.insert_or_assign(job.record.id, std::move(job));
  if (saving) return;
  if (!timer) timer = parts->loop.timer([this] { save(); });
  if (unsaved.size() == 1) timer->set(parts->loop.now_ns() + kSaveAfterMs * 1'000'000);
}

void JobService::State::save() {
  if (unsaved.empty()) return;
  saving = true;
  std::vector<KeptJob> batch;
  for (auto& [id, job] : std::exchange(unsaved, {})) batch.push_back(std::move(job));
  parts->pool.submit([held = parts, weak = weak_from_this(), batch = std::move(batch)] {
    // What cannot be kept is known until the node ends.
    (void)save_jobs(*held->records, batch, held->ended_max);
    held->loop.post([weak] {
      const auto self = weak.lock();
      if (!self) return;
      self->saving = false;
      self->save();
    });
  });
}

JobService::JobService(const Parts& parts, std::vector<KeptJob> kept)
    : state_(std::make_shared<State>(parts, std::move(kept))) {}

JobService::~JobService() = default;

Result<std::string> JobService::submit(std::shared_ptr<const JobAsk> ask,
                                       const std::shared_ptr<JobChannel>& watcher) {
  if (state_->stopped) return Error{ErrorCode::kCancelled, "the node is stopping"};
  if (state_->running.size() >= kJobsMax) {
    return Error{ErrorCode::kBusy,
                 fmt::format("{} jobs are under way, as many as there may be", kJobsMax)};
  }
  const auto is_taken = [this](const std::string& id) {
    return state_->running.contains(id) || state_->kept.contains(id);
  };
  std::string id = random_id(state_->parts->random);
  while (is_taken(id)) id = random_id(state_->parts->random);
  const auto job = std::make_shared<RunningJob>(
      state_->parts, id, std::move(ask), [weak = std::weak_ptr(state_)](const std::string& ended) {
        if (const auto state = weak.lock()) state->ended(ended);
      });
  state_->running.emplace(id, job);
  if (watcher) job->watch(watcher);
  job->start();
  if (state_->running.contains(id)) state_->changed(job->kept());
  return id;
}

Status JobService::watch(std::string_view id, const std::shared_ptr<JobChannel>& watcher) {
  TR_ASSIGN(const std::string whole, state_->find(id));
  if (const auto job = state_->running.find(whole); job != state_->running.end()) {
    job->second->watch(watcher);
    return success();
  }
  state_->kept.at(whole).tell(*watcher);
  return success();
}

Status JobService::cancel(std::string_view id) {
  TR_ASSIGN(const std::string whole, state_->find(id));
  const auto found = state_->running.find(whole);
  if (found == state_->running.end()) {
    return Error{ErrorCode::kInvalidArgument, fmt::format("the job '{}' has ended", id)};
  }
  const auto job = found->second;
  job->cancel();
  return success();
}

std::vector<JobRecord> JobService::list() const {
  std::vector<JobRecord> records;
  for (const auto& [id, job] : state_->running) records.push_back(job->record());
  for (const auto& [id, job] : state_->kept) records.push_back(job.record);
  std::ranges::stable_sort(records, std::greater<>(), &JobRecord::started_unix_ms);
  return records;
}

Result<JobRecord> JobService::show(std::string_view id) const {
  TR_ASSIGN(const std::string whole, state_->find(id));
  const auto job = state_->running.find(whole);
  return job == state_->running.end() ? state_->kept.at(whole).record : job->second->record();
}

void JobService::stop() {
  state_->stopped = true;
  for (const auto& [id, job] : state_->running) {
    KeptJob interrupted = job->kept();
    interrupted.interrupt();
    state_->changed(std::move(interrupted));
  }
  state_->save();
  state_->timer.reset();
  for (const auto& [id, job] : std::exchange(state_->running, {})) job->cancel();
}

}  // namespace timerose::node
