// One call carried out by another node, for a thread that waits for it.
#pragma once

#include "base/result.h"
#include "blockstore/blockstore.h"
#include "compute/executor.h"
#include "node/channel.h"
#include "node/network.h"
#include "node/repository.h"
#include "node/seen.h"

namespace timerose::node {

struct RemoteCall {
  explicit RemoteCall(compute::Request asked) : request(std::move(asked)) {}
  compute::Request request;  // its deadline is for the whole call, the way there and back included
  uint32_t priority = 1;
};

// Asks `executor`, to which there is a connection, and checks what it answers: its receipt, which
// is always asked for, and the blocks of the output that come with it, are in `store` then; the
// rest of the output stays there until it is read. `request.on_write` is given what the guest
// writes as far as it arrives in order while it runs; `seen` says how much of each stream that was.
// kPermission, kBusy, kUnsupported, kMalformed or kLimitExceeded if it does not take the call,
// kNotFound if it is lost.
Result<compute::Answer> call_at(Network& network, Blockstore& store, const PeerId& executor,
                                const RemoteCall& call, const std::atomic<bool>* cancel,
                                Seen& seen);

// Keeps the Answer of another node as if the call had run here.
Status remember(Repository& repository, const compute::Invocation& invocation,
                const compute::Answer& answer);

}  // namespace timerose::node
