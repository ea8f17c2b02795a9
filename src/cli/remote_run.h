// `run --at PEER`: a call that another node carries out.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/answer.h"
#include "cli/session.h"
#include "compute/executor.h"

namespace timerose::cli {

// Shows the answer as a run here does, what the guest writes while it runs included; gives the exit
// code. The answer is remembered if the peer is trusted as an executor.
Result<int> run_at(Session& session, const std::string& peer, compute::Request request,
                   wasm::Abi abi, Show show);

}  // namespace timerose::cli
