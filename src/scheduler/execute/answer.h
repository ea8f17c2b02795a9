// A call's answer from one side to the other: what an executor makes of an execution for the wire,
// and what a requester makes of a Finish once it has checked it.
#pragma once

#include <variant>
#include <vector>

#include "base/result.h"
#include "blockstore/blockstore.h"
#include "compute/executor.h"
#include "multiformats/peer_id.h"
#include "scheduler/execute/executor_side.h"
#include "scheduler/execute/message.h"

namespace timerose::scheduler::execute {

// The largest block that travels with an offer or a result.
inline constexpr size_t kSmallBlockBytesMax = 64U << 10;

// Those of `roots` whose first block is here and small, as many as one message may carry.
std::vector<CarriedBlock> small_blocks(Blockstore& store, const std::vector<Cid>& roots);
// Checks blocks against their names and stores them: kMismatch for one that is not what it says.
Status store_blocks(Blockstore& store, const std::vector<CarriedBlock>& blocks);

// Executes `job` on this thread. `store` is read for blocks that travel with the result; `ours` is
// the key that signs.
struct Performed {
  std::variant<Finish, Failure> answer;
  uint64_t duration_ns = 0;
  uint64_t fuel_used = 0;
};
struct Means {
  compute::Runner* runner = nullptr;        // null: in this process
  wasm::OutputRoom* output_room = nullptr;  // null: as much as the guest likes
  wasm::Cancellation& cancellation;
  wasi::Context::OnWrite on_write;
};
Performed perform(compute::Executor& executor, Blockstore& store, const PublicKey& ours,
                  const Job& job, const Means& means);

// What is known here of the Invocation and may be told anyone: with the receipt of whoever executed
// it. Nothing without one.
std::optional<Finish> known_finish(compute::Executor& executor, Blockstore& store,
                                   const Cid& invocation);

// What a result must be the answer to.
struct Expected {
  Cid invocation;
  std::optional<PublicKey> executor;  // whose signature counts; nothing: anyone's
  bool receipt = false;
};
// Stores the blocks of a result, and gives the Answer. kMalformed or kMismatch for one that is not
// what it should be: of another Invocation, signed by another key, or with a wrong block.
Result<compute::Answer> check_finish(const Finish& finish, const Expected& expected,
                                     Blockstore& store);

// How an Answer says that a call was stopped; an Error for a failure that is no stop.
Result<compute::Answer> answer_of(const Failure& failure, const Cid& invocation);

}  // namespace timerose::scheduler::execute
