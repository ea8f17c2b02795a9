// How the answer to a call is shown: the guest's own output, CIDs, JSON, and the exit code.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/program/session.h"
#include "compute/executor.h"
#include "node/seen.h"
#include "wasm/cancellation.h"

namespace timerose::cli {

enum class Show { kText, kCid, kJson };

// The guest's exit code (its low 8 bits), 134 after a trap, and for a call that was stopped 124
// (fuel, deadline), 127 (data that is not there), 134 (the stack ran out) or 125.
int exit_code_of(const compute::Answer& answer);

// 126 for what cannot run, 127 for what is not there, else 125.
int exit_code_of(const Error& error);

// Shows guest output as it is written: standard error always, standard output for kText. A guest
// goes on where standard output takes no more, as its output is in the Outcome; but where the
// reader has gone nobody waits for it, and `guest` is cancelled, if it is given.
class LiveOutput {
 public:
  LiveOutput(const Streams& streams, Show show, wasm::Cancellation* guest = nullptr);

  [[nodiscard]] const wasi::Context::OnWrite& on_write() const { return on_write_; }
  // Between calls of on_write: why standard output has not all that was to be shown.
  [[nodiscard]] Status status() const;
  // The same, only if the reader has gone.
  [[nodiscard]] Status reader() const;

 private:
  Streams streams_;
  std::shared_ptr<std::optional<Error>> failure_;
  wasi::Context::OnWrite on_write_;
};

// Shows what is not seen yet once the call has ended. Blocks that are not here are fetched. What
// explains its placement, as JSON, becomes part of kJson.
Status show_answer(Session& session, const compute::Answer& answer, wasm::Abi abi, Show show,
                   const node::Seen& seen, const std::string& explanation = "");

// The rest of what a guest wrote to its standard streams.
Status show_written(Session& session, const compute::Outcome& outcome, const node::Seen& seen);

// Says whether executing again gave the same Outcome; the exit code is 1 if it did not.
Result<int> show_rerun(Session& session, const compute::Rerun& rerun, Show show);

}  // namespace timerose::cli
