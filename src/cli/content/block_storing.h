// What `block put` and `dag put` share: files in, one block each, their CIDs out.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "blockstore/block.h"
#include "cli/program/grammar.h"
#include "cli/program/session.h"

namespace timerose::cli {

struct StoringOptions {
  std::vector<std::string> sources;  // none: standard input
  std::string hash = "sha2-256";
  bool pin = false;
};

// Adds FILE, --hash and --pin to `command`; `hash_names` is how CLI11 wants the names of --hash.
void add_storing_options(CLI::App& command, StoringOptions& options, const std::string& hash_names);

// Makes the block of the bytes that were read from `source`.
using MakeBlock = std::function<Result<Block>(HashCode hash, const std::string& source, Bytes)>;

// Stores the block of each source durably, pins it if asked to, and prints its CID.
Result<int> store_blocks(Session& session, const StoringOptions& options, const MakeBlock& make);

}  // namespace timerose::cli
