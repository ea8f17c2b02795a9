// The timerose ABI: a small set of host functions for code that wants speed. Reference:
// docs/reference/abi-timerose.md and timerose.wit.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "blockstore/blockstore.h"
#include "crypto/keystream.h"
#include "unixfs/importer.h"
#include "unixfs/layout.h"
#include "unixfs/reader.h"
#include "wasm/abi/output_file.h"
#include "wasm/guest.h"
#include "wasm/output_room.h"
#include "wasm/wasi/context.h"

namespace timerose::wasm::abi {

// What the functions act on: the inputs, read lazily, and what the guest wrote.
class TimeroseContext {
 public:
  struct Limits {
    uint64_t output_bytes_max = 0;
    uint64_t log_bytes_max = 0;
  };
  // What comes by reference must outlive it.
  struct Parts {
    const wasi::World& world;
    Blockstore& blocks;
    const unixfs::Layout& layout;
    const unixfs::BlockSink& sink;
    const wasi::Context::OnWrite& on_write;
    OutputRoom* output_room;  // for the log; null: as much as it likes
  };
  TimeroseContext(const Parts& parts, Limits limits);

  [[nodiscard]] const wasi::World& world() const { return parts_.world; }
  // The input, opened at its first use. `index` is less than the number of inputs.
  Result<unixfs::FileReader*> input(size_t index);
  [[nodiscard]] Keystream& random() { return random_; }

  // kLimitExceeded if the output would be over its limit; else an error is the sink's.
  Status write_output(ByteView piece);
  // What is over the limit is dropped. Why the call must end, if it must.
  std::optional<Stopped> write_log(ByteView piece);

  // The output, all of it written.
  Result<unixfs::Imported> finish_output();
  // Whether the sink failed: then the call has no outcome, it is our failure.
  [[nodiscard]] const Status& sink_failure() const { return sink_failure_; }
  Bytes take_log() { return std::move(log_); }

 private:
  Parts parts_;
  Limits limits_;
  std::vector<std::optional<unixfs::FileReader>> inputs_;
  Keystream random_;
  OutputFile output_;
  Status sink_failure_;
  Bytes log_;
  HeldOutput held_;
};

// Module "timerose"; sorted by name.
std::span<const HostFunction<TimeroseContext>> timerose_functions();

}  // namespace timerose::wasm::abi
