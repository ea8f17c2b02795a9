// Carries one Request out on this node: memo, run, record, receipt.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "blockstore/blockstore.h"
#include "compute/invocation.h"
#include "compute/memo.h"
#include "compute/outcome.h"
#include "compute/receipt.h"
#include "crypto/key.h"
#include "wasm/call.h"
#include "wasm/engine.h"
#include "wasm/module.h"

namespace timerose::compute {

// An Invocation, and what can only decide whether and where its answer is reached.
struct Request {
  explicit Request(Invocation asked) : invocation(std::move(asked)) {}
  Invocation invocation;
  uint64_t fuel = kFuelDefault;
  uint64_t deadline_ms = 0;          // wall clock; 0: none
  bool use_memo = true;              // false: execute even if the answer is known
  wasi::Context::OnWrite on_write;   // output while the guest runs (not when answered by the memo)

  static constexpr uint64_t kFuelDefault = 1ULL << 40;
};

// How a Request ended. With an Outcome: it has a CID, is in the memo, and a Receipt was signed for
// the execution that gave it. Without: `stopped` says why (model.md: no Outcome then).
struct Answer {
  Cid invocation;
  bool cached = false;
  std::optional<Cid> outcome_cid;
  std::optional<Outcome> outcome;
  std::optional<wasm::Stopped> stopped;
  std::optional<Cid> receipt;
  Metering metering;                 // of the execution, this one or the remembered one
  std::string trap_message;          // for a person; not part of the Outcome
};

// Thread-safe. Everything it needs comes in by the constructor and must outlive it.
class Executor {
 public:
  struct Parts {
    Blockstore& store;
    Memo& memo;
    wasm::Engine& engine;
    wasm::ModuleCache& modules;
    const PrivateKey& key;
    Clock& clock;
  };
  explicit Executor(Parts parts);
  ~Executor();

  // An Error means that we failed or that the function cannot run (kUnsupported, kMalformed,
  // kNotFound for its module). What the guest did is in the Answer.
  Result<Answer> run(const Request& request);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace timerose::compute
