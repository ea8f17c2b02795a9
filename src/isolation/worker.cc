#include "isolation/worker.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "compute/execution.h"
#include "compute/memo.h"
#include "compute/prepared_cache.h"
#include "isolation/channel_blockstore.h"
#include "isolation/launch.h"
#include "isolation/sandbox.h"

namespace timerose::isolation {
namespace {

constexpr int kExitGone = 0;    // the node has no more use for it
constexpr int kExitFailed = 1;  // the node may see why in what it was told
// What a guest writes goes to the node in pieces.
constexpr size_t kWrotePieceBytes = 64U << 10;

// The run that may be given up, for the thread that hears of it.
class CurrentRun {
 public:
  class Entered {
   public:
    Entered(CurrentRun& current, uint64_t number) : current_(current) {
      const std::lock_guard lock(current_.mutex_);
      current_.number_ = number;
      current_.cancellation_ = &cancellation;
      if (current_.given_up_ == number) cancellation.cancel();  // before it was entered
    }
    ~Entered() {
      const std::lock_guard lock(current_.mutex_);
      current_.cancellation_ = nullptr;
    }
    Entered(const Entered&) = delete;
    Entered& operator=(const Entered&) = delete;
    wasm::Cancellation cancellation;

   private:
    CurrentRun& current_;
  };
  void cancel(uint64_t number) {
    const std::lock_guard lock(mutex_);
    given_up_ = number;
    if (cancellation_ != nullptr && number_ == number) cancellation_->cancel();
  }

 private:
  std::mutex mutex_;
  uint64_t number_ = 0;
  uint64_t given_up_ = 0;  // the last number that was; runs count from 1
  wasm::Cancellation* cancellation_ = nullptr;
};

// Ends the process when the node has gone, whatever a guest is doing.
void hear_cancellations(CurrentRun& current) {
  uint64_t number = 0;
  while (true) {
    const ssize_t got = read(kCancelDescriptor, &number, sizeof(number));
    if (got < 0 && errno == EINTR) continue;
    if (got != sizeof(number)) _exit(kExitGone);
    current.cancel(number);
  }
}

// The whole of a descriptor, mapped.
Result<SharedBytes> map_all(const FileDescriptor& file) {
  const off_t size = lseek(file.get(), 0, SEEK_END);
  if (size <= 0) return errno_error(errno, "reading a module");
  const auto length = static_cast<size_t>(size);
  void* start = mmap(nullptr, length, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (start == MAP_FAILED) return errno_error(errno, "mapping a module");
  const std::shared_ptr<const void> owner(
      start, [length](const void* at) { munmap(const_cast<void*>(at), length); });
  return SharedBytes(owner, {static_cast<const uint8_t*>(start), length});
}

// The code takes the binary's place, for the next worker of this requester.
Status give_back(const FileDescriptor& file, ByteView code) {
  if (ftruncate(file.get(), 0) != 0 || lseek(file.get(), 0, SEEK_SET) != 0) {
    return errno_error(errno, "writing compiled code");
  }
  return write_all(file.get(), code);
}

Result<SharedBytes> compile(Channel& channel, const Channel::OnWait& on_wait,
                            const wasm::Engine& engine, const FileDescriptor& file) {
  TR_ASSIGN(const SharedBytes binary, map_all(file));
  TR_ASSIGN(Bytes code, wasm::compile(engine, binary.view()));
  // What there is no room for is used here all the same.
  if (give_back(file, code).ok()) TR_TRY(channel.send(encode(Compiled{}), on_wait));
  return SharedBytes(std::move(code));
}

Result<SharedBytes> fetch_code(Channel& channel, const Channel::OnWait& on_wait,
                               const wasm::Engine& engine, const Cid& module) {
  TR_TRY(channel.send(encode(WantCode{module}), on_wait));
  TR_ASSIGN(const ByteView rest, channel.receive(on_wait));
  TR_ASSIGN(ToWorker answer, decode_to_worker(rest));
  auto* given = std::get_if<GiveCode>(&answer);
  if (given == nullptr) return Error{ErrorCode::kInternal, "expected a module from the node"};
  if (given->what == GiveCode::What::kNothing) {
    return Error{given->code, std::move(given->message)};
  }
  const FileDescriptor file = channel.next_descriptor();
  if (!file.valid()) return Error{ErrorCode::kInternal, "a module came without a descriptor"};
  if (given->what == GiveCode::What::kBinary) return compile(channel, on_wait, engine, file);
  return map_all(file);
}

// Asked of the node.
class ChannelRoom final : public wasm::OutputRoom {
 public:
  ChannelRoom(Channel& channel, const Channel::OnWait& on_wait)
      : channel_(channel), on_wait_(on_wait) {}

  Status take(uint64_t bytes) override {
    TR_TRY(channel_.send(encode(WantRoom{bytes}), on_wait_));
    TR_ASSIGN(const ByteView rest, channel_.receive(on_wait_));
    TR_ASSIGN(ToWorker answer, decode_to_worker(rest));
    auto* given = std::get_if<GiveRoom>(&answer);
    if (given == nullptr) return Error{ErrorCode::kInternal, "expected room from the node"};
    if (given->given) return success();
    return Error{given->code, std::move(given->message)};
  }

 private:
  Channel& channel_;
  const Channel::OnWait& on_wait_;
};

Ended ended_of(const Result<compute::Answer>& answer) {
  if (!answer.ok()) return {Ended::Failed{answer.error().code, answer.error().message}};
  Ended ended;
  ended.fuel_used = answer->metering.fuel_used;
  ended.memory_bytes_peak = answer->metering.memory_bytes_peak;
  if (answer->outcome) {
    ended.how = Ended::WithOutcome{*answer->outcome->encode(), answer->trap_message};
  } else {
    ended.how = Ended::Stopped{answer->stopped->reason, answer->stopped->message};
  }
  return ended;
}

class Worker {
 public:
  Worker(Channel& channel, wasm::Engine& engine, const WorkerHooks& hooks)
      : channel_(channel),
        hooks_(hooks),
        modules_(engine,
                 [this, &engine](const Cid& module) {
                   return fetch_code(channel_, patient_, engine, module);
                 }),
        functions_(engine, modules_, store_),
        name_(std::make_shared<const compute::EngineName>(
            compute::EngineName{engine.version(), engine.flags()})),
        hearer_([this] { hear_cancellations(current_); }) {
    hearer_.detach();  // until the process ends
  }

  // Until the node has gone, or has asked for nothing for long.
  Status serve() {
    while (true) {
      int waited_ms = 0;
      TR_ASSIGN(const ByteView rest, channel_.receive([&]() -> Status {
        waited_ms += Channel::kLookEveryMs;
        if (waited_ms < kIdleEndMs) return success();
        return Error{ErrorCode::kCancelled, "nothing to do"};
      }));
      TR_ASSIGN(const ToWorker message, decode_to_worker(rest));
      const auto* run = std::get_if<Run>(&message);
      if (run == nullptr) return Error{ErrorCode::kInternal, "expected a run"};
      TR_TRY(channel_.send(encode(ended_of(carry_out(*run))), patient_));
    }
  }

 private:
  Result<compute::Answer> carry_out(const Run& run) {
    CurrentRun::Entered entered(current_, run.number);
    TR_ASSIGN(const compute::Invocation call, compute::Invocation::decode(run.invocation));
    if (hooks_.before_run) hooks_.before_run(call);
    TR_ASSIGN(const auto function, functions_.get(call));
    wasi::Context::OnWrite on_write;
    if (run.logs) on_write = [this](int descriptor, ByteView bytes) { wrote(descriptor, bytes); };
    const unixfs::BlockSink sink = unixfs::sink_into(store_);
    const PublicKey nobody{};  // the node says who executes
    return compute::execute(*function, call, run.digest,
                            {run.fuel, run.deadline_ms, &entered.cancellation, &room_}, on_write,
                            {store_, sink, clock_, name_, nobody});
  }
  // A node that has gone is noticed elsewhere.
  void wrote(int descriptor, ByteView bytes) {
    while (!bytes.empty()) {
      const ByteView piece = bytes.first(std::min(bytes.size(), kWrotePieceBytes));
      (void)channel_.send(encode(Wrote{descriptor, to_bytes(piece)}), patient_);
      bytes = bytes.subspan(piece.size());
    }
  }

  const Channel::OnWait patient_ = [] { return success(); };
  Channel& channel_;
  const WorkerHooks& hooks_;
  ChannelBlockstore store_{channel_, patient_};
  ChannelRoom room_{channel_, patient_};
  wasm::ModuleCache modules_;
  compute::PreparedCache functions_;
  SystemClock clock_;
  std::shared_ptr<const compute::EngineName> name_;
  CurrentRun current_;
  std::thread hearer_;
};

Result<Setup> receive_setup(Channel& channel) {
  TR_ASSIGN(const ByteView rest, channel.receive([] { return success(); }));
  TR_ASSIGN(const ToWorker message, decode_to_worker(rest));
  if (const auto* setup = std::get_if<Setup>(&message)) return *setup;
  return Error{ErrorCode::kInternal, "expected a setup"};
}

Status serve_node(const WorkerHooks& hooks) {
  TR_ASSIGN(Channel channel, Channel::open(FileDescriptor(kChannelDescriptor)));
  channel.take_descriptors();
  TR_ASSIGN(const Setup setup, receive_setup(channel));
  const Measures measures = confine(setup);
  wasm::EngineOptions options;
  options.instances_max = 1;
  options.compile_threads = 1;
  TR_ASSIGN(const auto engine, wasm::Engine::create(options));
  TR_TRY(channel.send(encode(Hello{measures.bits, engine->version() + "\n" + engine->flags()}),
                      [] { return success(); }));
  return Worker(channel, *engine, hooks).serve();
}

}  // namespace

int run_worker(const WorkerHooks& hooks) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const Status served = serve_node(hooks);
  const bool is_done = served.ok() || served.error().code == ErrorCode::kIo ||
                       served.error().code == ErrorCode::kCancelled;
  // Not by exit(): another thread waits at the cancel pipe.
  _exit(is_done ? kExitGone : kExitFailed);
}

}  // namespace timerose::isolation
