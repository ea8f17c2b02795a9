#include <fmt/format.h>

#include <chrono>
#include <future>
#include <list>
#include <mutex>
#include <unordered_map>

#include "wasm/binary.h"
#include "wasm/compiled_file.h"
#include "wasm/module.h"
#include "wasm/native.h"

namespace timerose::wasm {

namespace {

using Found = Result<std::shared_ptr<const Module>>;

// Modules kept in memory; the one not asked for the longest goes first.
constexpr size_t kModulesMax = 256;

Result<ModulePointer> compiled_by(const Engine& engine, ByteView binary) {
  TR_TRY(check_is_module(binary));
  wasmtime_module_t* module = nullptr;
  const ErrorPointer error(
      wasmtime_module_new(engine.native().engine.get(), binary.data(), binary.size(), &module));
  if (error == nullptr) return ModulePointer(module);
  std::string message = message_of(*error);
  // A proposal that is off is told apart only by how Wasmtime words it.
  const bool is_proposal = message.find("must be enabled") != std::string::npos ||
                           message.find("not enabled") != std::string::npos ||
                           message.find("support is not") != std::string::npos;
  return Error{is_proposal ? ErrorCode::kUnsupported : ErrorCode::kMalformed,
               fmt::format("not a WebAssembly module that can be run here: {}", message)};
}

}  // namespace

struct ModuleCache::State {
  State(Engine& the_engine, std::optional<std::filesystem::path> the_folder, LoadCode the_load)
      : engine(the_engine), folder(std::move(the_folder)), load(std::move(the_load)) {}

  struct Entry {
    std::shared_future<Found> found;
    std::list<Cid>::iterator age;
  };

  Engine& engine;
  const std::optional<std::filesystem::path> folder;
  const LoadCode load;  // none: compiles
  std::mutex mutex;
  std::unordered_map<Cid, Entry> entries;
  std::list<Cid> by_age;  // asked for last: first

  Found load_or_compile(const Cid& cid, const ReadModule& read) const;
  // Null if it is not there, or not yet.
  std::shared_ptr<const Module> in_memory(const Cid& cid);
  void make_room();
};

// From disk, or from the binary; what was compiled is kept on disk. A disk that is full or
// read-only costs the next process a compilation, and this call nothing.
Found ModuleCache::State::load_or_compile(const Cid& cid, const ReadModule& read) const {
  if (load) {
    TR_ASSIGN(const SharedBytes code, load(cid));
    TR_ASSIGN(ModulePointer loaded, load_code(engine, code.view()));
    return make_module(cid, std::move(loaded));
  }
  const Purpose purpose{engine, cid};
  std::filesystem::path path;
  if (folder) {
    path = *folder / purpose.file_name();
    auto loaded = load_compiled(path, purpose);
    if (loaded.ok()) return make_module(cid, std::move(loaded).value());
  }
  TR_ASSIGN(const Bytes binary, read());
  TR_ASSIGN(ModulePointer compiled, compiled_by(engine, binary));
  if (folder) {
    std::error_code ignored;
    std::filesystem::create_directories(*folder, ignored);
    (void)save_compiled(path, purpose, *compiled);
  }
  return make_module(cid, std::move(compiled));
}

void ModuleCache::State::make_room() {
  while (entries.size() > kModulesMax) {
    entries.erase(by_age.back());
    by_age.pop_back();
  }
}

ModuleCache::ModuleCache(Engine& engine, std::optional<std::filesystem::path> folder)
    : state_(std::make_unique<State>(engine, std::move(folder), LoadCode())) {}
ModuleCache::ModuleCache(Engine& engine, LoadCode load)
    : state_(std::make_unique<State>(engine, std::nullopt, std::move(load))) {}
ModuleCache::~ModuleCache() = default;

std::vector<Cid> ModuleCache::latest(size_t max) const {
  const std::lock_guard lock(state_->mutex);
  std::vector<Cid> out;
  for (const Cid& cid : state_->by_age) {
    if (out.size() == max) break;
    out.push_back(cid);
  }
  return out;
}

std::shared_ptr<const Module> ModuleCache::State::in_memory(const Cid& cid) {
  const std::lock_guard lock(mutex);
  const auto entry = entries.find(cid);
  if (entry == entries.end()) return nullptr;
  const std::shared_future<Found>& found = entry->second.found;
  if (found.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return nullptr;
  return found.get().ok() ? *found.get() : nullptr;
}

bool ModuleCache::has(const Cid& module) const { return state_->in_memory(module) != nullptr; }

Result<Bytes> ModuleCache::code(const Cid& module) const {
  if (const auto known = state_->in_memory(module)) return code_of(*known->native().module);
  if (!state_->folder) return Error{ErrorCode::kNotFound, "the module is not compiled here"};
  const Purpose purpose{state_->engine, module};
  TR_ASSIGN(const ModulePointer loaded,
            load_compiled(*state_->folder / purpose.file_name(), purpose));
  return code_of(*loaded);
}

Result<Bytes> compile(const Engine& engine, ByteView binary) {
  TR_ASSIGN(const ModulePointer compiled, compiled_by(engine, binary));
  return code_of(*compiled);
}

Found ModuleCache::get(const Cid& module, const ReadModule& read) {
  std::promise<Found> promise;
  std::shared_future<Found> theirs;
  {
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->entries.find(module);
    if (found != state_->entries.end()) {
      state_->by_age.splice(state_->by_age.begin(), state_->by_age, found->second.age);
      theirs = found->second.found;
    } else {
      state_->by_age.push_front(module);
      state_->entries.emplace(module,
                              State::Entry{promise.get_future().share(), state_->by_age.begin()});
      state_->make_room();
    }
  }
  if (theirs.valid()) return theirs.get();

  Found made = state_->load_or_compile(module, read);
  if (!made.ok()) {
    // Not kept: the next asker may be able to read what this one could not.
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->entries.find(module);
    if (found != state_->entries.end()) {
      state_->by_age.erase(found->second.age);
      state_->entries.erase(found);
    }
  }
  promise.set_value(made);
  return made;
}

}  // namespace timerose::wasm
