// What a command works with: the machine, the repository (opened when first asked for) and standard
// output.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "cli/output.h"
#include "node/repository.h"

namespace timerose::cli {

class Session {
 public:
  Session(Clock& clock, Random& random, std::filesystem::path repository_path, int output)
      : clock_(clock),
        random_(random),
        repository_path_(std::move(repository_path)),
        out_(output) {}

  [[nodiscard]] Output& out() { return out_; }
  [[nodiscard]] Random& random() { return random_; }
  [[nodiscard]] const std::filesystem::path& repository_path() const { return repository_path_; }

  // The user's repository, made at first use.
  Result<node::Repository*> repository();
  // Its blocks, with a hold on them until the session ends (see guarded_blockstore.h). The same
  // store each time; once it was asked for to write, it may be written to.
  Result<Blockstore*> blockstore(Access access = Access::kReadWrite);

 private:
  Clock& clock_;
  Random& random_;
  std::filesystem::path repository_path_;
  Output out_;
  std::unique_ptr<node::Repository> repository_;
  std::optional<GuardedBlockstore::Hold> hold_;
};

// "timerose: message" on standard error.
void complain(std::string_view message);

}  // namespace timerose::cli
