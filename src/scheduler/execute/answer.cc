#include "scheduler/execute/answer.h"

#include <fmt/format.h>

namespace timerose::scheduler::execute {
namespace {

using Given = std::variant<Finish, Failure>;

FailureKind kind_of(wasm::StopReason reason) {
  switch (reason) {
    case wasm::StopReason::kFuel:
      return FailureKind::kFuel;
    case wasm::StopReason::kStack:
      return FailureKind::kStack;
    case wasm::StopReason::kDeadline:
      return FailureKind::kDeadline;
    case wasm::StopReason::kCancelled:
      return FailureKind::kCancelled;
    case wasm::StopReason::kMissingBlock:
      return FailureKind::kMissingBlock;
    case wasm::StopReason::kLimit:
      return FailureKind::kLimit;
    case wasm::StopReason::kInternal:
      return FailureKind::kInternal;
  }
  return FailureKind::kInternal;
}

FailureKind kind_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotFound:
    case ErrorCode::kMismatch:
      return FailureKind::kMissingBlock;
    case ErrorCode::kUnsupported:
    case ErrorCode::kMalformed:
    case ErrorCode::kInvalidArgument:
      return FailureKind::kUnsupported;
    case ErrorCode::kCancelled:
      return FailureKind::kCancelled;
    default:
      return FailureKind::kInternal;
  }
}

// The receipt that this node signed, if it has one of this answer.
Result<Bytes> own_receipt(Blockstore& store, const PublicKey& ours, const compute::Answer& answer) {
  if (!answer.receipt) return Bytes();
  const auto block = store.get(*answer.receipt);
  if (!block.ok()) return Bytes();
  TR_ASSIGN(const auto receipt, compute::Receipt::decode(block->view()));
  if (receipt.circumstances.executor != ours) return Bytes();
  return to_bytes(block->view());
}

Result<Given> finish_of(Blockstore& store, const PublicKey& ours, const Job& job,
                        const compute::Answer& answer) {
  Finish finish;
  finish.cached = answer.cached;
  TR_ASSIGN(finish.outcome, answer.outcome->encode());
  if (job.receipt) {
    TR_ASSIGN(finish.receipt, own_receipt(store, ours, answer));
  }
  if (answer.outcome->output) finish.blocks = small_blocks(store, {*answer.outcome->output});
  return Given(std::move(finish));
}

Result<Given> perform_once(compute::Executor& executor, Blockstore& store, const PublicKey& ours,
                           const Job& job, const compute::Request& request, Performed& performed) {
  TR_ASSIGN(const compute::Answer answer, executor.run(request));
  if (!answer.cached) {
    performed.duration_ns += answer.circumstances.duration_ns;
    performed.fuel_used += answer.metering.fuel_used;
  }
  if (answer.outcome) return finish_of(store, ours, job, answer);
  const wasm::Stopped stopped = answer.stopped.value_or(wasm::Stopped());
  return Given(Failure{0, kind_of(stopped.reason), stopped.message});
}

}  // namespace

std::vector<CarriedBlock> small_blocks(Blockstore& store, const std::vector<Cid>& roots) {
  std::vector<CarriedBlock> blocks;
  size_t bytes = 0;
  for (const Cid& root : roots) {
    if (blocks.size() == kBlocksMax) break;
    const auto size = store.size(root);
    if (!size.ok() || *size > kSmallBlockBytesMax || bytes + *size > kBlocksBytesMax) continue;
    const auto data = store.get(root);
    if (!data.ok()) continue;
    bytes += data->size();
    blocks.push_back({root, to_bytes(data->view())});
  }
  return blocks;
}

Status store_blocks(Blockstore& store, const std::vector<CarriedBlock>& blocks) {
  std::vector<Block> checked;
  checked.reserve(blocks.size());
  for (const CarriedBlock& block : blocks) {
    TR_ASSIGN(Block good, Block::verify(block.cid, block.bytes));
    checked.push_back(std::move(good));
  }
  return checked.empty() ? success() : store.put(checked);
}

Performed perform(compute::Executor& executor, Blockstore& store, const PublicKey& ours,
                  const Job& job, const Means& means) {
  compute::Request request(job.invocation);
  request.fuel = job.fuel;
  request.use_memo = !job.fresh;
  request.recording = job.receipt ? compute::Recording::kDurable : compute::Recording::kInMemory;
  request.cancellation = &means.cancellation;
  request.on_write = means.on_write;
  request.runner = means.runner;
  request.output_room = means.output_room;
  Performed performed;
  auto given = perform_once(executor, store, ours, job, request, performed);
  const auto* finish = given.ok() ? std::get_if<Finish>(&*given) : nullptr;
  if (finish != nullptr && job.receipt && finish->receipt.empty()) {
    // Known, but not by a receipt of ours: only an execution is signed.
    request.use_memo = false;
    given = perform_once(executor, store, ours, job, request, performed);
  }
  if (given.ok()) {
    performed.answer = *std::move(given);
  } else {
    performed.answer = Failure{0, kind_of(given.error().code), given.error().message};
  }
  return performed;
}

std::optional<Finish> known_finish(compute::Executor& executor, Blockstore& store,
                                   const Cid& invocation) {
  const auto call = compute::load_invocation(store, invocation);
  if (!call.ok()) return std::nullopt;
  const auto answer = executor.known(*call);
  if (!answer.ok() || !*answer || !(*answer)->receipt) return std::nullopt;
  const auto receipt = store.get(*(*answer)->receipt);
  auto outcome = (*answer)->outcome->encode();
  if (!receipt.ok() || !outcome.ok()) return std::nullopt;
  Finish finish;
  finish.cached = true;
  finish.outcome = *std::move(outcome);
  finish.receipt = to_bytes(receipt->view());
  if (const auto& output = (*answer)->outcome->output)
    finish.blocks = small_blocks(store, {*output});
  return finish;
}

Result<compute::Answer> check_finish(const Finish& finish, const Expected& expected,
                                     Blockstore& store) {
  compute::Answer answer(expected.invocation);
  answer.cached = finish.cached;
  auto decoded = compute::Outcome::decode(finish.outcome);
  if (!decoded.ok()) {
    return Error{ErrorCode::kMismatch, "the executor sent no outcome: " + decoded.error().message};
  }
  answer.outcome = *std::move(decoded);
  Block outcome = Block::of_sha256(Codec::kDagCbor, finish.outcome);
  answer.outcome_cid = outcome.cid();
  std::vector<Block> blocks{std::move(outcome)};
  if (expected.receipt && finish.receipt.empty()) {
    return Error{ErrorCode::kMismatch, "the executor sent no receipt, though one was asked for"};
  }
  if (!finish.receipt.empty()) {
    TR_ASSIGN(const auto receipt, compute::Receipt::decode(finish.receipt));
    if (receipt.invocation != expected.invocation || receipt.outcome != *answer.outcome_cid) {
      return Error{ErrorCode::kMismatch, "the receipt is that of another call"};
    }
    if (expected.executor && receipt.circumstances.executor != *expected.executor) {
      return Error{ErrorCode::kMismatch, fmt::format("the receipt is signed by {}, not by {}",
                                                     did_key_format(receipt.circumstances.executor),
                                                     did_key_format(*expected.executor))};
    }
    TR_TRY(receipt.verify());
    answer.metering = receipt.metering;
    answer.circumstances = receipt.circumstances;
    Block block = Block::of_sha256(Codec::kDagCbor, finish.receipt);
    answer.receipt = block.cid();
    blocks.push_back(std::move(block));
  }
  TR_TRY(store_blocks(store, finish.blocks));
  TR_TRY(store.put(blocks));
  return answer;
}

Result<compute::Answer> answer_of(const Failure& failure, const Cid& invocation) {
  using wasm::StopReason;
  compute::Answer answer(invocation);
  const auto stopped = [&](StopReason reason) {
    answer.stopped = wasm::Stopped{reason, failure.message};
    return answer;
  };
  switch (failure.kind) {
    case FailureKind::kFuel:
      return stopped(StopReason::kFuel);
    case FailureKind::kStack:
      return stopped(StopReason::kStack);
    case FailureKind::kDeadline:
      return stopped(StopReason::kDeadline);
    case FailureKind::kCancelled:
      return stopped(StopReason::kCancelled);
    case FailureKind::kMissingBlock:
      return stopped(StopReason::kMissingBlock);
    case FailureKind::kLimit:
      return stopped(StopReason::kLimit);
    case FailureKind::kInternal:
      return stopped(StopReason::kInternal);
    case FailureKind::kUnsupported:
      break;
  }
  return Error{ErrorCode::kUnsupported, failure.message};
}

}  // namespace timerose::scheduler::execute
