// timerose deploy, function inspect: functions as content.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/units.h"
#include "cli/calls/call_options.h"
#include "cli/content/content.h"
#include "cli/content/import_path.h"
#include "cli/content/pinning.h"
#include "cli/mesh/authority_commands.h"
#include "cli/program/grammar.h"
#include "compute/function.h"

namespace timerose::cli {
namespace {

using Json = nlohmann::ordered_json;

struct DeployOptions {
  std::string module;
  std::string abi;
  std::vector<std::string> fxs;
  std::vector<std::string> arg_types;
  CallTexts texts;
  std::string fuel;
};

Status refuse_together(bool given, std::string_view options, std::string_view reason) {
  if (!given) return success();
  return Error{ErrorCode::kInvalidArgument, fmt::format("{}: {}", options, reason)};
}

// That the module can run under the ABI at all is found now, not at the first call.
Status check_runnable(Session& session, const compute::Function& function) {
  TR_ASSIGN(auto* repository, session.repository());
  TR_ASSIGN(auto* store, session.blockstore());
  TR_ASSIGN(auto* modules, repository->modules());
  TR_ASSIGN(const auto module, modules->get(function.module, [&] {
    return compute::read_module(*store, function.module);
  }));
  if (function.abi) return success();
  TR_ASSIGN(const auto abi, module->detect_abi());
  (void)abi;
  return success();
}

Result<Cid> deploy_fan(Session& session, const DeployOptions& options) {
  const CallTexts& texts = options.texts;
  const bool other = !texts.mounts.empty() || !texts.env.empty() || !texts.links.empty() ||
                     !texts.entry.empty() || !texts.memory.empty() || !options.fuel.empty();
  TR_TRY(refuse_together(other, "--mount, --env, --link, --entry, --memory, --fuel",
                         "a fan Function has only --fx and --arg"));
  TR_ASSIGN(const Cid module, resolve_content(session, options.module, unixfs::fan_2021()));
  compute::Function checked(module);
  checked.abi = wasm::Abi::kFan;
  TR_TRY(check_runnable(session, checked));
  compute::FanFunction function(module);
  function.fxs = options.fxs;
  for (const std::string& type : options.arg_types) function.args.push_back({type, std::nullopt});
  TR_ASSIGN(auto* store, session.blockstore());
  TR_ASSIGN(const Cid cid, compute::store_function(function, unixfs::sink_into(*store)));
  TR_TRY(store->flush());
  // The module's CID stands inside the text of the file, where no pin looks.
  TR_TRY(pin_recursively(session, module, ""));
  return cid;
}

Result<Cid> deploy_function(Session& session, const DeployOptions& options) {
  TR_TRY(refuse_together(!options.fxs.empty() || !options.arg_types.empty(), "--fx, --arg",
                         "only a fan Function has these; use --abi fan"));
  TR_ASSIGN(const Cid module, resolve_content(session, options.module));
  compute::Function function(module);
  if (!options.abi.empty()) {
    TR_ASSIGN(function.abi, wasm::abi_named(options.abi));
  }
  function.entry = options.texts.entry;
  TR_ASSIGN(function.env, parse_env(options.texts.env));
  TR_ASSIGN(function.mounts, resolve_pairs(session, "--mount", "/PATH=X", options.texts.mounts));
  TR_ASSIGN(function.links, resolve_pairs(session, "--link", "NAME=X", options.texts.links));
  TR_ASSIGN(function.memory_bytes_max, parse_memory(options.texts.memory));
  if (!options.fuel.empty()) {
    TR_ASSIGN(function.fuel, parse_count(options.fuel));
  }
  TR_TRY(check_runnable(session, function));
  TR_ASSIGN(auto* store, session.blockstore());
  TR_ASSIGN(const Cid cid, compute::store_function(function, *store));
  TR_TRY(store->flush());
  return cid;
}

void add_deploy(Grammar& grammar) {
  auto options = std::make_shared<DeployOptions>();
  CLI::App* command = add_command(
      grammar, grammar.root, "deploy",
      {"Make a Function: a module with what is fixed for every call of it; print its CID",
       "  timerose deploy --env MODE=fast --mount /model=CID classify.wasm\n"
       "  timerose deploy --abi fan --fx word_count --arg string module.wasm"},
      [options](Session& session) -> Result<int> {
        TR_ASSIGN(const Cid cid, options->abi == "fan" ? deploy_fan(session, *options)
                                                       : deploy_function(session, *options));
        TR_TRY(pin_recursively(session, cid, ""));
        TR_TRY(session.out().line(cid.to_string()));
        return kExitSuccess;
      });
  command->group("Compute");
  add_word(*command, "MODULE", options->module, "X of a WebAssembly module");
  add_text(*command, "--abi", options->abi, "wasi, fan or timerose (default: as the module shows)")
      ->type_name("NAME");
  add_repeated(*command, "--fx", options->fxs,
               "fan: a function that may be called; may be repeated")
      ->type_name("NAME");
  add_repeated(*command, "--arg", options->arg_types,
               "fan: type of an argument, for people; may be repeated")
      ->type_name("TYPE");
  add_guest_options(*command, options->texts);
  add_text(*command, "--fuel", options->fuel, "Default fuel budget of a call")->type_name("N");
}

Json externs_json(const std::vector<wasm::ExternType>& externs) {
  Json list = Json::array();
  for (const wasm::ExternType& item : externs) {
    Json entry{{"name", item.name}, {"kind", item.kind}, {"type", item.type}};
    if (!item.module.empty()) entry["module"] = item.module;
    list.push_back(std::move(entry));
  }
  return list;
}

const char* kind_of(compute::LoadedFunction::Kind kind) {
  switch (kind) {
    case compute::LoadedFunction::Kind::kModule:
      return "module";
    case compute::LoadedFunction::Kind::kFunction:
      return "function";
    case compute::LoadedFunction::Kind::kFan:
      return "fan function";
  }
  return "";
}

Json cids_json(const std::map<std::string, Cid>& cids) {
  Json object = Json::object();
  for (const auto& [name, cid] : cids) object[name] = cid.to_string();
  return object;
}

// What a call of the function needs and what is fixed already.
Json needs_json(const compute::LoadedFunction& loaded, wasm::Abi abi) {
  const compute::Function& function = loaded.function;
  Json needs = Json::object();
  needs["entry"] = function.entry.empty() ? wasm::default_entry(abi) : function.entry;
  if (!loaded.fxs.empty()) needs["fx"] = loaded.fxs;
  if (!function.args.empty()) needs["args"] = function.args;
  if (!function.env.empty()) needs["env"] = function.env;
  if (!function.mounts.empty()) needs["mounts"] = cids_json(function.mounts);
  if (!function.links.empty()) needs["links"] = cids_json(function.links);
  if (function.fuel) needs["fuel"] = *function.fuel;
  needs["memory_bytes_max"] =
      function.memory_bytes_max.value_or(compute::Invocation::kMemoryBytesDefault);
  return needs;
}

Result<int> inspect(Session& session, const std::string& text) {
  TR_ASSIGN(auto* repository, session.repository());
  TR_ASSIGN(auto* store, session.content());
  TR_ASSIGN(const Cid cid, resolve_content(session, text));
  TR_ASSIGN(const auto loaded, compute::load_function(*store, cid));
  TR_ASSIGN(auto* modules, repository->modules());
  const Cid& module_cid = loaded.function.module;
  TR_ASSIGN(const auto module,
            modules->get(module_cid, [&] { return compute::read_module(*store, module_cid); }));
  TR_ASSIGN(const wasm::Abi abi, compute::abi_of(loaded.function, *store, *modules));
  const Json json{{"cid", cid.to_string()},
                  {"kind", kind_of(loaded.kind)},
                  {"module", module_cid.to_string()},
                  {"abi", wasm::abi_name(abi)},
                  {"needs", needs_json(loaded, abi)},
                  {"imports", externs_json(module->imports())},
                  {"exports", externs_json(module->exports())}};
  // Names inside a module are its author's bytes.
  TR_TRY(session.out().line(json.dump(2, ' ', false, Json::error_handler_t::replace)));
  return kExitSuccess;
}

void add_inspect(Grammar& grammar, CLI::App& group) {
  auto text = std::make_shared<std::string>();
  CLI::App* command = add_command(grammar, group, "inspect",
                                  {"Show a function's ABI, imports, exports and needs, as JSON",
                                   "  timerose function inspect wordcount.wasm"},
                                  [text](Session& session) { return inspect(session, *text); });
  add_word(*command, "FUNCTION", *text, "X of a module or Function");
}

}  // namespace

void add_function_commands(Grammar& grammar) {
  add_deploy(grammar);
  CLI::App* group = add_group(grammar.root, "function", "Look into functions, and vouch for them");
  group->group("Compute");
  add_inspect(grammar, *group);
  add_sign_command(grammar, *group);
}

}  // namespace timerose::cli
