#include "isolation/course.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "compute/memo.h"

namespace timerose::isolation {
namespace {

// A longer deadline is none.
constexpr uint64_t kDeadlineMsMax = 1ULL << 40;

bool is_part_of(const compute::Invocation& call, const Cid& module) {
  if (call.module == module) return true;
  for (const auto& [name, linked] : call.links) {
    if (linked == module) return true;
  }
  return false;
}

}  // namespace

Error Course::fail(Fault fault, std::string message) {
  fault_ = fault;
  return {ErrorCode::kInternal, std::move(message)};
}

// One that check_time() gave has its fault already.
Error Course::channel_failed(const Error& error) {
  if (fault_ != Fault::kNone) return error;
  return fail(error.code == ErrorCode::kIo ? Fault::kGone : Fault::kLie, error.message);
}

Status Course::check_cancelled(uint64_t now_ns) {
  const uint64_t cancelled_ns = cancelled_ns_.load();
  if (cancelled_ns == 0) return success();
  if (!excused_when_cancelled_ns_) excused_when_cancelled_ns_ = excused_ns_;
  const uint64_t excused_ns = excused_ns_ - *excused_when_cancelled_ns_;
  if (now_ns <= cancelled_ns + kGraceNs + excused_ns) return success();
  if (compiling_ && !compiling_->is_over) {
    return fail(Fault::kGivenUp, "the call was cancelled while its function was compiled");
  }
  return fail(Fault::kLate, "it did not stop when the call was cancelled");
}

Status Course::check_time() {
  const uint64_t now_ns = parts_.clock.monotonic_ns();
  TR_TRY(check_cancelled(now_ns));
  if (compiling_ && !compiling_->is_over) {
    if (compiled_ns_ + (now_ns - compiling_->since_ns) <= parts_.compile_ns_max) return success();
    return fail(Fault::kCompiledTooLong,
                fmt::format("it compiled the function for more than {} s",
                            static_cast<double>(parts_.compile_ns_max) / 1e9));
  }
  const uint64_t deadline_ns = std::min(work_.budget.deadline_ms, kDeadlineMsMax) * 1'000'000;
  if (deadline_ns != 0 && now_ns - begun_ns_ > deadline_ns + kGraceNs + excused_ns_) {
    return fail(Fault::kLate, "it did not stop at the call's deadline");
  }
  return success();
}

void Course::end_compiling() {
  if (!compiling_ || compiling_->is_over) return;
  compiling_->is_over = true;
  const uint64_t took_ns = parts_.clock.monotonic_ns() - compiling_->since_ns;
  compiled_ns_ += took_ns;
  excused_ns_ += took_ns;
}

Status Course::send(const ToWorker& message, int descriptor) {
  auto sent = parts_.channel.send(encode(message), [this] { return check_time(); }, descriptor);
  if (!sent.ok()) return channel_failed(sent.error());
  return sent;
}

Result<FromWorker> Course::receive() {
  const auto rest = parts_.channel.receive([this] { return check_time(); });
  if (!rest.ok()) return channel_failed(rest.error());
  TR_TRY(check_time());
  end_compiling();
  auto message = decode_from_worker(*rest);
  if (!message.ok()) return fail(Fault::kLie, message.error().message);
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
    excused_ns_ += parts_.clock.monotonic_ns() - from_ns;
  }
}

Status Course::take(const Hello& /*hello*/) { return fail(Fault::kLie, "it said hello twice"); }

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
    return fail(Fault::kLie, "it wants the code of another function");
  }
  // Not by a guest that has broken out.
  if (!handed_out_.insert(want.module).second) {
    return fail(Fault::kLie, "it wants the same code twice");
  }
  const auto module = work_.codes.get(want.module);
  if (!module.ok()) {
    return send(GiveCode{GiveCode::What::kNothing, module.error().code, module.error().message});
  }
  if (module->form == CodeSource::Module::Form::kCompiled) {
    return send(GiveCode{GiveCode::What::kCompiled, {}, {}}, module->file->get());
  }
  TR_TRY(send(GiveCode{GiveCode::What::kBinary, {}, {}}, module->file->get()));
  compiling_ = Compiling{want.module, module->file, parts_.clock.monotonic_ns()};
  return success();
}

Status Course::take(const WantRoom& want) {
  wasm::OutputRoom* const room = work_.budget.output_room;
  const Status taken = room == nullptr ? success() : room->take(want.bytes);
  if (taken.ok()) return send(GiveRoom{});
  return send(GiveRoom{false, taken.error().code, taken.error().message});
}

Status Course::take(const Compiled& /*compiled*/) {
  if (!compiling_) return fail(Fault::kLie, "it compiled what it was not given");
  // Runs count from 1.
  const auto maker = parts_.number == 1 ? CodeSource::Maker::kFresh : CodeSource::Maker::kUsed;
  work_.codes.keep(compiling_->module, std::move(compiling_->file), maker);
  compiling_.reset();
  return success();
}

Status Course::take(PutBlocks& put) {
  std::vector<Block> blocks;
  for (PutBlocks::One& one : put.blocks) {
    bytes_put_ += one.bytes.size() + kPutBlockBytes;
    auto block = Block::verify(one.cid, std::move(one.bytes));
    if (!block.ok()) return fail(Fault::kLie, block.error().message);
    reach_.put(block->cid());
    blocks.push_back(*std::move(block));
  }
  if (bytes_put_ > parts_.put_bytes_max) {
    return fail(Fault::kLie,
                fmt::format("it put more than {} bytes of blocks", parts_.put_bytes_max));
  }
  if (put_.ok()) put_ = work_.around.sink(blocks);
  return success();
}

Status Course::take(const Wrote& wrote) {
  if (!work_.on_write) return fail(Fault::kLie, "it tells what nobody wants to hear");
  work_.on_write(wrote.descriptor, wrote.bytes);
  return success();
}

Result<compute::Answer> Course::take(Ended& ended) {
  if (auto* failed = std::get_if<Ended::Failed>(&ended.how)) {
    return Error{failed->code, std::move(failed->message)};
  }
  if (ended.fuel_used > work_.budget.fuel ||
      ended.memory_bytes_peak > work_.call.memory_bytes_max) {
    return fail(Fault::kLie, "it says that it used more than it had");
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
  if (!outcome.ok()) return fail(Fault::kLie, outcome.error().message);
  if (!holds(outcome->output) || !holds(outcome->stdout_written.file) ||
      !holds(outcome->stderr_written.file)) {
    return fail(Fault::kLie, "its Outcome names what it has not put");
  }
  compute::Answer answer(compute::object_cid(work_.digest));
  answer.metering = {work_.around.engine, ended.fuel_used, ended.memory_bytes_peak};
  answer.trap_message = with.trap_message;
  answer.outcome = *std::move(outcome);
  answer.outcome_cid = compute::object_cid(sha256(with.outcome));
  return answer;
}

}  // namespace timerose::isolation
