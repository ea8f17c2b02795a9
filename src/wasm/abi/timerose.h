// The timerose ABI: a small set of host functions for code that wants speed. Reference:
// docs/reference/abi-timerose.md and timerose.wit.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "blockstore/blockstore.h"
#include "crypto/keystream.h"
#include "unixfs/reader.h"
#include "wasm/guest.h"
#include "wasm/wasi/context.h"

namespace timerose::wasm::abi {

// What the functions act on: the inputs, read lazily, and what the guest wrote.
class TimeroseContext {
 public:
  struct Limits {
    uint64_t output_bytes_max = 0;
    uint64_t log_bytes_max = 0;
  };
  // All three must outlive it.
  TimeroseContext(const wasi::World& world, Limits limits, Blockstore& blocks,
                  const wasi::Context::OnWrite& on_write);

  [[nodiscard]] const wasi::World& world() const { return world_; }
  // The input, opened at its first use. `index` is less than the number of inputs.
  Result<unixfs::FileReader*> input(size_t index);
  [[nodiscard]] Keystream& random() { return random_; }

  // False if the output would be over its limit.
  bool write_output(ByteView piece);
  // What is over the limit is dropped.
  void write_log(ByteView piece);

  [[nodiscard]] const Limits& limits() const { return limits_; }
  [[nodiscard]] const Bytes& output() const { return output_; }
  Bytes take_log() { return std::move(log_); }

 private:
  const wasi::World& world_;
  Limits limits_;
  Blockstore& blocks_;
  const wasi::Context::OnWrite& on_write_;
  std::vector<std::optional<unixfs::FileReader>> inputs_;
  Keystream random_;
  Bytes output_;
  Bytes log_;
};

// Module "timerose"; sorted by name.
std::span<const HostFunction<TimeroseContext>> timerose_functions();

}  // namespace timerose::wasm::abi
