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

class Runner;

// What is kept of an execution before run() returns.
enum class Recording {
  kDurable,  // Invocation, Outcome and a signed Receipt as blocks, the memo in its Table, one flush
  kInMemory,  // the memo in memory; no signature (which costs more than a small call) and no disk
};

// An Invocation, and what can only decide whether and where its answer is reached.
struct Request {
  explicit Request(Invocation asked) : invocation(std::move(asked)) {}
  Invocation invocation;
  uint64_t fuel = kFuelDefault;
  uint64_t deadline_ms = 0;  // wall clock; 0: none
  bool use_memo = true;      // false: execute even if the answer is known
  Recording recording = Recording::kDurable;
  wasm::Cancellation* cancellation =
      nullptr;                              // ends an execution of ours, not the wait for another
  wasm::OutputRoom* output_room = nullptr;  // for what the guest writes; null: as much as it likes
  // What the guest reads, in place of the executor's store: one that fetches as the requester says.
  Blockstore* content = nullptr;
  // Runs the guest in place of the executor's own. Its answers are remembered for its scope alone.
  Runner* runner = nullptr;
  wasi::Context::OnWrite on_write;  // output while the guest runs (not when answered by the memo)

  static constexpr uint64_t kFuelDefault = 1ULL << 40;
};

// How a Request ended. With an Outcome: it has a CID and is in the memo, and if recording was
// durable a Receipt was signed for the execution that gave it. Without: `stopped` says why
// (model.md: no Outcome then).
struct Answer {
  explicit Answer(Cid invocation_cid) : invocation(std::move(invocation_cid)) {}
  Cid invocation;
  bool cached = false;
  std::optional<Cid> outcome_cid;
  std::optional<Outcome> outcome;
  std::optional<wasm::Stopped> stopped;
  std::optional<Cid> receipt;
  Metering metering;            // of the execution, this one or the remembered one
  Circumstances circumstances;  // of this execution; empty if cached
  std::string trap_message;     // for a person; not part of the Outcome; empty if cached
};

// What executing an Invocation again showed.
struct Rerun {
  Answer answer;                  // of the new execution; nothing of it is recorded
  std::optional<Cid> remembered;  // the Outcome that the memo has; absent if it has none
  // Whether both are there and the same.
  [[nodiscard]] bool same() const { return remembered && answer.outcome_cid == remembered; }
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
    Runner* runner = nullptr;  // of requests that have none; null: this process
  };
  explicit Executor(Parts parts);
  ~Executor();

  // The Invocation is made canonical first. Requests for one Invocation that use the memo share one
  // execution. An Error means that we failed or that the function cannot run (kUnsupported,
  // kMalformed, kNotFound for its module). What the guest did is in the Answer.
  Result<Answer> run(const Request& request);

  // The remembered answer to an Invocation in canonical form, as far as all may be told: nothing is
  // executed.
  Result<std::optional<Answer>> known(const Invocation& call);
  // Whether calls of this function need neither compile nor load it.
  [[nodiscard]] bool is_warm(const Invocation& call) const;

  // Executes a stored Invocation without the memo and compares. kNotFound if its block is not here.
  Result<Rerun> rerun(const Cid& invocation, uint64_t fuel = Request::kFuelDefault,
                      uint64_t deadline_ms = 0, wasm::Cancellation* cancellation = nullptr);

  // Makes durable what run() recorded in memory: as Recording::kDurable does; sets
  // `answer.receipt`. `answer` must be the uncached Answer, with an Outcome, to `invocation`.
  Status record(const Invocation& invocation, Answer& answer);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace timerose::compute
