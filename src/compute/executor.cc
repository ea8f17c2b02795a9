#include "compute/executor.h"

#include <fmt/format.h>

#include <array>

#include "compute/execution.h"
#include "compute/place.h"
#include "compute/prepared_cache.h"
#include "compute/runner.h"
#include "compute/single_flight.h"
#include "ipld/dag_cbor.h"

namespace timerose::compute {
namespace {

wasm::Stopped too_little_fuel(uint64_t asked, uint64_t known) {
  return {
      wasm::StopReason::kFuel,
      fmt::format("a budget of {} fuel is too small: {} was not enough before; give more (--fuel)",
                  asked, known)};
}

Answer remembered_answer(const Sha256Digest& invocation, Remembered&& entry) {
  Answer answer(object_cid(invocation));
  answer.cached = true;
  answer.outcome_cid = object_cid(entry.outcome_digest);
  answer.outcome = std::move(entry.outcome);
  answer.metering = std::move(entry.metering);
  if (entry.receipt) answer.receipt = object_cid(*entry.receipt);
  return answer;
}

Remembered to_remember(const Answer& answer, const Sha256Digest& outcome) {
  Remembered entry;
  entry.outcome_digest = outcome;
  entry.outcome = *answer.outcome;
  entry.metering = answer.metering;
  return entry;
}

// The name of what this request alone is answered by; nothing without a runner, or if all may share
// what it says.
std::optional<MemoKey> own_name(const Request& request, const MemoKey& name) {
  if (request.runner == nullptr || !request.runner->scope()) return std::nullopt;
  return MemoKey{name.digest, name.place, &*request.runner->scope()};
}

Block block_of(Bytes bytes) { return Block::of_sha256(Codec::kDagCbor, std::move(bytes)); }

}  // namespace

struct Executor::State {
  explicit State(const Parts& the_parts)
      : parts(the_parts),
        prepared(parts.engine, parts.modules, parts.store),
        sink(unixfs::sink_into(parts.store)),
        engine(std::make_shared<const EngineName>(
            EngineName{parts.engine.version(), parts.engine.flags()})) {}

  // `call` is the canonical form of what `request` asks, `name` its name.
  Result<Answer> run(const Request& request, const Invocation& call, const MemoKey& name);
  Result<std::optional<Answer>> ask_memo(const Request& request, const MemoKey& name);
  Result<Answer> run_and_record(const Request& request, const Invocation& call,
                                const MemoKey& name);
  Result<std::optional<Answer>> ask_memo_for(const Request& request, const MemoKey& name);
  Result<Answer> execute_call(const Request& request, const Invocation& call, const MemoKey& name,
                              const unixfs::BlockSink& to);
  Status record_durably(const Invocation& call, Answer& answer, const MemoKey& name);

  Parts parts;
  PreparedCache prepared;
  SingleFlight flights;
  unixfs::BlockSink sink;
  std::shared_ptr<const EngineName> engine;
};

Executor::Executor(Parts parts) : state_(std::make_unique<State>(parts)) {}
Executor::~Executor() = default;

Result<Answer> Executor::run(const Request& request) {
  thread_local Bytes encoded;
  const uint64_t place = place_of(request.invocation);
  state_->parts.memo.prefetch(place);  // arrives while the rest of the name is made
  if (request.invocation.encode_into(encoded).ok()) {
    return state_->run(request, request.invocation, {sha256(encoded), place});
  }
  TR_ASSIGN(const Invocation canonical, request.invocation.canonical());
  TR_TRY(canonical.encode_into(encoded));
  return state_->run(request, canonical, {sha256(encoded), place_of(canonical)});
}

Result<std::optional<Answer>> Executor::known(const Invocation& call) {
  TR_ASSIGN(const Bytes encoded, call.encode());
  Remembered entry;
  const Sha256Digest digest = sha256(encoded);
  TR_ASSIGN(const bool known, state_->parts.memo.find({digest, place_of(call)}, entry));
  if (!known) return std::optional<Answer>();
  return std::optional(remembered_answer(digest, std::move(entry)));
}

bool Executor::is_warm(const Invocation& call) const { return state_->prepared.has(call); }

Result<std::optional<Answer>> Executor::State::ask_memo(const Request& request,
                                                        const MemoKey& name) {
  const std::optional<MemoKey> own = own_name(request, name);
  if (!own) return ask_memo_for(request, name);
  TR_ASSIGN(auto shared, ask_memo_for(request, name));
  if (shared) return shared;
  return ask_memo_for(request, *own);
}

Result<std::optional<Answer>> Executor::State::ask_memo_for(const Request& request,
                                                            const MemoKey& name) {
  Remembered entry;
  TR_ASSIGN(const bool known, parts.memo.find(name, entry));
  if (known) return std::optional(remembered_answer(name.digest, std::move(entry)));
  TR_ASSIGN(const std::optional<uint64_t> too_small, parts.memo.too_small(name, *engine));
  if (!too_small || *too_small < request.fuel) return std::optional<Answer>();
  Answer refusal(object_cid(name.digest));
  refusal.cached = true;
  refusal.stopped = too_little_fuel(request.fuel, *too_small);
  return std::optional(std::move(refusal));
}

Result<Answer> Executor::State::run(const Request& request, const Invocation& call,
                                    const MemoKey& name) {
  if (!request.use_memo) return run_and_record(request, call, name);
  const std::optional<MemoKey> own = own_name(request, name);
  const Sha256Digest flight = own ? scoped_digest(*own) : name.digest;
  const uint64_t start_ns = request.deadline_ms == 0 ? 0 : parts.clock.monotonic_ns();
  while (true) {
    TR_ASSIGN(std::optional<Answer> answer, ask_memo(request, name));
    if (answer) return *std::move(answer);
    if (const auto lead = flights.lead_or_wait(flight, request.deadline_ms)) {
      // Another flight may have ended between the question and the lead.
      TR_ASSIGN(answer, ask_memo(request, name));
      if (answer) return *std::move(answer);
      return run_and_record(request, call, name);
    }
    if (request.deadline_ms == 0) continue;
    if ((parts.clock.monotonic_ns() - start_ns) / 1'000'000 < request.deadline_ms) continue;
    Answer late(object_cid(name.digest));
    late.stopped = {wasm::StopReason::kDeadline,
                    fmt::format("the deadline of {} ms passed while another execution of the same "
                                "Invocation was running",
                                request.deadline_ms)};
    return late;
  }
}

Result<Answer> Executor::State::execute_call(const Request& request, const Invocation& call,
                                             const MemoKey& name, const unixfs::BlockSink& to) {
  const Budget budget{request.fuel, request.deadline_ms, request.cancellation, request.output_room};
  Blockstore& content = request.content != nullptr ? *request.content : parts.store;
  const Surroundings around{content, to, parts.clock, engine, parts.key.public_key()};
  Runner* const runner = request.runner != nullptr ? request.runner : parts.runner;
  if (runner != nullptr) {
    return runner->run(call, name.digest, budget, request.on_write, around);
  }
  TR_ASSIGN(const auto ready, prepared.get(call));
  return execute(*ready, call, name.digest, budget, request.on_write, around);
}

Result<Answer> Executor::State::run_and_record(const Request& request, const Invocation& call,
                                               const MemoKey& name) {
  TR_ASSIGN(Answer answer, execute_call(request, call, name, sink));
  const MemoKey kept = own_name(request, name).value_or(name);
  const bool durable = request.recording == Recording::kDurable;
  if (!answer.outcome) {
    if (answer.stopped->reason == wasm::StopReason::kFuel) {
      TR_TRY(parts.memo.remember_too_small(kept, *engine, request.fuel,
                                           durable ? Memo::Keep::kInTable : Memo::Keep::kInMemory));
    }
    return answer;
  }
  if (durable) {
    TR_TRY(record_durably(call, answer, kept));
    return answer;
  }
  TR_ASSIGN(const Sha256Digest outcome, object_digest(*answer.outcome_cid));
  TR_TRY(parts.memo.remember(kept, to_remember(answer, outcome), Memo::Keep::kInMemory));
  return answer;
}

// Blocks first and on stable storage, then the memo: what the memo names is there after a crash.
// The memo's own record may be lost with the power; then the call is executed once more.
Status Executor::State::record_durably(const Invocation& call, Answer& answer,
                                       const MemoKey& name) {
  TR_ASSIGN(Bytes invocation_bytes, call.encode());
  TR_ASSIGN(Bytes outcome_bytes, answer.outcome->encode());
  Receipt receipt(answer.invocation, *answer.outcome_cid);
  receipt.metering = answer.metering;
  receipt.circumstances = answer.circumstances;
  TR_TRY(receipt.sign(parts.key));
  TR_ASSIGN(Bytes receipt_bytes, receipt.encode());
  Remembered entry = to_remember(answer, sha256(outcome_bytes));
  entry.receipt = sha256(receipt_bytes);
  const std::array blocks{block_of(std::move(invocation_bytes)), block_of(std::move(outcome_bytes)),
                          block_of(std::move(receipt_bytes))};
  TR_TRY(parts.store.put(blocks));
  TR_TRY(parts.store.flush());
  answer.receipt = object_cid(*entry.receipt);
  return parts.memo.remember(name, entry, Memo::Keep::kInTable);
}

Status Executor::record(const Invocation& invocation, Answer& answer) {
  TR_ASSIGN(const Invocation call, invocation.canonical());
  TR_ASSIGN(const Bytes bytes, call.encode());
  const MemoKey name{sha256(bytes), place_of(call)};
  if (answer.invocation != object_cid(name.digest) || answer.cached || !answer.outcome) {
    return Error{ErrorCode::kInvalidArgument,
                 "only an execution's own Answer to this Invocation, with an Outcome, is recorded"};
  }
  return state_->record_durably(call, answer, name);
}

Result<Rerun> Executor::rerun(const Cid& invocation, uint64_t fuel, uint64_t deadline_ms,
                              wasm::Cancellation* cancellation) {
  TR_ASSIGN(const Sha256Digest digest, object_digest(invocation));
  TR_ASSIGN(Invocation loaded, load_invocation(state_->parts.store, invocation));
  Request request(std::move(loaded));
  request.fuel = fuel;
  request.deadline_ms = deadline_ms;
  request.cancellation = cancellation;
  const Invocation& call = request.invocation;
  const MemoKey name{digest, place_of(call)};
  Remembered entry;
  TR_ASSIGN(const bool known, state_->parts.memo.find(name, entry));
  TR_ASSIGN(Answer answer, state_->execute_call(request, call, name, unixfs::discard()));
  std::optional<Cid> remembered;
  if (known) remembered = object_cid(entry.outcome_digest);
  return Rerun{std::move(answer), std::move(remembered)};
}

}  // namespace timerose::compute
