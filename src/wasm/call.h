// Running one guest: a fresh sandbox, one call, everything it did as a value.
//
// A Prepared function has its module compiled, its imports resolved and its ABI chosen; it is made
// once and called many times, from any thread. run() is the hot path: microseconds, no allocation
// from the system, no lock shared between threads on the way.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "blockstore/blockstore.h"
#include "unixfs/importer.h"
#include "unixfs/layout.h"
#include "wasm/cancellation.h"
#include "wasm/guest.h"
#include "wasm/module.h"
#include "wasm/output_room.h"
#include "wasm/wasi/context.h"

namespace timerose::wasm {

// What is fixed when a function is prepared.
struct Target {
  std::shared_ptr<const Module> module;
  Abi abi = Abi::kWasi;
  std::string entry;  // "_start" for wasi; the function's export name for fan and timerose
  std::map<std::string, std::shared_ptr<const Module>> links;  // satisfy imports from these names
};

// What differs from call to call. Views must outlive run().
struct Call {
  wasi::World world;              // args, env, inputs, mounts, stdin, random_key
  uint64_t memory_bytes_max = 0;  // all linear memories together; memory.grow fails beyond
  uint32_t table_elements_max = 1U << 20;
  uint64_t output_bytes_max = 1ULL << 30;
  wasi::Limits wasi_limits;
  uint64_t fuel = UINT64_MAX;  // stopped at this; not visible to the guest
  uint64_t deadline_ms = 0;    // wall clock of this run; 0: none
  Cancellation* cancellation = nullptr;
  unixfs::Layout layout;              // how outputs are written
  wasi::Context::OnWrite on_write;    // optional
  OutputRoom* output_room = nullptr;  // for what the guest writes; null: as much as it likes
};

// The WebAssembly kinds of trap, named as model.md's Outcome stores them.
enum class TrapKind {
  kUnreachable,
  kMemoryOutOfBounds,
  kTableOutOfBounds,
  kIndirectCallToNull,
  kBadSignature,
  kIntegerOverflow,
  kIntegerDivisionByZero,
  kBadConversionToInteger,
  kNullReference,
  kArrayOutOfBounds,
  kUncaughtException,
  kCastFailure,
  kHost,  // an ABI was misused; the message says how
  kOther,
};
const char* trap_kind_name(TrapKind kind);  // "unreachable", "memory_out_of_bounds", ...

struct Trap {
  TrapKind kind = TrapKind::kOther;
  std::string message;  // for a person, with the guest's back-trace where there is one
};

using Ending = std::variant<Exit, Trap, Stopped>;

struct CallResult {
  Ending ending;
  // The output as the ABI defines it: a UnixFS directory (wasi with /out), else a UnixFS file.
  // Absent after a trap or a stop.
  std::optional<unixfs::Imported> output;
  Bytes stdout_bytes;
  Bytes stderr_bytes;
  uint64_t fuel_used = 0;
  uint64_t memory_bytes_peak = 0;
};

class Prepared {
 public:
  // Resolves every import now: kUnsupported names each one that nothing satisfies.
  static Result<std::unique_ptr<Prepared>> create(Engine& engine, Target target);
  ~Prepared();

  // Blocks are read from `store`; output blocks go to `sink`. An Error only for what is our own
  // failure (the sink's disk is full); everything the guest does is in the CallResult.
  Result<CallResult> run(const Call& call, Blockstore& store, const unixfs::BlockSink& sink) const;

 private:
  struct State;
  explicit Prepared(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace timerose::wasm
