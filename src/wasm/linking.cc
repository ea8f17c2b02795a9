#include "wasm/linking.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

namespace timerose::wasm {

namespace {

constexpr size_t kLinksMax = kInstancesPerCallMax - 1;

const ExternType* find_export(const Module& module, std::string_view name) {
  const auto found = std::find_if(module.exports().begin(), module.exports().end(),
                                  [&](const ExternType& one) { return one.name == name; });
  return found == module.exports().end() ? nullptr : &*found;
}

std::string wanted(const ExternType& import) {
  return fmt::format("{}.{}: {} {}", import.module, import.name, import.kind, import.type);
}

// Memories, tables and globals may be wider than what is asked for: the engine compares those.
bool could_satisfy(const ExternType& exported, const ExternType& import) {
  return exported.kind == import.kind &&
         (import.kind != "function" || exported.type == import.type);
}

std::string why_missing(const ExternType& import, const Linking::Links& links) {
  if (const auto host = find_host_function(import.module, import.name)) {
    return fmt::format("{}, but here it is a function {}", wanted(import), host->type_text());
  }
  const auto link = links.find(import.module);
  if (link != links.end()) {
    const ExternType* exported = find_export(*link->second, import.name);
    return exported == nullptr
               ? fmt::format("{}, which the linked module {} does not export", wanted(import),
                             link->second->cid().to_string())
               : fmt::format("{}, but the linked module {} exports it as {} {}", wanted(import),
                             link->second->cid().to_string(), exported->kind, exported->type);
  }
  if (is_host_module(import.module)) {
    return fmt::format("{}, which \"{}\" does not have", wanted(import), import.module);
  }
  return fmt::format("{} (a module that exports it would do: --link {}=MODULE)", wanted(import),
                     import.module);
}

}  // namespace

// Depth first, so that a module comes after those it imports from.
Status Linking::order(const Links& links) {
  std::set<std::string> done;
  std::vector<std::string> path;
  const std::function<Status(const std::string&, const Module&)> visit =
      [&](const std::string& name, const Module& module) -> Status {
    if (done.contains(name)) return success();
    if (std::find(path.begin(), path.end(), name) != path.end()) {
      path.push_back(name);
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("linked modules import from each other in a circle: {}",
                               fmt::join(path, " -> "))};
    }
    path.push_back(name);
    for (const ExternType& import : module.imports()) {
      const auto link = links.find(import.module);
      if (link != links.end()) TR_TRY(visit(link->first, *link->second));
    }
    path.pop_back();
    done.insert(name);
    steps_.push_back({name, links.at(name)});
    return success();
  };
  for (const auto& [name, module] : links) TR_TRY(visit(name, *module));
  return success();
}

Status Linking::bind(const Module& module, const Links& links, std::vector<std::string>& missing) {
  for (const ExternType& import : module.imports()) {
    const auto host = find_host_function(import.module, import.name);
    if (host && import.kind == "function" && import.type == host->type_text()) {
      (host->module == HostModule::kWasi ? uses_wasi_ : uses_timerose_) = true;
      const ErrorPointer error = host->define_in(*linker_);
      if (error != nullptr) return Error{ErrorCode::kInternal, message_of(*error)};
      continue;
    }
    const auto link = links.find(import.module);
    const ExternType* exported =
        link == links.end() ? nullptr : find_export(*link->second, import.name);
    if (exported == nullptr || !could_satisfy(*exported, import)) {
      missing.push_back(why_missing(import, links));
    }
  }
  return success();
}

Result<Linking> Linking::create(const Engine& engine, std::shared_ptr<const Module> module,
                                const Links& links) {
  if (links.size() > kLinksMax) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("{} linked modules; at most {} can be", links.size(), kLinksMax)};
  }
  for (const auto& [name, linked] : links) {
    if (!is_host_module(name)) continue;
    return Error{
        ErrorCode::kInvalidArgument,
        fmt::format("\"{}\" is the host's own name: no module can be linked under it", name)};
  }
  Linking linking;
  linking.linker_.reset(wasmtime_linker_new(engine.native().engine.get()));
  // Two modules that import the same host function define it twice, alike.
  wasmtime_linker_allow_shadowing(linking.linker_.get(), true);
  TR_TRY(linking.order(links));
  std::vector<std::string> missing;
  for (const Step& step : linking.steps_) {
    TR_TRY(linking.bind(*step.module, links, missing));
  }
  TR_TRY(linking.bind(*module, links, missing));
  if (!missing.empty()) {
    return Error{ErrorCode::kUnsupported,
                 fmt::format("the module imports what nothing here satisfies:\n  {}",
                             fmt::join(missing, "\n  "))};
  }
  linking.module_ = std::move(module);
  if (!linking.has_links()) {
    wasmtime_instance_pre_t* prepared = nullptr;
    const ErrorPointer error(wasmtime_linker_instantiate_pre(
        linking.linker_.get(), linking.module_->native().module.get(), &prepared));
    if (error != nullptr) return Error{ErrorCode::kUnsupported, message_of(*error)};
    linking.prepared_.reset(prepared);
  }
  return linking;
}

bool Linking::uses(HostModule module) const {
  return module == HostModule::kWasi ? uses_wasi_ : uses_timerose_;
}

std::optional<Ending> Linking::instantiate(Session& session) const {
  if (has_links()) return instantiate_links(session);
  wasm_trap_t* trap = nullptr;
  wasmtime_error_t* error =
      wasmtime_instance_pre_instantiate(prepared_.get(), session.context, &session.instance, &trap);
  if (error == nullptr && trap == nullptr) return std::nullopt;
  return ending_of(session, error, trap);
}

// A linked module's own `_initialize` is run before anyone can call it.
std::optional<Ending> Linking::instantiate_links(Session& session) const {
  const LinkerPointer linker(wasmtime_linker_clone(linker_.get()));
  const auto make = [&](const Module& module) -> std::optional<Ending> {
    wasm_trap_t* trap = nullptr;
    wasmtime_error_t* error = wasmtime_linker_instantiate(
        linker.get(), session.context, module.native().module.get(), &session.instance, &trap);
    if (error == nullptr && trap == nullptr) return std::nullopt;
    return ending_of(session, error, trap);
  };
  for (const Step& step : steps_) {
    if (auto ending = make(*step.module)) return ending;
    if (auto ending = initialize(session, *step.module)) return ending;
    wasmtime_error_t* error = wasmtime_linker_define_instance(
        linker.get(), session.context, step.name.data(), step.name.size(), &session.instance);
    if (error != nullptr) return ending_of(session, error, nullptr);
  }
  return make(*module_);
}

}  // namespace timerose::wasm
