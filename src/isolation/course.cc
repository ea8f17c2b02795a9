#include "isolation/course.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "compute/memo.h"

namespace timerose::isolation {
namespace {

// A longer deadline is none.
constexpr uint64_t kDeadlineMsMax = 1ULL << 40;

// A descriptor of these bytes that can be read and never changed.
Result<FileDescriptor> sealed(ByteView bytes) {
  FileDescriptor file(memfd_create("compiled code", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.valid()) return errno_error(errno, "making room for compiled code");
  TR_TRY(write_all(file.get(), bytes));
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  if (fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) {
    return errno_error(errno, "sealing compiled code");
  }
  return file;
}

bool is_part_of(const compute::Invocation& call, const Cid& module) {
  if (call.module == module) return true;
  for (const auto& [name, linked] : call.links) {
    if (linked == module) return true;
  }
  return false;
}

}  // namespace

Error Course::fault(ErrorCode code, std::string message) {
  workers_fault_ = true;
  return {code, std::move(message)};
}

Status Course::check_time() const {
  const uint64_t now_ns = parts_.clock.monotonic_ns();
  const uint64_t cancelled_ns = cancelled_ns_.load();
  if (cancelled_ns != 0 && now_ns > cancelled_ns + kGraceNs + served_ns_) {
    return Error{ErrorCode::kBusy, "it did not stop when the call was cancelled"};
  }
  const uint64_t deadline_ns = std::min(work_.budget.deadline_ms, kDeadlineMsMax) * 1'000'000;
  if (deadline_ns != 0 && now_ns - begun_ns_ > deadline_ns + kGraceNs + served_ns_) {
    return Error{ErrorCode::kBusy, "it did not stop at the call's deadline"};
  }
  return success();
}

Status Course::send(const ToWorker& message, int descriptor) {
  auto sent = parts_.channel.send(encode(message), [this] { return check_time(); }, descriptor);
  workers_fault_ |= !sent.ok();
  return sent;
}

Result<FromWorker> Course::receive() {
  const auto rest = parts_.channel.receive([this] { return check_time(); });
  if (!rest.ok()) return fault(rest.error().code, rest.error().message);
  if (auto late = check_time(); !late.ok()) return fault(ErrorCode::kBusy, late.error().message);
  auto message = decode_from_worker(*rest);
  if (!message.ok()) return fault(message.error().code, message.error().message);
  return message;
}

Result<compute::Answer> Course::follow() {
  Run run{parts_.number,
          work_.digest,
          work_.budget.fuel,
          work_.budget.deadline_ms,
          work_.on_write != nullptr,
          {}};
  TR_TRY(work_.call.encode_into(run.invocation));
  const uint64_t started_unix_ns = work_.around.clock.unix_ns();
  TR_TRY(send(std::move(run)));
  std::optional<wasm::Cancellation::Attached> attached;
  if (work_.budget.cancellation != nullptr) {
    attached.emplace(*work_.budget.cancellation, [this] {
      cancelled_ns_ = parts_.clock.monotonic_ns();
      // A full pipe is that of a worker that does not read: its time is running.
      [[maybe_unused]] const ssize_t written =
          write(parts_.cancel, &parts_.number, sizeof(parts_.number));
    });
  }
  while (true) {
    TR_ASSIGN(FromWorker message, receive());
    if (auto* ended = std::get_if<Ended>(&message)) {
      TR_TRY(put_);
      TR_ASSIGN(compute::Answer answer, take(*ended));
      answer.circumstances.executor = work_.around.executor;
      answer.circumstances.started_unix_ns = started_unix_ns;
      answer.circumstances.duration_ns = parts_.clock.monotonic_ns() - begun_ns_;
      answer.circumstances.blocks_read = blocks_read_;
      answer.circumstances.bytes_read = bytes_read_;
      return answer;
    }
    const uint64_t from_ns = parts_.clock.monotonic_ns();
    TR_TRY(std::visit(
        [this](auto& one) -> Status {
          if constexpr (std::is_same_v<std::decay_t<decltype(one)>, Ended>) {
            return success();
          } else {
            return take(one);
          }
        },
        message));
    served_ns_ += parts_.clock.monotonic_ns() - from_ns;
  }
}

Status Course::take(const Hello& /*hello*/) {
  return fault(ErrorCode::kMalformed, "it said hello twice");
}

Status Course::take(const WantBlock& want) {
  if (!reach_.has(want.cid)) {
    return send(
        GiveBlock{std::nullopt, ErrorCode::kNotFound,
                  fmt::format("the call names nothing that leads to {}", want.cid.to_string())});
  }
  const auto block = work_.around.store.get(want.cid);
  if (!block.ok()) {
    return send(GiveBlock{std::nullopt, block.error().code, block.error().message});
  }
  ++blocks_read_;
  bytes_read_ += block->size();
  reach_.given(want.cid, block->view());
  return send(GiveBlock{to_bytes(block->view()), {}, {}});
}

Status Course::take(const WantCode& want) {
  if (!is_part_of(work_.call, want.module)) {
    return fault(ErrorCode::kMalformed, "it wants the code of another function");
  }
  const auto code = work_.code(want.module);
  if (!code.ok()) return send(GiveCode{false, code.error().code, code.error().message});
  const auto file = sealed(*code);
  if (!file.ok()) return send(GiveCode{false, file.error().code, file.error().message});
  return send(GiveCode{true, {}, {}}, file->get());
}

Status Course::take(PutBlocks& put) {
  std::vector<Block> blocks;
  for (PutBlocks::One& one : put.blocks) {
    bytes_put_ += one.bytes.size();
    auto block = Block::verify(one.cid, std::move(one.bytes));
    if (!block.ok()) return fault(ErrorCode::kMismatch, block.error().message);
    reach_.add(block->cid());
    blocks.push_back(*std::move(block));
  }
  if (bytes_put_ > kRunPutBytesMax) {
    return fault(ErrorCode::kLimitExceeded,
                 fmt::format("it put more than {} bytes of blocks", kRunPutBytesMax));
  }
  if (put_.ok()) put_ = work_.around.sink(blocks);
  return success();
}

Status Course::take(const Wrote& wrote) {
  if (!work_.on_write) return fault(ErrorCode::kMalformed, "it tells what nobody wants to hear");
  work_.on_write(wrote.descriptor, wrote.bytes);
  return success();
}

Result<compute::Answer> Course::take(Ended& ended) {
  if (auto* failed = std::get_if<Ended::Failed>(&ended.how)) {
    return Error{failed->code, std::move(failed->message)};
  }
  if (ended.fuel_used > work_.budget.fuel ||
      ended.memory_bytes_peak > work_.call.memory_bytes_max) {
    return fault(ErrorCode::kMalformed, "it says that it used more than it had");
  }
  if (const auto* with = std::get_if<Ended::WithOutcome>(&ended.how)) {
    return answer_of(ended, *with);
  }
  auto& stopped = std::get<Ended::Stopped>(ended.how);
  compute::Answer answer(compute::object_cid(work_.digest));
  answer.metering = {work_.around.engine, ended.fuel_used, ended.memory_bytes_peak};
  answer.stopped = {stopped.reason, std::move(stopped.message)};
  return answer;
}

// Whether the node has what an Outcome names.
bool Course::holds(const std::optional<Cid>& cid) const {
  return !cid || reach_.has(*cid) || identity_data(*cid);
}

Result<compute::Answer> Course::answer_of(const Ended& ended, const Ended::WithOutcome& with) {
  auto outcome = compute::Outcome::decode(with.outcome);
  if (!outcome.ok()) return fault(ErrorCode::kMalformed, outcome.error().message);
  if (!holds(outcome->output) || !holds(outcome->stdout_written.file) ||
      !holds(outcome->stderr_written.file)) {
    return fault(ErrorCode::kMalformed, "its Outcome names what it has not put");
  }
  compute::Answer answer(compute::object_cid(work_.digest));
  answer.metering = {work_.around.engine, ended.fuel_used, ended.memory_bytes_peak};
  answer.trap_message = with.trap_message;
  answer.outcome = *std::move(outcome);
  answer.outcome_cid = compute::object_cid(sha256(with.outcome));
  return answer;
}

}  // namespace timerose::isolation
