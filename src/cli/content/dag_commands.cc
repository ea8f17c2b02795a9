// timerose dag put|get|resolve|stat: structured data. (import and export are in
// dag_car_commands.cc.)
#include "cli/content/dag_commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/units.h"
#include "blockstore/dag_walk.h"
#include "cli/content/block_storing.h"
#include "cli/content/content.h"
#include "ipld/codec.h"

namespace timerose::cli {
namespace {

struct DagPutOptions : StoringOptions {
  std::string input_codec = "dag-json";
  std::string store_codec = "dag-cbor";
};

Result<int> dag_put(Session& session, const DagPutOptions& options) {
  TR_ASSIGN(const Codec input, codec_named(options.input_codec));
  TR_ASSIGN(const Codec stored, codec_named(options.store_codec));
  const auto make = [&](HashCode hash, const std::string& source, Bytes bytes) -> Result<Block> {
    auto value = ipld::decode(input, bytes);
    if (!value.ok()) {
      return std::move(value).error().within(fmt::format(
          "reading {} as {}", source == "-" ? "standard input" : source, options.input_codec));
    }
    TR_ASSIGN(Bytes encoded, ipld::encode(stored, *value));
    return Block::of(stored, hash, std::move(encoded));
  };
  return store_blocks(session, options, make);
}

void add_dag_put(Grammar& grammar, CLI::App& group) {
  auto options = std::make_shared<DagPutOptions>();
  CLI::App* command =
      add_command(grammar, group, "put",
                  {"Store a value as a block and print its CID",
                   "  echo '{\"hello\":[1,2,{\"/\":\"CID\"}]}' | timerose dag put\n"
                   "  timerose dag put --input-codec dag-cbor --store-codec dag-json value.cbor"},
                  [options](Session& session) { return dag_put(session, *options); });
  add_storing_options(*command, *options, "--hash");
  add_text(*command, "--input-codec", options->input_codec, "Of the input (default: dag-json)")
      ->type_name("NAME");
  add_text(*command, "--store-codec", options->store_codec, "Of the block (default: dag-cbor)")
      ->type_name("NAME");
}

struct DagGetOptions {
  std::string path;
  std::string output_codec = "dag-json";
};

Result<Value> value_at(Blockstore& store, const unixfs::Resolved& resolved) {
  if (resolved.value) return *resolved.value;
  TR_ASSIGN(const auto block, store.get(resolved.cid));
  return ipld::decode(resolved.cid.codec(), block.view());
}

Result<int> dag_get(Session& session, const DagGetOptions& options) {
  TR_ASSIGN(const Codec output, codec_named(options.output_codec));
  TR_ASSIGN(const auto resolved, resolve_inside(session, options.path));
  TR_ASSIGN(auto* store, session.content());
  const bool whole_block = resolved.rest.empty();
  if (whole_block && output == resolved.cid.codec()) {
    TR_ASSIGN(const auto block, store->get(resolved.cid));
    TR_TRY(session.out().write(block.view()));
  } else {
    TR_ASSIGN(const Value value, value_at(*store, resolved));
    TR_ASSIGN(const Bytes encoded, ipld::encode(output, value));
    TR_TRY(session.out().write(encoded));
  }
  const bool is_text = output == Codec::kDagJson || output == Codec::kJson;
  if (is_text && isatty(session.streams().out) != 0) TR_TRY(session.out().line(""));
  return kExitSuccess;
}

void add_dag_get(Grammar& grammar, CLI::App& group) {
  auto options = std::make_shared<DagGetOptions>();
  CLI::App* command =
      add_command(grammar, group, "get",
                  {"Print a value, or a part of it",
                   "  timerose dag get CID\n"
                   "  timerose dag get CID/hello/2\n"
                   "  timerose dag get --output-codec dag-cbor CID > value.cbor"},
                  [options](Session& session) { return dag_get(session, *options); });
  add_word(*command, "PATH", options->path, "A CID or CID/path");
  add_text(*command, "--output-codec", options->output_codec, "How to print it (default: dag-json)")
      ->type_name("NAME");
  add_fetch_options(grammar, *command);
}

void add_dag_resolve(Grammar& grammar, CLI::App& group) {
  auto path = std::make_shared<std::string>();
  CLI::App* command =
      add_command(grammar, group, "resolve",
                  {"Print the block that a path leads to, and the path that is left inside it",
                   "  timerose dag resolve CID/a/b"},
                  [path](Session& session) -> Result<int> {
                    TR_ASSIGN(const auto resolved, resolve_inside(session, *path));
                    std::string text = resolved.cid.to_string();
                    for (const std::string& segment : resolved.rest) text += "/" + segment;
                    TR_TRY(session.out().line(text));
                    return kExitSuccess;
                  });
  add_word(*command, "PATH", *path, "A CID or CID/path");
  add_fetch_options(grammar, *command);
}

Status stat_one(Session& session, Blockstore& store, const Cid& root) {
  uint64_t blocks = 0;
  uint64_t bytes = 0;
  TR_TRY(walk_dag_all(store, std::span(&root, 1), [&](const Cid&, const SharedBytes& data) {
    ++blocks;
    bytes += data.size();
    return success();
  }));
  return session.out().line(fmt::format("{}\tBlocks: {}\tSize: {} ({})", root.to_string(), blocks,
                                        bytes, format_bytes(bytes)));
}

void add_dag_stat(Grammar& grammar, CLI::App& group) {
  auto paths = std::make_shared<std::vector<std::string>>();
  CLI::App* command = add_command(
      grammar, group, "stat",
      {"Count the blocks and bytes of DAGs, each block once", "  timerose dag stat CID"},
      [paths](Session& session) -> Result<int> {
        TR_ASSIGN(auto* store, session.content());
        for (const std::string& path : *paths) {
          TR_ASSIGN(const Cid root, resolve_path(session, path));
          store->read_ahead(root, ShowProgress::kOnTerminal);
          TR_TRY(stat_one(session, *store, root));
        }
        return kExitSuccess;
      });
  add_words(*command, "PATH", *paths, 1, "CIDs or CID/path");
  add_fetch_options(grammar, *command);
}

}  // namespace

void add_dag_commands(Grammar& grammar) {
  CLI::App* group =
      add_group(grammar.root, "dag", "Structured data: values, DAGs and CAR archives");
  group->group("Data");
  add_dag_put(grammar, *group);
  add_dag_get(grammar, *group);
  add_dag_car_commands(grammar, *group);
  add_dag_resolve(grammar, *group);
  add_dag_stat(grammar, *group);
}

}  // namespace timerose::cli
