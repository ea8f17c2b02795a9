// timerose dag import|export: DAGs as CAR archives.
#include <fmt/format.h>
#include <unistd.h>

#include "base/file.h"
#include "blockstore/car_reader.h"
#include "blockstore/car_writer.h"
#include "cli/content/batching_sink.h"
#include "cli/content/content.h"
#include "cli/content/dag_commands.h"
#include "cli/content/pinning.h"

namespace timerose::cli {
namespace {

struct ImportOptions {
  std::vector<std::string> files;
  bool pin_roots = true;
  bool stats = false;
  bool silent = false;
};

struct Counts {
  uint64_t blocks = 0;
  uint64_t bytes = 0;
};

// Stores every block and gives the archive's roots. What was read before a failure stays, unpinned.
Result<std::vector<Cid>> import_archive(Blockstore& store, unixfs::ByteSource& file,
                                        Counts& counts) {
  TR_ASSIGN(auto reader, CarReader::open([&](std::span<uint8_t> out) { return file.read(out); }));
  BatchingSink batch(&store);
  while (true) {
    TR_ASSIGN(const auto block, reader.next());
    if (!block) break;
    ++counts.blocks;
    counts.bytes += block->size();
    TR_TRY(batch.put(std::span(&*block, 1)));
  }
  TR_TRY(batch.flush());
  TR_TRY(store.flush());
  return reader.roots();
}

Result<std::vector<Cid>> import_named(Session& session, Blockstore& store, const std::string& name,
                                      Counts& counts) {
  if (name == "-") {
    StdinSource input(session.streams());
    return import_archive(store, input, counts);
  }
  TR_ASSIGN(const FileDescriptor file, open_for_reading(path_of_client(session.streams(), name)));
  unixfs::FileSource input(file.get());
  return import_archive(store, input, counts);
}

Status pin_roots(Session& session, const std::vector<Cid>& roots, bool silent) {
  for (const Cid& root : roots) {
    if (auto pinned = pin_recursively(session, root, ""); !pinned.ok()) {
      return std::move(pinned).error().within(
          fmt::format("pinning the root {} (--pin-roots=false imports without)", root.to_string()));
    }
    session.provide_kept(root, true);
    if (!silent) {
      TR_TRY(session.out().line(fmt::format("Pinned root\t{}\tsuccess", root.to_string())));
    }
  }
  return success();
}

Result<int> import(Session& session, const ImportOptions& options) {
  TR_ASSIGN(auto* store, session.blockstore());
  const std::vector<std::string> only_stdin{"-"};
  Counts counts;
  for (const std::string& name : options.files.empty() ? only_stdin : options.files) {
    auto roots = import_named(session, *store, name, counts);
    if (!roots.ok()) return std::move(roots).error().within("importing " + name);
    if (options.pin_roots) TR_TRY(pin_roots(session, *roots, options.silent));
  }
  if (options.stats) {
    TR_TRY(session.out().line(
        fmt::format("Imported {} blocks ({} bytes)", counts.blocks, counts.bytes)));
  }
  return kExitSuccess;
}

void add_import(Grammar& grammar, CLI::App& group) {
  auto options = std::make_shared<ImportOptions>();
  CLI::App* command =
      add_command(grammar, group, "import",
                  {"Store the blocks of CAR archives and pin their roots",
                   "  timerose dag import data.car\n"
                   "  timerose dag import --pin-roots=false --stats < part.car"},
                  [options](Session& session) { return import(session, *options); });
  add_words(*command, "FILE", options->files, 0,
            "CAR archives, version 1 or 2; none, or -: standard input");
  command->add_flag("--pin-roots{true}", options->pin_roots,
                    "Pin the roots recursively (default); all below them must be there");
  command->add_flag("--stats", options->stats, "Say how many blocks and bytes were read");
  command->add_flag("--silent", options->silent, "Do not list the roots");
}

void add_export(Grammar& grammar, CLI::App& group) {
  auto path = std::make_shared<std::string>();
  CLI::App* command = add_command(
      grammar, group, "export",
      {"Write all that is below a CID to standard output as a CAR archive",
       "  timerose dag export CID > data.car"},
      [path](Session& session) -> Result<int> {
        if (isatty(session.streams().out) != 0) {
          return Error{ErrorCode::kInvalidArgument,
                       "a CAR archive is not for a terminal; send it to a file or a pipe"};
        }
        TR_ASSIGN(const Cid root, resolve_path(session, *path));
        TR_ASSIGN(auto* store, session.content());
        store->read_ahead(root, ShowProgress::kBesideOutput);
        TR_TRY(export_car(*store, std::span(&root, 1),
                          [&](ByteView bytes) { return session.out().write(bytes); }));
        return kExitSuccess;
      });
  add_word(*command, "PATH", *path, "A CID or CID/path");
  add_fetch_options(grammar, *command);
}

}  // namespace

void add_dag_car_commands(Grammar& grammar, CLI::App& group) {
  add_import(grammar, group);
  add_export(grammar, group);
}

}  // namespace timerose::cli
