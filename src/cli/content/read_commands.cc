// timerose cat, ls: content read back. (get is in get_command.cc.)
#include <fmt/format.h>

#include <thread>

#include "base/units.h"
#include "cli/content/content.h"
#include "cli/content/get_command.h"
#include "cli/program/grammar.h"
#include "unixfs/directory.h"
#include "unixfs/reader.h"

namespace timerose::cli {
namespace {

struct CatOptions {
  std::vector<std::string> paths;
  std::string offset;
  std::string length;
};

Result<unixfs::Range> range_of(const CatOptions& options) {
  unixfs::Range range;
  if (!options.offset.empty()) {
    TR_ASSIGN(range.offset, parse_bytes(options.offset));
  }
  if (!options.length.empty()) {
    TR_ASSIGN(range.length, parse_bytes(options.length));
  }
  return range;
}

// As in Kubo, several files read as one: offset and length count through all of them.
Result<int> cat(Session& session, const CatOptions& options) {
  TR_ASSIGN(unixfs::Range range, range_of(options));
  TR_ASSIGN(auto* store, session.content());
  for (const std::string& path : options.paths) {
    TR_ASSIGN(const Cid cid, resolve_path(session, path));
    TR_ASSIGN(const auto stat, unixfs::stat(*store, cid));
    if (stat.kind == unixfs::Kind::kDirectory) {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("{} is a directory; list it with `timerose ls`, write it to disk "
                               "with `timerose get`",
                               path)};
    }
    if (range.offset >= stat.size) {
      range.offset -= stat.size;
      continue;
    }
    const uint64_t here = std::min(range.length, stat.size - range.offset);
    store->read_ahead(cid, ShowProgress::kBesideOutput, range.offset, here);
    TR_TRY(unixfs::stream_file(*store, cid, {range.offset, here},
                               std::thread::hardware_concurrency(),
                               [&](ByteView piece) { return session.out().write(piece); }));
    range.offset = 0;
    if (range.length != UINT64_MAX) range.length -= here;
  }
  return kExitSuccess;
}

void add_cat(Grammar& grammar) {
  auto options = std::make_shared<CatOptions>();
  CLI::App* command = add_command(grammar, grammar.root, "cat",
                                  {"Print the content of files",
                                   "  timerose cat CID\n"
                                   "  timerose cat CID/docs/readme.txt\n"
                                   "  timerose cat --offset 1MiB --length 100 CID"},
                                  [options](Session& session) { return cat(session, *options); });
  command->group("Content");
  add_words(*command, "PATH", options->paths, 1, "CIDs or CID/path, in this order");
  add_text(*command, "-o,--offset", options->offset, "Bytes to leave out first")
      ->type_name("BYTES");
  add_text(*command, "-l,--length", options->length, "Bytes to print at most")->type_name("BYTES");
  add_fetch_options(grammar, *command);
}

struct FileLsOptions {
  std::vector<std::string> paths;
  bool size = false;
  bool headers = false;
};

// "size" and a '/' behind a directory's name, from the entry's own block.
struct Described {
  std::string size = "-";
  bool directory = false;
};
Described describe(Blockstore& store, const unixfs::Entry& entry) {
  if (entry.cid.codec() == Codec::kRaw) return {std::to_string(entry.dag_bytes), false};
  const auto stat = unixfs::stat(store, entry.cid);
  if (!stat.ok()) return {"?", false};  // the block is not here, or is no UnixFS: the name still is
  if (stat->kind == unixfs::Kind::kDirectory) return {"-", true};
  return {std::to_string(stat->size), false};
}

Status list_one(Session& session, Blockstore& store, const std::string& path,
                const FileLsOptions& options) {
  TR_ASSIGN(const Cid cid, resolve_path(session, path));
  TR_ASSIGN(const auto stat, unixfs::stat(store, cid));
  if (stat.kind != unixfs::Kind::kDirectory) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("{} is a file, not a directory; print it with `timerose cat`", path)};
  }
  if (options.paths.size() > 1) TR_TRY(session.out().line(path + ":"));
  if (options.headers) TR_TRY(session.out().line(options.size ? "Hash Size Name" : "Hash Name"));
  TR_TRY(unixfs::for_each_entry(store, cid, [&](const unixfs::Entry& entry) {
    const Described described = describe(store, entry);
    const std::string size = options.size ? described.size + " " : "";
    return session.out().line(fmt::format("{} {}{}{}", entry.cid.to_string(), size, entry.name,
                                          described.directory ? "/" : ""));
  }));
  if (options.paths.size() > 1 && path != options.paths.back()) TR_TRY(session.out().line(""));
  return success();
}

void add_ls(Grammar& grammar) {
  auto options = std::make_shared<FileLsOptions>();
  CLI::App* command = add_command(
      grammar, grammar.root, "ls",
      {"List the entries of directories", "  timerose ls CID\n  timerose ls -l --headers CID/docs"},
      [options](Session& session) -> Result<int> {
        TR_ASSIGN(auto* store, session.content());
        for (const std::string& path : options->paths) {
          TR_TRY(list_one(session, *store, path, *options));
        }
        return kExitSuccess;
      });
  command->group("Content");
  add_words(*command, "PATH", options->paths, 1, "CIDs or CID/path of directories");
  command->add_flag("-l,--size", options->size, "Show sizes in bytes ('-' for a directory)");
  command->add_flag("-v,--headers", options->headers, "Show what the columns are");
  add_fetch_options(grammar, *command);
}

}  // namespace

void add_read_commands(Grammar& grammar) {
  add_cat(grammar);
  add_get_command(grammar);
  add_ls(grammar);
}

}  // namespace timerose::cli
