// timerose pin add|rm|ls: what garbage collection keeps.
#include <fmt/format.h>

#include "cli/content/content.h"
#include "cli/content/pinning.h"
#include "cli/program/grammar.h"

namespace timerose::cli {
namespace {

struct PinAddOptions {
  std::vector<std::string> paths;
  std::string name;
  bool recursive = true;
};

Result<int> pin_add(Session& session, const PinAddOptions& options) {
  TR_ASSIGN(auto* repository, session.repository());
  TR_ASSIGN(auto* store, session.content(Access::kReadWrite));
  const PinMode mode = options.recursive ? PinMode::kRecursive : PinMode::kDirect;
  for (const std::string& path : options.paths) {
    TR_ASSIGN(const Cid cid, resolve_path(session, path));
    if (options.recursive) TR_TRY(store->fetch_all(cid));
    TR_TRY(pin_dag(*store, repository->pins(), {cid, mode, options.name}));
    session.provide_kept(cid, options.recursive);
    TR_TRY(session.out().line(fmt::format("pinned {} {}ly", cid.to_string(),
                                          options.recursive ? "recursive" : "direct")));
  }
  return kExitSuccess;
}

void add_pin_add(Grammar& grammar, CLI::App& group) {
  auto options = std::make_shared<PinAddOptions>();
  CLI::App* command =
      add_command(grammar, group, "add",
                  {"Keep content",
                   "  timerose pin add CID\n"
                   "  timerose pin add --name photos CID/2026\n"
                   "  timerose pin add --recursive=false CID"},
                  [options](Session& session) { return pin_add(session, *options); });
  add_words(*command, "PATH", options->paths, 1, "CIDs or CID/path");
  command->add_flag("-r,--recursive", options->recursive,
                    "With all that is below (default); --recursive=false: this block only");
  add_text(*command, "-n,--name", options->name, "A name for the pin")->type_name("NAME");
  add_fetch_options(grammar, *command);
}

struct PinRmOptions {
  std::vector<std::string> paths;
  bool recursive = true;
};

Result<int> pin_rm(Session& session, const PinRmOptions& options) {
  TR_ASSIGN(auto* repository, session.repository());
  for (const std::string& path : options.paths) {
    TR_ASSIGN(const Cid cid, resolve_path(session, path));
    TR_TRY(repository->pins().remove(
        cid, options.recursive ? std::nullopt : std::optional(PinMode::kDirect)));
    TR_TRY(session.out().line("unpinned " + cid.to_string()));
  }
  return kExitSuccess;
}

void add_pin_rm(Grammar& grammar, CLI::App& group) {
  auto options = std::make_shared<PinRmOptions>();
  CLI::App* command =
      add_command(grammar, group, "rm",
                  {"Keep content no longer; `repo gc` then removes what nothing else keeps",
                   "  timerose pin rm CID"},
                  [options](Session& session) { return pin_rm(session, *options); });
  add_words(*command, "PATH", options->paths, 1, "CIDs or CID/path");
  command->add_flag("-r,--recursive", options->recursive,
                    "Whatever the pin (default); --recursive=false: only a direct one");
}

struct PinLsOptions {
  std::vector<std::string> paths;
  std::string type = "all";
  std::string name;
  bool names = false;
  bool quiet = false;
};

Status list_pin(Session& session, const PinLsOptions& options, const Cid& cid, std::string_view how,
                std::string_view name) {
  if (options.quiet) return session.out().line(cid.to_string());
  const bool named = (options.names || !options.name.empty()) && !name.empty();
  return session.out().line(
      fmt::format("{} {}{}{}", cid.to_string(), how, named ? " " : "", named ? name : ""));
}

// The pins that were named; kNotFound for what is not pinned.
Status list_named(Session& session, const PinLsOptions& options) {
  TR_ASSIGN(auto* repository, session.repository());
  TR_ASSIGN(auto* store, session.blockstore(Access::kReadOnly));
  for (const std::string& path : options.paths) {
    TR_ASSIGN(const Cid cid, resolve_path(session, path));
    TR_ASSIGN(const auto pinned, repository->pins().why_pinned(*store, cid));
    const std::string how = pinned ? describe_pinned(*pinned) : "";
    if (!pinned || (options.type != "all" && !how.starts_with(options.type))) {
      return Error{ErrorCode::kNotFound,
                   fmt::format("{} is not pinned{}", path,
                               options.type == "all" ? "" : " as " + options.type)};
    }
    TR_ASSIGN(const auto pin, repository->pins().find(cid));
    TR_TRY(list_pin(session, options, cid, how, pin ? pin->name : ""));
  }
  return success();
}

Status list_all(Session& session, const PinLsOptions& options) {
  TR_ASSIGN(auto* repository, session.repository());
  std::optional<PinMode> mode;
  if (options.type == "direct") mode = PinMode::kDirect;
  if (options.type == "recursive") mode = PinMode::kRecursive;
  if (options.type != "indirect") {
    TR_TRY(repository->pins().for_each(mode, [&](const Pin& pin) {
      const bool wanted = pin.name.find(options.name) != std::string::npos;
      if (!wanted) return success();
      return list_pin(session, options, pin.cid, pin_mode_name(pin.mode), pin.name);
    }));
  }
  const bool indirect = options.type == "indirect" || options.type == "all";
  if (!indirect || !options.name.empty()) return success();
  TR_ASSIGN(auto* store, session.blockstore(Access::kReadOnly));
  return repository->pins().for_each_indirect(
      *store, [&](const Cid& cid) { return list_pin(session, options, cid, "indirect", ""); });
}

void add_pin_ls(Grammar& grammar, CLI::App& group) {
  auto options = std::make_shared<PinLsOptions>();
  CLI::App* command = add_command(grammar, group, "ls",
                                  {"List pins",
                                   "  timerose pin ls --type recursive --names\n"
                                   "  timerose pin ls CID            how this one is kept"},
                                  [options](Session& session) -> Result<int> {
                                    TR_TRY(options->paths.empty() ? list_all(session, *options)
                                                                  : list_named(session, *options));
                                    return kExitSuccess;
                                  });
  add_words(*command, "PATH", options->paths, 0, "CIDs or CID/path; none: all pins");
  add_text(*command, "-t,--type", options->type, "direct, recursive, indirect or all (default)")
      ->check(CLI::IsMember({"direct", "recursive", "indirect", "all"}))
      ->type_name("TYPE");
  add_text(*command, "-n,--name", options->name, "Only pins with this text in their name")
      ->type_name("TEXT");
  command->add_flag("--names", options->names, "Show names too");
  command->add_flag("-q,--quiet", options->quiet, "Only CIDs");
}

}  // namespace

void add_pin_commands(Grammar& grammar) {
  CLI::App* group = add_group(grammar.root, "pin", "Say what is to be kept");
  group->group("Storage");
  add_pin_add(grammar, *group);
  add_pin_rm(grammar, *group);
  add_pin_ls(grammar, *group);
}

}  // namespace timerose::cli
