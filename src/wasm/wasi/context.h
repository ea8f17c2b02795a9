// The state of one guest's WASI world: arguments, descriptors, virtual clocks, randomness and a
// file tree made of content. Made for one call and gone with it; used by one thread.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "blockstore/blockstore.h"
#include "unixfs/importer.h"
#include "unixfs/layout.h"
#include "wasm/output_room.h"

namespace timerose::wasi {

// All that the guest can observe. Views and references must outlive the Context.
struct World {
  std::vector<std::string> args;                         // args[0] is the program's name
  std::vector<std::pair<std::string, std::string>> env;  // in the order the guest sees
  std::vector<Cid> inputs;                               // the files /in/0, /in/1, ...
  std::map<std::string, Cid> mounts;     // absolute normal path ("/" included) -> UnixFS
  std::optional<Cid> stdin_file;         // standard input; empty if absent
  std::array<uint8_t, 32> random_key{};  // the keystream of random_get
};

// Limits that are the same on every node are part of the Invocation's meaning: reaching one gives
// the guest an errno (ENOSPC, EMFILE), the same everywhere.
struct Limits {
  uint64_t written_bytes_max = 256U << 20;  // copy-on-write layer, /out and /tmp together
  uint64_t stdout_bytes_max = 64U << 20;    // each of stdout and stderr
  uint32_t open_files_max = 1024;
  uint32_t files_max = 1U << 20;  // nodes made or changed in memory
};

class Context {
 public:
  // `layout` is how the output is written. Lookups fetch blocks from `store` lazily.
  Context(World world, const Limits& limits, Blockstore& store, const unixfs::Layout& layout);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // What the guest wrote to descriptors 1 and 2.
  [[nodiscard]] const Bytes& stdout_bytes() const;
  [[nodiscard]] const Bytes& stderr_bytes() const;
  Bytes take_stdout();
  Bytes take_stderr();

  // Called with each piece as it is written; for showing output while the guest runs.
  using OnWrite = std::function<void(int descriptor, ByteView piece)>;
  void on_write(OnWrite callback);

  // Where there must be room for what the guest writes; before it writes anything.
  void hold_output_in(wasm::OutputRoom* room);

  // Whether anything exists below /out; and that tree as a UnixFS directory.
  [[nodiscard]] bool has_output() const;
  Result<unixfs::Imported> collect_output(const unixfs::BlockSink& sink);

  // The implementation, used by functions.cc only.
  class State;
  [[nodiscard]] State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

}  // namespace timerose::wasi
