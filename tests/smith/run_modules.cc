// run_modules: reads pairs of modules from standard input (see src/main.rs) and runs each pair
// twice, in engines set up differently. Fails if the two runs differ in anything that an Outcome or
// a receipt's metering holds, or if the engine fails rather than the guest.
//
//   smith 0 1000 | run_modules
//
// Prints a table of endings and a last line "N passed, N failed".
#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <string>

#include "base/file.h"
#include "blockstore/memory_blockstore.h"
#include "wasm/call.h"

namespace timerose {
namespace {

constexpr uint64_t kFuel = 2'000'000;
constexpr uint64_t kMemoryBytesMax = 64U << 20;
constexpr uint32_t kModuleBytesMax = 64U << 20;

Result<Bytes> read_frame() {
  uint32_t length = 0;
  if (std::fread(&length, sizeof length, 1, stdin) != 1) {
    return Error{ErrorCode::kNotFound, "end of the stream"};
  }
  if (length > kModuleBytesMax) return Error{ErrorCode::kMalformed, "a frame over its limit"};
  Bytes bytes(length);
  if (length != 0 && std::fread(bytes.data(), length, 1, stdin) != 1) {
    return Error{ErrorCode::kMalformed, "a frame was cut short"};
  }
  return bytes;
}

std::string describe(const wasm::Ending& ending) {
  if (const auto* exit = std::get_if<wasm::Exit>(&ending))
    return fmt::format("exit {}", exit->code);
  if (const auto* trap = std::get_if<wasm::Trap>(&ending)) {
    return fmt::format("trap {}", wasm::trap_kind_name(trap->kind));
  }
  return fmt::format("stopped {}", wasm::stop_reason_name(std::get<wasm::Stopped>(ending).reason));
}

// One of the two engines that must agree.
struct Side {
  std::unique_ptr<wasm::Engine> engine;
  std::unique_ptr<wasm::ModuleCache> modules;
};

Result<Side> make_side(const wasm::EngineOptions& options) {
  TR_ASSIGN(auto engine, wasm::Engine::create(options));
  auto modules = std::make_unique<wasm::ModuleCache>(*engine, std::nullopt);
  return Side{std::move(engine), std::move(modules)};
}

Result<std::shared_ptr<const wasm::Module>> compile(Side& side, const Bytes& binary) {
  return side.modules->get(Cid::of_sha256(Codec::kRaw, binary),
                           [&]() -> Result<Bytes> { return binary; });
}

struct Run {
  std::string ending;  // what the table counts
  std::string all;     // everything that must be equal
};

Result<Run> run_pair(Side& side, const Bytes& module, const Bytes& driver) {
  wasm::Target target;
  auto linked = compile(side, module);
  if (!linked) return Run{"refused", linked.error().message};
  TR_ASSIGN(target.module, compile(side, driver));
  target.entry = "_start";
  target.links.emplace("m", *linked);
  auto prepared = wasm::Prepared::create(*side.engine, std::move(target));
  if (!prepared) return Run{"not linkable", prepared.error().message};

  MemoryBlockstore store;
  wasm::Call call;
  call.fuel = kFuel;
  call.memory_bytes_max = kMemoryBytesMax;
  call.layout = unixfs::unixfs_v1_2025();
  TR_ASSIGN(const wasm::CallResult result, (*prepared)->run(call, store, unixfs::sink_into(store)));
  Run run{describe(result.ending), {}};
  run.all = fmt::format("{} fuel {} memory {} stdout {} output {}", run.ending, result.fuel_used,
                        result.memory_bytes_peak,
                        Cid::of_sha256(Codec::kRaw, result.stdout_bytes).to_string(),
                        result.output ? result.output->cid.to_string() : "none");
  return run;
}

int run_all() {
  wasm::EngineOptions one;
  wasm::EngineOptions other;
  other.compile_threads = 1;
  other.instances_max = 7;
  other.memory_keep_resident_bytes = 0;
  auto left = make_side(one);
  auto right = make_side(other);
  if (!left || !right) {
    std::fprintf(stderr, "engine: %s\n", (left ? right : left).error().message.c_str());
    return 1;
  }
  std::map<std::string, uint64_t> endings;
  uint64_t passed = 0;
  uint64_t failed = 0;
  for (uint64_t number = 0;; number++) {
    const auto module = read_frame();
    if (!module) break;
    const auto driver = read_frame();
    if (!driver) break;
    if (module->empty()) continue;
    const auto first = run_pair(*left, *module, *driver);
    const auto second = run_pair(*right, *module, *driver);
    if (!first || !second || first->all != second->all) {
      failed++;
      std::printf("pair %llu of this stream:\n  %s\n  %s\n",
                  static_cast<unsigned long long>(number),
                  first ? first->all.c_str() : first.error().message.c_str(),
                  second ? second->all.c_str() : second.error().message.c_str());
      continue;
    }
    passed++;
    endings[first->ending]++;
  }
  for (const auto& [ending, count] : endings) {
    std::printf("%10llu %s\n", static_cast<unsigned long long>(count), ending.c_str());
  }
  std::printf("%llu passed, %llu failed\n", static_cast<unsigned long long>(passed),
              static_cast<unsigned long long>(failed));
  return failed == 0 && passed != 0 ? 0 : 1;
}

}  // namespace
}  // namespace timerose

int main() { return timerose::run_all(); }
