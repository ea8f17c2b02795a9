#include "isolation/pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/units.h"
#include "compute/function.h"
#include "compute/memo.h"
#include "isolation/group.h"
#include "isolation/memory_file.h"

namespace timerose::isolation {
namespace {

// Ended from here before it ends by itself, so that no call meets a worker that is just going.
constexpr uint64_t kIdleNs = uint64_t{kIdleEndMs} * 1'000'000 * 3 / 4;

std::optional<Sha256Digest> scope_of(const std::string& requester, Answers answers) {
  if (answers == Answers::kOfAll) return std::nullopt;
  return sha256(as_bytes("timerose scope " + requester));
}

}  // namespace

// Modules for the workers of one requester, during one run.
class Pool::RequesterCodes final : public CodeSource {
 public:
  RequesterCodes(Pool& pool, const std::string& requester, uint64_t worker, Blockstore& store)
      : pool_(pool), requester_(requester), worker_(worker), store_(store) {}

  Result<Module> get(const Cid& module) override {
    if (const auto own = pool_.own_code(module); own.ok()) {
      TR_ASSIGN(FileDescriptor file, memory_file(*own));
      TR_TRY(seal(file));
      return Module{Module::Form::kCompiled, shared(std::move(file))};
    }
    if (auto code = pool_.shelved(requester_, module)) {
      return Module{Module::Form::kCompiled, std::move(code)};
    }
    TR_ASSIGN(const Bytes binary, compute::read_module(store_, module));
    TR_ASSIGN(FileDescriptor file, memory_file(binary));
    return Module{Module::Form::kBinary, shared(std::move(file))};
  }
  // A guest that has broken out must not outlive its worker in code that others load.
  void keep(const Cid& module, std::shared_ptr<const FileDescriptor> code, Maker maker) override {
    const auto bytes = seal(*code);
    const std::lock_guard lock(pool_.mutex_);
    Compiled& compiled = pool_.compiled_[worker_];
    compiled.requester = requester_;
    compiled.modules.insert(module);
    if (maker == Maker::kUsed || !bytes.ok()) return;
    pool_.shelf_.put(requester_, module, std::move(code), *bytes);
  }

 private:
  static std::shared_ptr<const FileDescriptor> shared(FileDescriptor file) {
    return std::make_shared<const FileDescriptor>(std::move(file));
  }
  Pool& pool_;
  const std::string& requester_;
  const uint64_t worker_;
  Blockstore& store_;
};

class Pool::RequesterRunner final : public compute::Runner {
 public:
  RequesterRunner(Pool& pool, std::string requester, Answers answers)
      : pool_(pool), scope_(scope_of(requester, answers)), requester_(std::move(requester)) {}

  Result<compute::Answer> run(const compute::Invocation& call, const Sha256Digest& digest,
                              const compute::Budget& budget, const wasi::Context::OnWrite& on_write,
                              const compute::Surroundings& around) override {
    return pool_.run(requester_, {call, digest, budget, on_write, around});
  }
  [[nodiscard]] bool is_warm(const compute::Invocation& call) const override {
    if (!pool_.has_code(requester_, call.module)) return false;
    return std::ranges::all_of(
        call.links, [&](const auto& link) { return pool_.has_code(requester_, link.second); });
  }
  [[nodiscard]] const std::optional<Sha256Digest>& scope() const override { return scope_; }

 private:
  Pool& pool_;
  const std::optional<Sha256Digest> scope_;
  const std::string requester_;
};

Pool::Pool(Parts parts, PoolOptions options)
    : parts_(std::move(parts)),
      options_(std::move(options)),
      attendant_(parts_.clock, [this] { tend(); }, kIdleNs) {
  if (!options_.group_folder.empty()) remove_empty_groups(options_.group_folder);
  if (options_.memory_bytes_of_all_max != 0) {
    memory_watch_.emplace([this] { return look_at_memory(); });
  }
}

Pool::~Pool() {
  memory_watch_.reset();
  Members all;
  {
    const std::lock_guard lock(mutex_);
    all.swap(idle_);
  }
  for (Member& member : all) end(member);
}

Result<Bytes> Pool::own_code(const Cid& module) const {
  TR_ASSIGN(wasm::ModuleCache * modules, parts_.modules());
  return modules->code(module);
}

CodeShelf::Code Pool::shelved(const std::string& requester, const Cid& module) {
  const std::lock_guard lock(mutex_);
  return shelf_.find(requester, module);
}

bool Pool::has_code(const std::string& requester, const Cid& module) {
  {
    const std::lock_guard lock(mutex_);
    if (shelf_.has(requester, module)) return true;
    const bool in_worker = std::ranges::any_of(compiled_, [&](const auto& one) {
      return one.second.requester == requester && one.second.modules.contains(module);
    });
    if (in_worker) return true;
  }
  const auto modules = parts_.modules();
  return modules.ok() && (*modules)->has(module);
}

std::vector<Cid> Pool::warm(size_t max) {
  const std::lock_guard lock(mutex_);
  std::vector<Cid> all = shelf_.latest(max);
  for (const auto& [worker, compiled] : compiled_) {
    std::ranges::copy_if(compiled.modules, std::back_inserter(all), [&](const Cid& module) {
      return all.size() < max && std::ranges::find(all, module) == all.end();
    });
  }
  return all;
}

std::unique_ptr<compute::Runner> Pool::runner_for(const std::string& requester, Answers answers) {
  return std::make_unique<RequesterRunner>(*this, requester, answers);
}

Result<compute::Answer> Pool::run(const std::string& requester, const Call& call) {
  {
    const std::lock_guard lock(mutex_);
    if (auto refusal = strikes_.refusal(parts_.clock.monotonic_ns(), call.digest, requester)) {
      compute::Answer answer(compute::object_cid(call.digest));
      answer.stopped = {wasm::StopReason::kLimit, *std::move(refusal)};
      return answer;
    }
  }
  TR_ASSIGN(Member member, take(requester));
  RequesterCodes codes(*this, requester, member.number, call.around.store);
  auto answer =
      member.process->run({call.call, call.digest, call.budget, call.on_write, call.around, codes});
  if (!member.process->broken()) {
    give_back(std::move(member));
    return answer;
  }
  const Process::Broken broken = why_broken(member);
  end(member);
  return failed(call.digest, requester, broken);
}

Process::Broken Pool::why_broken(const Member& member) {
  const std::lock_guard lock(mutex_);
  if (!busy_members_.at(member.number).held_too_much) return *member.process->broken();
  return {Process::Broken::How::kKilled,
          fmt::format("it was ended, since the workers of this node held more than {} together, "
                      "and those of this requester the most of it",
                      format_bytes(options_.memory_bytes_of_all_max))};
}

compute::Answer Pool::failed(const Sha256Digest& call, const std::string& requester,
                             const Process::Broken& broken) {
  using How = Process::Broken::How;
  compute::Answer answer(compute::object_cid(call));
  if (broken.how == How::kGivenUp) {
    answer.stopped = {wasm::StopReason::kCancelled, broken.message};
    return answer;
  }
  const bool is_limit = broken.how == How::kKilled || broken.how == How::kCompiled;
  answer.stopped = {
      is_limit ? wasm::StopReason::kLimit : wasm::StopReason::kInternal,
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

void Pool::tend() {
  Members dropped;  // ended without the lock
  {
    const std::lock_guard lock(mutex_);
    drop_ended(parts_.clock.monotonic_ns(), dropped);
  }
  for (Member& member : dropped) end(member);
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

// Ends those that hold too much; of those that wait, each for itself.
bool Pool::look_at_memory() {
  Members dropped;  // ended without the lock
  bool any_busy = false;
  {
    const std::lock_guard lock(mutex_);
    for (auto one = idle_.begin(); one != idle_.end();) {
      const auto next = std::next(one);
      if (one->process->memory_bytes() > kIdleMemoryMax) dropped.splice(dropped.end(), idle_, one);
      one = next;
    }
    std::vector<Holding> holdings;
    for (const auto& [number, busy] : busy_members_) {
      if (busy.held_too_much) continue;  // its memory comes back soon
      holdings.push_back({number, busy.requester, busy.process->memory_bytes()});
    }
    for (const uint64_t number : who_must_end(holdings, options_.memory_bytes_of_all_max)) {
      Busy& busy = busy_members_.at(number);
      busy.held_too_much = true;
      busy.process->end_now();
    }
    any_busy = busy_ > 0;
  }
  for (Member& member : dropped) end(member);
  return any_busy;
}

void Pool::add_busy(Member& member, const std::string& requester) {
  member.requester = requester;
  busy_members_.emplace(member.number, Busy{member.process.get(), requester});
  if (memory_watch_) memory_watch_->wake();
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
    if (found) add_busy(*found, requester);
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
    add_busy(*found, requester);
  }
  return *std::move(found);
}

void Pool::give_back(Member member) {
  Members dropped;
  {
    const std::lock_guard lock(mutex_);
    --busy_;
    const bool is_ending = busy_members_.extract(member.number).mapped().held_too_much;
    member.idle_since_ns = parts_.clock.monotonic_ns();
    idle_.push_front(std::move(member));
    if (is_ending) dropped.splice(dropped.end(), idle_, idle_.begin());
    while (idle_.size() + busy_ > options_.workers_max && !idle_.empty()) {
      dropped.splice(dropped.end(), idle_, std::prev(idle_.end()));
    }
  }
  for (Member& one : dropped) end(one);
}

void Pool::end(Member& member) {
  {
    const std::lock_guard lock(mutex_);
    if (busy_members_.erase(member.number) != 0) --busy_;
    compiled_.erase(member.number);
  }
  member.process.reset();
}

// Asked anew each time: a worker in no namespace is better than none.
Result<std::unique_ptr<Process>> Pool::start_process() {
  Process::Options options{options_.program,           options_.memory_bytes_max,
                           Namespaces::kOwn,           options_.compile_ns_max,
                           options_.run_put_bytes_max, options_.group_folder};
  auto process = Process::start(options, parts_.clock);
  if (!process.ok() && process.error().code == ErrorCode::kUnsupported) {
    options.namespaces = Namespaces::kNone;
    process = Process::start(options, parts_.clock);
  }
  if (process.ok()) attendant_.watch((*process)->id());
  return process;
}

Result<Pool::Member> Pool::start() {
  auto process = attendant_.carry_out([this] { return start_process(); });
  if (!process.ok()) {
    const std::lock_guard lock(mutex_);
    failure_ = process.error().message;
    return std::move(process).error();
  }
  log_start(**process);
  const std::lock_guard lock(mutex_);
  return Member{*std::move(process), ++numbers_, {}, parts_.clock.monotonic_ns()};
}

void Pool::log_start(const Process& process) {
  const Measures measures = process.measures();
  {
    const std::lock_guard lock(mutex_);
    ++started_;
    failure_ = process.group_failure();
    if (std::exchange(measures_, measures) == measures) return;
  }
  parts_.log(fmt::format("worker processes are held in by: {}; not by: {}",
                         names_of(measures, true), names_of(measures, false)));
}

Pool::Status Pool::status() {
  tend();
  const std::lock_guard lock(mutex_);
  Status status{idle_.size(), busy_, started_, broken_, measures_, failure_, {}};
  for (const Member& member : idle_) status.processes.push_back(member.process->id());
  for (const auto& [number, busy] : busy_members_) status.processes.push_back(busy.process->id());
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
