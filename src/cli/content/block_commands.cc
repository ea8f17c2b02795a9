// timerose block put|get|stat|rm: blocks as they are.
#include <fmt/format.h>

#include "cli/content/block_storing.h"
#include "cli/content/content.h"
#include "cli/content/pinning.h"
#include "cli/program/grammar.h"

namespace timerose::cli {
namespace {

struct BlockPutOptions : StoringOptions {
  std::string codec = "raw";
};

Result<int> block_put(Session& session, const BlockPutOptions& options) {
  TR_ASSIGN(const Codec codec, codec_named(options.codec));
  return store_blocks(session, options,
                      [codec](HashCode hash, const std::string& /*source*/, Bytes bytes) {
                        return Block::of(codec, hash, std::move(bytes));
                      });
}

void add_block_put(Grammar& grammar, CLI::App& group) {
  auto options = std::make_shared<BlockPutOptions>();
  CLI::App* command =
      add_command(grammar, group, "put",
                  {"Store files as one block each and print their CIDs",
                   "  timerose block put leaf.bin\n"
                   "  printf '\\241eHello\\365' | timerose block put --cid-codec dag-cbor"},
                  [options](Session& session) { return block_put(session, *options); });
  add_storing_options(*command, *options, "--mhtype,--hash");
  add_text(*command, "--cid-codec,--codec", options->codec, "Codec of the CID (default: raw)")
      ->type_name("NAME");
}

void add_block_get(Grammar& grammar, CLI::App& group) {
  auto path = std::make_shared<std::string>();
  CLI::App* command = add_command(
      grammar, group, "get", {"Print the bytes of a block", "  timerose block get CID > leaf.bin"},
      [path](Session& session) -> Result<int> {
        TR_ASSIGN(const Cid cid, resolve_path(session, *path));
        TR_ASSIGN(auto* store, session.content());
        TR_ASSIGN(const auto data, store->get(cid));
        TR_TRY(session.out().write(data.view()));
        return kExitSuccess;
      });
  add_word(*command, "CID", *path, "A CID or CID/path");
  add_fetch_options(grammar, *command);
}

void add_block_stat(Grammar& grammar, CLI::App& group) {
  auto path = std::make_shared<std::string>();
  CLI::App* command = add_command(
      grammar, group, "stat",
      {"Print the CID and the size of a block", "  timerose block stat CID"},
      [path](Session& session) -> Result<int> {
        TR_ASSIGN(const Cid cid, resolve_path(session, *path));
        TR_ASSIGN(auto* store, session.content());
        TR_ASSIGN(const uint64_t size, store->size(cid));
        TR_TRY(session.out().line(fmt::format("Key: {}\nSize: {}", cid.to_string(), size)));
        return kExitSuccess;
      });
  add_word(*command, "CID", *path, "A CID or CID/path");
  add_fetch_options(grammar, *command);
}

struct BlockRmOptions {
  std::vector<std::string> cids;
  bool force = false;
  bool quiet = false;
};

// A damaged block may go whatever pins it: only then can its content be added again.
Status check_removable(Session& session, Blockstore& store, const Cid& cid) {
  const auto data = store.get(cid);
  if (!data.ok() && data.error().code == ErrorCode::kMismatch) return success();
  return check_not_pinned(session, cid);
}

Result<int> block_rm(Session& session, const BlockRmOptions& options) {
  TR_ASSIGN(auto* store, session.blockstore());
  int code = kExitSuccess;
  for (const std::string& text : options.cids) {
    TR_ASSIGN(const Cid cid, Cid::parse(text));
    TR_ASSIGN(const bool present, store->has(cid));
    if (!present && !options.force) {
      session.complain(fmt::format("{} is not here", text));
      code = kExitFailure;
      continue;
    }
    if (auto allowed = check_removable(session, *store, cid); !allowed.ok()) {
      session.complain(allowed.error().message);
      code = kExitFailure;
      continue;
    }
    TR_TRY(store->remove(cid));
    if (!options.quiet) TR_TRY(session.out().line("removed " + cid.to_string()));
  }
  TR_TRY(store->flush());
  return code;
}

void add_block_rm(Grammar& grammar, CLI::App& group) {
  auto options = std::make_shared<BlockRmOptions>();
  CLI::App* command =
      add_command(grammar, group, "rm",
                  {"Remove blocks that are not pinned, or damaged", "  timerose block rm CID"},
                  [options](Session& session) { return block_rm(session, *options); });
  add_words(*command, "CID", options->cids, 1, "CIDs of blocks");
  command->add_flag("-f,--force", options->force, "A block that is not here is no failure");
  command->add_flag("-q,--quiet", options->quiet, "Print nothing");
}

}  // namespace

void add_block_commands(Grammar& grammar) {
  CLI::App* group = add_group(grammar.root, "block", "Store, read and remove single blocks");
  group->group("Data");
  add_block_put(grammar, *group);
  add_block_get(grammar, *group);
  add_block_stat(grammar, *group);
  add_block_rm(grammar, *group);
}

}  // namespace timerose::cli
