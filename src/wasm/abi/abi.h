// The three ways to call a guest: how inputs go in, which function runs, what the output is.
#pragma once

#include <optional>
#include <string>

#include "wasm/call.h"
#include "wasm/session.h"

namespace timerose::wasm::abi {

struct Finished {
  Ending ending;
  std::optional<unixfs::Imported> output;  // only with an Exit
};

// Checked when a function is prepared: kUnsupported or kInvalidArgument says what the entry should
// be, and what the module exports.
Status check_entry(const Module& module, Abi abi, const std::string& entry);

// Each calls `entry` of the session's instance. An Error is a failure of ours.
Result<Finished> run_wasi(Session& session, const std::string& entry);
Result<Finished> run_fan(Session& session, const std::string& entry, size_t lengths);
Result<Finished> run_timerose(Session& session, const std::string& entry);

// Calls a function without parameters; its i32 result, if it has one, is the exit code.
Ending call_main(Session& session, const std::string& entry);

}  // namespace timerose::wasm::abi
