// One execution of a canonical Invocation: from the value to what the engine runs, and from what it
// did to an Answer. Records nothing.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "blockstore/blockstore.h"
#include "compute/executor.h"
#include "unixfs/importer.h"
#include "wasm/call.h"

namespace timerose::compute {

// What an execution takes from its surroundings; all must outlive it.
struct Surroundings {
  Blockstore& store;              // content is read from here
  const unixfs::BlockSink& sink;  // outputs are written here
  Clock& clock;
  const std::shared_ptr<const EngineName>& engine;
  const PublicKey& executor;
};

struct Budget {
  uint64_t fuel = 0;
  uint64_t deadline_ms = 0;  // 0: none
  wasm::Cancellation* cancellation = nullptr;
  wasm::OutputRoom* output_room = nullptr;  // null: as much as the guest likes
};

// Runs `call`, whose digest is `digest`. The Answer has an Outcome with its CID, or says why it was
// stopped; an Error is our own failure.
Result<Answer> execute(const wasm::Prepared& prepared, const Invocation& call,
                       const Sha256Digest& digest, const Budget& budget,
                       const wasi::Context::OnWrite& on_write, const Surroundings& around);

// The key of a guest's randomness. The seed is in the Invocation, so its digest holds all there is.
std::array<uint8_t, 32> random_key_of(const Sha256Digest& invocation);

}  // namespace timerose::compute
