#include "isolation/pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>

#include "compute/function.h"
#include "compute/memo.h"
#include "isolation/group.h"

namespace timerose::isolation {
namespace {

// Ended from here before it ends by itself, so that no call meets a worker that is just going.
constexpr uint64_t kIdleNs = uint64_t{kIdleEndMs} * 1'000'000 * 3 / 4;

std::optional<Sha256Digest> scope_of(const std::string& requester, Answers answers) {
  if (answers == Answers::kOfAll) return std::nullopt;
  return sha256(as_bytes("timerose scope " + requester));
}

}  // namespace

class Pool::RequesterRunner final : public compute::Runner {
 public:
  RequesterRunner(Pool& pool, std::string requester, Answers answers)
      : pool_(pool), scope_(scope_of(requester, answers)), requester_(std::move(requester)) {}

  Result<compute::Answer> run(const compute::Invocation& call, const Sha256Digest& digest,
                              const compute::Budget& budget, const wasi::Context::OnWrite& on_write,
                              const compute::Surroundings& around) override {
    const std::function<Result<Bytes>(const Cid&)> code = [&](const Cid& module) -> Result<Bytes> {
      TR_ASSIGN(wasm::ModuleCache * modules, pool_.parts_.modules());
      return modules->code(module, [&] { return compute::read_module(around.store, module); });
    };
    return pool_.run(requester_, {call, digest, budget, on_write, around, code});
  }
  [[nodiscard]] const std::optional<Sha256Digest>& scope() const override { return scope_; }

 private:
  Pool& pool_;
  const std::optional<Sha256Digest> scope_;
  const std::string requester_;
};

Pool::Pool(Parts parts, PoolOptions options)
    : parts_(std::move(parts)), options_(std::move(options)) {}

Pool::~Pool() {
  for (Member& member : idle_) end(member);
}

std::unique_ptr<compute::Runner> Pool::runner_for(const std::string& requester, Answers answers) {
  return std::make_unique<RequesterRunner>(*this, requester, answers);
}

Result<compute::Answer> Pool::run(const std::string& requester, Work work) {
  {
    const std::lock_guard lock(mutex_);
    if (auto refusal = strikes_.refusal(parts_.clock.monotonic_ns(), work.digest, requester)) {
      compute::Answer answer(compute::object_cid(work.digest));
      answer.stopped = {wasm::StopReason::kLimit, *std::move(refusal)};
      return answer;
    }
  }
  TR_ASSIGN(Member member, take(requester));
  auto answer = member.process->run(work);
  if (!member.process->broken()) {
    give_back(std::move(member));
    return answer;
  }
  const Process::Broken broken = *member.process->broken();
  end(member);
  return failed(work.digest, requester, broken);
}

compute::Answer Pool::failed(const Sha256Digest& call, const std::string& requester,
                             const Process::Broken& broken) {
  const bool killed = broken.how == Process::Broken::How::kKilled;
  compute::Answer answer(compute::object_cid(call));
  answer.stopped = {
      killed ? wasm::StopReason::kLimit : wasm::StopReason::kInternal,
      fmt::format("the worker process that ran the call failed: {}; the call is run by another one "
                  "when it is asked for again",
                  broken.message)};
  parts_.log(fmt::format("a worker process failed while it ran {}: {}",
                         answer.invocation.to_string(), broken.message));
  const std::lock_guard lock(mutex_);
  ++broken_;
  strikes_.add(parts_.clock.monotonic_ns(), call, requester);
  return answer;
}

// Those that have ended, and those that were idle for so long that they soon do.
void Pool::drop_ended(uint64_t now_ns, Members& dropped) {
  for (auto one = idle_.begin(); one != idle_.end();) {
    const auto next = std::next(one);
    if (one->process->has_ended() || now_ns - one->idle_since_ns > kIdleNs) {
      dropped.splice(dropped.end(), idle_, one);
    }
    one = next;
  }
}

Result<Pool::Member> Pool::take(const std::string& requester) {
  Members dropped;  // ended without the lock
  std::optional<Member> found;
  {
    const std::lock_guard lock(mutex_);
    drop_ended(parts_.clock.monotonic_ns(), dropped);
    // One of his own, else one that has served nobody.
    auto one = std::ranges::find(idle_, requester, &Member::requester);
    if (one == idle_.end()) one = std::ranges::find(idle_, std::string(), &Member::requester);
    if (one != idle_.end()) {
      found = std::move(*one);
      idle_.erase(one);
    } else if (idle_.size() + busy_ >= options_.workers_max && !idle_.empty()) {
      dropped.splice(dropped.end(), idle_, std::prev(idle_.end()));
    }
    ++busy_;
    if (found) busy_processes_.emplace(found->process->id(), requester);
  }
  for (Member& member : dropped) end(member);
  if (!found) {
    auto started = start();
    const std::lock_guard lock(mutex_);
    if (!started.ok()) {
      --busy_;
      return std::move(started).error();
    }
    found = *std::move(started);
    busy_processes_.emplace(found->process->id(), requester);
  }
  found->requester = requester;
  return *std::move(found);
}

void Pool::give_back(Member member) {
  Members dropped;
  {
    const std::lock_guard lock(mutex_);
    --busy_;
    busy_processes_.erase(member.process->id());
    member.idle_since_ns = parts_.clock.monotonic_ns();
    idle_.push_front(std::move(member));
    while (idle_.size() + busy_ > options_.workers_max && !idle_.empty()) {
      dropped.splice(dropped.end(), idle_, std::prev(idle_.end()));
    }
  }
  for (Member& one : dropped) end(one);
}

void Pool::end(Member& member) {
  {
    const std::lock_guard lock(mutex_);
    if (busy_processes_.erase(member.process->id()) != 0) --busy_;
  }
  member.process.reset();
  if (!member.group.empty()) remove_group(member.group);
}

// Asked anew each time: a worker in no namespace is better than none.
Result<std::unique_ptr<Process>> Pool::start_process() {
  Process::Options options{options_.program, options_.memory_bytes_max, Namespaces::kOwn};
  auto process = Process::start(options, parts_.clock);
  if (process.ok() || process.error().code != ErrorCode::kUnsupported) return process;
  options.namespaces = Namespaces::kNone;
  return Process::start(options, parts_.clock);
}

Result<Pool::Member> Pool::start() {
  std::promise<Result<std::unique_ptr<Process>>> promise;
  auto started = promise.get_future();
  launcher_.submit([&] { promise.set_value(start_process()); });
  auto process = started.get();
  if (!process.ok()) {
    const std::lock_guard lock(mutex_);
    failure_ = process.error().message;
    return std::move(process).error();
  }
  Member member{*std::move(process), {}, parts_.clock.monotonic_ns(), {}};
  Measures measures = member.process->measures();
  member.group = join_group(member.process->id());
  if (!member.group.empty()) measures.add(Measure::kGroup);
  log_start(measures);
  return member;
}

std::string Pool::join_group(pid_t process) {
  if (options_.group_folder.empty()) return {};
  auto group = isolation::join_group(options_.group_folder, process, {options_.memory_bytes_max});
  if (group.ok()) return group->string();
  const std::lock_guard lock(mutex_);
  failure_ = group.error().message;
  return {};
}

void Pool::log_start(Measures measures) {
  {
    const std::lock_guard lock(mutex_);
    ++started_;
    if (std::exchange(measures_, measures) == measures) return;
  }
  parts_.log(fmt::format("worker processes are held in by: {}; not by: {}",
                         names_of(measures, true), names_of(measures, false)));
}

Pool::Status Pool::status() {
  Members dropped;
  Status status;
  {
    const std::lock_guard lock(mutex_);
    drop_ended(parts_.clock.monotonic_ns(), dropped);
    status = {idle_.size(), busy_, started_, broken_, measures_, failure_, {}};
    for (const Member& member : idle_) status.processes.push_back(member.process->id());
    for (const auto& [process, requester] : busy_processes_) status.processes.push_back(process);
  }
  for (Member& member : dropped) end(member);
  return status;
}

Result<Measures> Pool::measures() {
  {
    const std::lock_guard lock(mutex_);
    if (measures_) return *measures_;
  }
  TR_ASSIGN(Member member, start());
  const std::lock_guard lock(mutex_);
  idle_.push_front(std::move(member));
  return *measures_;
}

}  // namespace timerose::isolation
