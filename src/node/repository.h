// The composition root: opens a user's repository and wires everything that stands on it. The only
// place that does.
//
//   $TIMEROSE_PATH, else $XDG_DATA_HOME/timerose, else ~/.local/share/timerose  (0700)
//     config.json   identity.key (0600)   keystore/   blocks/ (RocksDB: blocks, memo)
//     records.sqlite (pins)   modules/ (compiled code)
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/sqlite.h"
#include "blockstore/guarded_blockstore.h"
#include "blockstore/pins.h"
#include "blockstore/rocks_database.h"
#include "compute/executor.h"
#include "compute/function.h"
#include "compute/memo.h"
#include "crypto/key.h"
#include "node/config.h"
#include "node/records/keystore.h"
#include "wasm/engine.h"
#include "wasm/module.h"

namespace timerose::node {

// Parts are opened when first asked for: a command pays only for what it uses. The pointers that
// are handed out are never null and live as long as the repository. Thread-safe, and so are the
// parts.
class Repository {
 public:
  // What the machine provides; must outlive the repository.
  struct Machine {
    Clock& clock;
    Random& random;
  };

  // Made at first use. kPermission, kNoSpace or kIo if the folder cannot be had.
  static Result<std::unique_ptr<Repository>> open(const std::filesystem::path& path,
                                                  Machine machine);
  static std::filesystem::path default_path();
  ~Repository();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  [[nodiscard]] Result<Config> config() const;
  Status save_config(const Config& config) const;

  // The node's own key, made when first asked for.
  Result<const PrivateKey*> key();
  [[nodiscard]] Keystore keystore() const { return Keystore(path_ / "keystore"); }

  // The stores are read by many processes or written by one: kBusy says which has them. They are
  // the same objects each time, and take changes once they were asked for to write.
  Result<RocksDatabase*> database(Access access = Access::kReadWrite);
  Result<GuardedBlockstore*> blockstore(Access access = Access::kReadWrite);
  Result<compute::Memo*> memo(Access access = Access::kReadWrite);
  // Its file is opened by the first question.
  Pins& pins();
  // The file of the pins, for what else is kept in records.
  sqlite::Database& records();

  // What remembered calls keep: Invocations, Outcomes and Receipts, with all that is below them.
  Result<std::vector<Cid>> call_roots();

  Result<wasm::Engine*> engine();
  Result<wasm::ModuleCache*> modules();
  Result<compute::Executor*> executor();
  // From here on the executor reads modules and inputs through `content`, which stands before
  // blockstore(); for a node that gets them from others. Before executor() is first asked for.
  void read_content_through(Blockstore& content);
  // From here on the guests of this node's own calls run by `runner`, whose answers are for all.
  // Before executor() is first asked for.
  void run_guests_by(compute::Runner& runner);

  // The ABI of a function as compute::abi_of() gives it. What a module has shown is kept, so that a
  // call that is answered by the memo needs no engine.
  Result<wasm::Abi> abi_of(const compute::Function& function);
  // The answer of the memo, if it has one; opens nothing for writing.
  Result<std::optional<compute::Answer>> remembered(const compute::Invocation& invocation);

 private:
  struct Parts;
  Repository(std::filesystem::path path, Machine machine);

  std::filesystem::path path_;
  Machine machine_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace timerose::node
