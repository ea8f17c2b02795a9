#include "node/repository.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <mutex>

#include "base/file.h"
#include "blockstore/rocks_blockstore.h"
#include "blockstore/rocks_table.h"
#include "compute/place.h"
#include "node/call_roots.h"

namespace timerose::node {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string home() {
  std::string home = environment("HOME");
  if (!home.empty()) return home;
  const passwd* user = getpwuid(getuid());
  return user == nullptr ? "/" : user->pw_dir;
}

// mkdir -p, the last folder for its owner only.
Status make_folder(const fs::path& path) {
  std::error_code failure;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), failure);
  if (failure) return errno_error(failure.value(), "creating " + path.parent_path().string());
  if (mkdir(path.c_str(), 0700) == 0) return success();
  if (errno != EEXIST) return errno_error(errno, "creating the repository " + path.string());
  if (fs::is_directory(path, failure)) return success();
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("{} is not a folder, so it cannot be the repository; set TIMEROSE_PATH "
                           "to one",
                           path.string())};
}

}  // namespace

// In the order in which they stand on each other.
struct Repository::Parts {
  explicit Parts(const fs::path& path) : records(path / "records.sqlite"), pins(records) {}

  // RocksDB, and what is nothing but a view of it.
  struct Stores {
    explicit Stores(std::unique_ptr<RocksDatabase> opened)
        : database(std::move(opened)),
          blocks(*database),
          guarded(blocks),
          memo_table(*database, "memo"),
          abi_table(*database, "abi") {}
    std::unique_ptr<RocksDatabase> database;
    RocksBlockstore blocks;
    GuardedBlockstore guarded;
    RocksTable memo_table;
    RocksTable abi_table;  // CID of a module -> name of the ABI that it shows
  };

  std::recursive_mutex opening;  // held while a part is made; parts are made from parts
  sqlite::Database records;
  Pins pins;
  Blockstore* content = nullptr;  // the executor's, if not the block store itself
  compute::Runner* runner = nullptr;
  std::optional<PrivateKey> key;
  std::optional<Stores> stores;
  std::optional<compute::Memo> memo;
  std::unique_ptr<wasm::Engine> engine;
  std::optional<wasm::ModuleCache> modules;
  std::optional<compute::Executor> executor;
};

Repository::Repository(fs::path path, Machine machine)
    : path_(std::move(path)), machine_(machine), parts_(std::make_unique<Parts>(path_)) {}

Repository::~Repository() = default;

fs::path Repository::default_path() {
  if (auto path = environment("TIMEROSE_PATH"); !path.empty()) return path;
  if (auto data = environment("XDG_DATA_HOME"); !data.empty()) return fs::path(data) / "timerose";
  return fs::path(home()) / ".local/share/timerose";
}

Result<std::unique_ptr<Repository>> Repository::open(const fs::path& path, Machine machine) {
  const fs::path folder = path.has_filename() ? path : path.parent_path();
  TR_TRY(make_folder(folder));
  return std::unique_ptr<Repository>(new Repository(folder, machine));
}

Result<Config> Repository::config() const { return Config::load(path_ / "config.json"); }

Status Repository::save_config(const Config& config) const {
  return config.save(path_ / "config.json");
}

Result<const PrivateKey*> Repository::key() {
  const std::lock_guard lock(parts_->opening);
  if (!parts_->key) {
    TR_ASSIGN(parts_->key, PrivateKey::load_or_create(path_ / "identity.key", machine_.random));
  }
  return &*parts_->key;
}

Result<RocksDatabase*> Repository::database(Access access) {
  const std::lock_guard lock(parts_->opening);
  if (!parts_->stores) {
    TR_ASSIGN(const Config settings, config());
    TR_ASSIGN(auto opened,
              RocksDatabase::open(path_ / "blocks", {settings.storage_bytes_max(), access}));
    parts_->stores.emplace(std::move(opened));
  }
  if (access == Access::kReadWrite) TR_TRY(parts_->stores->database->begin_writing());
  return parts_->stores->database.get();
}

Result<GuardedBlockstore*> Repository::blockstore(Access access) {
  TR_ASSIGN([[maybe_unused]] const auto* opened, database(access));
  return &parts_->stores->guarded;
}

Result<compute::Memo*> Repository::memo(Access access) {
  const std::lock_guard lock(parts_->opening);
  TR_ASSIGN([[maybe_unused]] const auto* opened, database(access));
  if (!parts_->memo) parts_->memo.emplace(&parts_->stores->memo_table);
  return &*parts_->memo;
}

Result<std::vector<Cid>> Repository::call_roots() {
  TR_ASSIGN([[maybe_unused]] const auto* opened, database(Access::kReadOnly));
  return node::call_roots(parts_->stores->memo_table);
}

Pins& Repository::pins() { return parts_->pins; }

sqlite::Database& Repository::records() { return parts_->records; }

void Repository::read_content_through(Blockstore& content) {
  const std::lock_guard lock(parts_->opening);
  CHECK(!parts_->executor);
  parts_->content = &content;
}

void Repository::run_guests_by(compute::Runner& runner) {
  const std::lock_guard lock(parts_->opening);
  CHECK(!parts_->executor);
  parts_->runner = &runner;
}

Result<wasm::Engine*> Repository::engine() {
  const std::lock_guard lock(parts_->opening);
  if (!parts_->engine) {
    TR_ASSIGN(parts_->engine, wasm::Engine::create({}));
  }
  return parts_->engine.get();
}

Result<wasm::ModuleCache*> Repository::modules() {
  const std::lock_guard lock(parts_->opening);
  if (!parts_->modules) {
    TR_ASSIGN(auto* made, engine());
    parts_->modules.emplace(*made, path_ / "modules");
  }
  return &*parts_->modules;
}

Result<compute::Executor*> Repository::executor() {
  const std::lock_guard lock(parts_->opening);
  if (!parts_->executor) {
    TR_ASSIGN(Blockstore * store, blockstore());
    if (parts_->content != nullptr) store = parts_->content;
    TR_ASSIGN(auto* known, memo());
    TR_ASSIGN(auto* made, engine());
    TR_ASSIGN(auto* compiled, modules());
    TR_ASSIGN(const auto* signer, key());
    parts_->executor.emplace(compute::Executor::Parts{*store, *known, *made, *compiled, *signer,
                                                      machine_.clock, parts_->runner});
  }
  return &*parts_->executor;
}

Result<wasm::Abi> Repository::abi_of(const compute::Function& function) {
  if (function.abi) return *function.abi;
  TR_ASSIGN(Blockstore * store, blockstore(Access::kReadOnly));
  if (parts_->content != nullptr) store = parts_->content;
  RocksTable& table = parts_->stores->abi_table;
  TR_ASSIGN(const auto known, table.get(function.module.bytes()));
  if (known) {
    if (auto abi = wasm::abi_named(as_text(*known)); abi.ok()) return abi;
  }
  TR_ASSIGN(auto* compiled, modules());
  TR_ASSIGN(const wasm::Abi abi, compute::abi_of(function, *store, *compiled));
  TR_ASSIGN([[maybe_unused]] const auto* writable, database());
  // Made durable by whoever flushes next; if nobody does, the module shows it again.
  TR_TRY(table.put(function.module.bytes(), as_bytes(wasm::abi_name(abi))));
  return abi;
}

Result<std::optional<compute::Answer>> Repository::remembered(
    const compute::Invocation& invocation) {
  TR_ASSIGN(auto* known, memo(Access::kReadOnly));
  TR_ASSIGN(const compute::Invocation call, invocation.canonical());
  TR_ASSIGN(const Bytes bytes, call.encode());
  const compute::MemoKey name{sha256(bytes), compute::place_of(call)};
  compute::Remembered entry;
  TR_ASSIGN(const bool found, known->find(name, entry));
  if (!found) return std::optional<compute::Answer>();
  compute::Answer answer(compute::object_cid(name.digest));
  answer.cached = true;
  answer.outcome_cid = compute::object_cid(entry.outcome_digest);
  answer.outcome = std::move(entry.outcome);
  answer.metering = std::move(entry.metering);
  if (entry.receipt) answer.receipt = compute::object_cid(*entry.receipt);
  return std::optional(std::move(answer));
}

}  // namespace timerose::node
