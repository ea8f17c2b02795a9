// timerose repo stat|gc|verify: the repository as a whole.
#include <fmt/format.h>

#include "base/units.h"
#include "blockstore/gc.h"
#include "blockstore/verify.h"
#include "cli/program/grammar.h"

namespace timerose::cli {
namespace {

struct RepoStatOptions {
  bool human = false;
  bool size_only = false;
};

Result<int> repo_stat(Session& session, const RepoStatOptions& options) {
  TR_ASSIGN(auto* repository, session.repository());
  TR_ASSIGN(auto* database, repository->database(Access::kReadOnly));
  TR_ASSIGN(auto* store, session.blockstore(Access::kReadOnly));
  const RocksDatabase::Usage usage = database->usage();
  const auto size = [&](uint64_t bytes) {
    return options.human ? format_bytes(bytes) : std::to_string(bytes);
  };
  const std::string limit = usage.bytes_max == 0 ? "none" : size(usage.bytes_max);
  if (!options.size_only) {
    TR_ASSIGN(const StoreCount count, count_blocks(*store));
    TR_TRY(session.out().line(fmt::format("NumObjects: {}", count.blocks)));
    TR_TRY(session.out().line(fmt::format("BlockBytes: {}", size(count.bytes))));
  }
  TR_TRY(session.out().line(fmt::format("RepoSize:   {}", size(usage.bytes))));
  TR_TRY(session.out().line(fmt::format("StorageMax: {}", limit)));
  TR_TRY(session.out().line(fmt::format("RepoPath:   {}", repository->path().string())));
  return kExitSuccess;
}

void add_repo_stat(Grammar& grammar, CLI::App& group) {
  auto options = std::make_shared<RepoStatOptions>();
  CLI::App* command = add_command(
      grammar, group, "stat", {"Show how much the repository holds", "  timerose repo stat -H"},
      [options](Session& session) { return repo_stat(session, *options); });
  command->add_flag("-H,--human", options->human, "Sizes in KiB, MiB, GiB instead of bytes");
  command->add_flag("-s,--size-only", options->size_only, "Leave out what takes time to count");
}

struct GcCommandOptions {
  bool quiet = false;
  bool sweep_holes = false;
};

Status report_holes(const Session& session, const GcReport& report) {
  for (const GcHole& hole : report.holes) {
    session.complain(fmt::format("{} below {}: {}", hole.cid.to_string(), hole.root.to_string(),
                                 hole.why.message));
  }
  if (report.swept) return success();
  return Error{ErrorCode::kNotFound,
               fmt::format("pinned content has {} holes (above), so nothing was removed: what is "
                           "below a hole cannot be told from garbage. Get the blocks back, remove "
                           "the pins, or use --sweep-holes",
                           report.holes_found)};
}

Result<int> repo_gc(Session& session, const GcCommandOptions& options) {
  TR_ASSIGN(auto* repository, session.repository());
  TR_ASSIGN(auto* database, repository->database());
  TR_ASSIGN(auto* store, repository->blockstore());
  GcOptions gc_options;
  gc_options.extra_roots = [&] { return repository->call_roots(); };
  if (options.sweep_holes) gc_options.holes = GcOptions::Holes::kSweep;
  if (!options.quiet) {
    gc_options.on_removed = [&](const Cid& cid, uint64_t) {
      return session.out().line("removed " + cid.to_string());
    };
  }
  TR_ASSIGN(const GcReport report, collect_garbage(*store, repository->pins(), gc_options));
  TR_TRY(report_holes(session, report));
  TR_TRY(database->compact());
  if (!options.quiet) {
    TR_TRY(session.out().line(fmt::format("removed {} blocks ({}), kept {}", report.blocks_removed,
                                          format_bytes(report.bytes_removed), report.blocks_kept)));
  }
  return kExitSuccess;
}

void add_repo_gc(Grammar& grammar, CLI::App& group) {
  auto options = std::make_shared<GcCommandOptions>();
  CLI::App* command = add_command(
      grammar, group, "gc",
      {"Remove blocks that no pin and no remembered call reaches", "  timerose repo gc -q"},
      [options](Session& session) { return repo_gc(session, *options); });
  command->add_flag("-q,--quiet", options->quiet, "Do not list what is removed");
  command->add_flag("--sweep-holes", options->sweep_holes,
                    "Go on though pinned content has missing or damaged blocks");
}

Result<int> repo_verify(Session& session) {
  TR_ASSIGN(auto* store, session.blockstore(Access::kReadOnly));
  TR_ASSIGN(const Verified verified, verify_blocks(*store, [&](const Cid& cid, const Error& why) {
              session.complain(fmt::format("{}: {}", cid.to_string(), why.message));
              return success();
            }));
  if (verified.bad_blocks > 0) {
    return Error{
        ErrorCode::kMismatch,
        fmt::format("{} of {} blocks are damaged (above); remove them with `timerose block "
                    "rm` and add their content again",
                    verified.bad_blocks, verified.bad_blocks + verified.good.blocks)};
  }
  TR_TRY(session.out().line(fmt::format("verify complete, all blocks validated: {} blocks, {}",
                                        verified.good.blocks, format_bytes(verified.good.bytes))));
  return kExitSuccess;
}

}  // namespace

void add_repo_commands(Grammar& grammar) {
  CLI::App* group = add_group(grammar.root, "repo", "Look after the repository");
  group->group("Storage");
  add_repo_stat(grammar, *group);
  add_repo_gc(grammar, *group);
  add_command(grammar, *group, "verify",
              {"Read every block and check it against its CID", "  timerose repo verify"},
              repo_verify);
}

}  // namespace timerose::cli
