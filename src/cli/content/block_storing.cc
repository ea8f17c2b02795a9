#include "cli/content/block_storing.h"

#include "cli/content/block_input.h"
#include "cli/content/pinning.h"

namespace timerose::cli {

void add_storing_options(CLI::App& command, StoringOptions& options,
                         const std::string& hash_names) {
  add_words(command, "FILE", options.sources, 0, "Files; none, or -: standard input");
  add_text(command, hash_names, options.hash, "Hash function (default: sha2-256)")
      ->type_name("NAME");
  command.add_flag("--pin{true}", options.pin, "Pin it recursively");
}

Result<int> store_blocks(Session& session, const StoringOptions& options, const MakeBlock& make) {
  TR_ASSIGN(const HashCode hash, hash_named(options.hash));
  TR_ASSIGN(auto* store, session.blockstore());
  const std::vector<std::string> only_stdin{"-"};
  for (const std::string& source : options.sources.empty() ? only_stdin : options.sources) {
    TR_ASSIGN(Bytes bytes, read_source(session.streams(), source, kBlockBytesMax));
    TR_ASSIGN(const Block block, make(hash, source, std::move(bytes)));
    TR_TRY(store->put(block));
    TR_TRY(store->flush());
    if (options.pin) TR_TRY(pin_recursively(session, block.cid(), ""));
    TR_TRY(session.out().line(block.cid().to_string()));
  }
  return kExitSuccess;
}

}  // namespace timerose::cli
