#include "node/remote_call.h"

#include <fmt/format.h>
#include <unistd.h>

#include "compute/place.h"
#include "scheduler/execute/answer.h"

namespace timerose::node {
namespace {

namespace execute = scheduler::execute;

// The executor, and this node's own side, end a call that takes too long: there is no other limit.
constexpr uint64_t kForEverMs = 1ULL << 40;

ErrorCode code_of(execute::RefuseReason reason) {
  switch (reason) {
    case execute::RefuseReason::kStranger:
      return ErrorCode::kPermission;
    case execute::RefuseReason::kStopping:
      return ErrorCode::kBusy;
    case execute::RefuseReason::kMalformed:
      return ErrorCode::kMalformed;
    case execute::RefuseReason::kLimit:
      return ErrorCode::kLimitExceeded;
    case execute::RefuseReason::kConflict:
      return ErrorCode::kInternal;
  }
  return ErrorCode::kInternal;
}

void show(const execute::Log& log, const wasi::Context::OnWrite& on_write, Seen& seen) {
  const bool is_stdout = log.stream == execute::Written::kStdout;
  uint64_t& shown = is_stdout ? seen.stdout_bytes : seen.stderr_bytes;
  if (!on_write || log.position != shown) return;
  on_write(is_stdout ? STDOUT_FILENO : STDERR_FILENO, log.bytes);
  shown += log.bytes.size();
}

// What an Update that ends the call comes to.
class Ending {
 public:
  Ending(Blockstore& store, execute::Expected expected)
      : store_(store), expected_(std::move(expected)) {}

  Result<compute::Answer> operator()(const execute::Finish& finish) const {
    return execute::check_finish(finish, expected_, store_);
  }
  Result<compute::Answer> operator()(const execute::Failure& failure) const {
    return execute::answer_of(failure, expected_.invocation);
  }
  Result<compute::Answer> operator()(const execute::Refuse& refuse) const {
    return Error{code_of(refuse.reason),
                 fmt::format("refused ({}): {}", execute::refuse_reason_name(refuse.reason),
                             refuse.message)};
  }
  Result<compute::Answer> operator()(const execute::Busy& busy) const {
    return Error{ErrorCode::kBusy, "the executor is busy: " + busy.message};
  }
  Result<compute::Answer> operator()(const execute::Lost& lost) const {
    return Error{ErrorCode::kNotFound, lost.message};
  }
  template <typename Other>
  Result<compute::Answer> operator()(const Other& /*more*/) const {
    return Error{ErrorCode::kInternal, "the call ended by what does not end it"};
  }

 private:
  Blockstore& store_;
  execute::Expected expected_;
};

Result<execute::Offer> offer_of(const RemoteCall& call, Blockstore& store) {
  TR_ASSIGN(const compute::Invocation canonical, call.request.invocation.canonical());
  execute::Offer offer;
  TR_ASSIGN(offer.invocation, canonical.encode());
  if (offer.invocation.size() > execute::kInvocationBytesMax) {
    return Error{ErrorCode::kLimitExceeded,
                 fmt::format("the call's arguments and names are {} bytes, but at most {} go to "
                             "another node; put them into an input",
                             offer.invocation.size(), execute::kInvocationBytesMax)};
  }
  offer.fuel = call.request.fuel;
  offer.deadline_ms = call.request.deadline_ms;
  offer.priority = call.priority;
  offer.fresh = !call.request.use_memo;
  offer.logs = static_cast<bool>(call.request.on_write);
  offer.receipt = true;
  offer.blocks = execute::small_blocks(store, execute::roots_of(canonical));
  return offer;
}

}  // namespace

Result<compute::Answer> call_at(Network& network, Blockstore& store, const PeerId& executor,
                                const RemoteCall& call, const std::atomic<bool>* cancel,
                                Seen& seen) {
  TR_ASSIGN(execute::Offer offer, offer_of(call, store));
  TR_ASSIGN(const PublicKey key, executor.public_key());
  const Ending ending(store,
                      {Cid::of_sha256(Codec::kDagCbor, offer.invocation), key, offer.receipt});
  auto updates = std::make_shared<Channel<execute::Update>>(Ask{kForEverMs, cancel});
  const auto number = network.execution().ask(
      executor, std::move(offer),
      [updates](execute::Update update) { updates->push(std::move(update)); });
  while (true) {
    auto update = updates->only();
    if (!update.ok()) {
      network.execution().give_up(number);
      return std::move(update).error();
    }
    if (const auto* log = std::get_if<execute::Log>(&*update)) {
      show(*log, call.request.on_write, seen);
    } else if (!std::holds_alternative<execute::Accept>(*update)) {
      auto answer = std::visit(ending, *update);
      if (answer.ok()) return answer;
      return std::move(answer).error().within(executor.to_string());
    }
  }
}

Status remember(Repository& repository, const compute::Invocation& invocation,
                const compute::Answer& answer) {
  TR_ASSIGN(const compute::Invocation call, invocation.canonical());
  TR_ASSIGN(Bytes bytes, call.encode());
  const compute::MemoKey name{sha256(bytes), compute::place_of(call)};
  compute::Remembered entry;
  TR_ASSIGN(entry.outcome_digest, compute::object_digest(*answer.outcome_cid));
  entry.outcome = *answer.outcome;
  entry.metering = answer.metering;
  if (answer.receipt) {
    TR_ASSIGN(entry.receipt, compute::object_digest(*answer.receipt));
  }
  TR_ASSIGN(auto* store, repository.blockstore());
  TR_TRY(store->put(Block::of_sha256(Codec::kDagCbor, std::move(bytes))));
  TR_TRY(store->flush());
  TR_ASSIGN(auto* memo, repository.memo());
  TR_TRY(memo->remember(name, entry, compute::Memo::Keep::kInTable));
  return memo->flush();
}

}  // namespace timerose::node
