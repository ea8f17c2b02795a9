// What the tests of this folder and of those above it need: modules from text, and short calls.
#pragma once

#include <gtest/gtest.h>
#include <wasmtime.h>

#include <memory>
#include <string>
#include <string_view>

#include "blockstore/memory_blockstore.h"
#include "unixfs/importer.h"
#include "unixfs/reader.h"
#include "wasm/call.h"
#include "wasm/engine.h"
#include "wasm/module.h"

namespace timerose::wasm {

inline Bytes wat(std::string_view text) {
  wasm_byte_vec_t out;
  wasmtime_error_t* error = wasmtime_wat2wasm(text.data(), text.size(), &out);
  if (error != nullptr) {
    wasm_byte_vec_t message;
    wasmtime_error_message(error, &message);
    ADD_FAILURE() << std::string(message.data, message.size);
    wasm_byte_vec_delete(&message);
    wasmtime_error_delete(error);
    return {};
  }
  Bytes binary(reinterpret_cast<const uint8_t*>(out.data),
               reinterpret_cast<const uint8_t*>(out.data) + out.size);
  wasm_byte_vec_delete(&out);
  return binary;
}

// An engine, a store in memory, and calls of modules given as text.
class Guests {
 public:
  explicit Guests(const EngineOptions& options = {}) {
    auto made = Engine::create(options);
    EXPECT_TRUE(made.ok()) << made.error().message;
    engine_ = std::move(made).value();
    cache_ = std::make_unique<ModuleCache>(*engine_, std::nullopt);
  }

  Engine& engine() { return *engine_; }
  MemoryBlockstore& store() { return store_; }

  Result<std::shared_ptr<const Module>> compile(const Bytes& binary) {
    return cache_->get(Cid::of_sha256(Codec::kRaw, binary), [&] { return Result<Bytes>(binary); });
  }
  std::shared_ptr<const Module> module(std::string_view text) {
    auto made = compile(wat(text));
    EXPECT_TRUE(made.ok()) << made.error().message;
    return std::move(made).value();
  }
  Result<std::unique_ptr<Prepared>> prepare(std::string_view text, Abi abi, std::string entry,
                                            std::map<std::string, std::string> links = {}) {
    Target target{module(text), abi, std::move(entry), {}};
    for (const auto& [name, linked] : links) target.links.emplace(name, module(linked));
    return Prepared::create(*engine_, std::move(target));
  }

  static Call plain_call() {
    Call call;
    call.world.args = {"guest"};
    call.memory_bytes_max = 64U << 20;
    call.layout = unixfs::unixfs_v1_2025();
    return call;
  }
  CallResult run(const Prepared& prepared, const Call& call) {
    auto result = prepared.run(call, store_, unixfs::sink_into(store_));
    EXPECT_TRUE(result.ok()) << result.error().message;
    return std::move(result).value();
  }
  CallResult run(std::string_view text, Abi abi, const std::string& entry,
                 const Call& call = plain_call(), std::map<std::string, std::string> links = {}) {
    auto prepared = prepare(text, abi, entry, std::move(links));
    EXPECT_TRUE(prepared.ok()) << prepared.error().message;
    return run(**prepared, call);
  }
  // A command whose `_start` has this body.
  CallResult run_body(std::string_view body, const Call& call = plain_call()) {
    return run("(module (memory (export \"memory\") 1) (func (export \"_start\") " +
                   std::string(body) + "))",
               Abi::kWasi, "_start", call);
  }

  Cid add(std::string_view text) {
    auto added =
        unixfs::import_bytes(as_bytes(text), unixfs::unixfs_v1_2025(), unixfs::sink_into(store_));
    EXPECT_TRUE(added.ok()) << added.error().message;
    return added.value().cid;
  }
  std::string text_of(const CallResult& result) {
    if (!result.output) return "(no output)";
    auto bytes = unixfs::read_file(store_, result.output->cid, 1U << 30);
    EXPECT_TRUE(bytes.ok()) << bytes.error().message;
    return std::string(as_text(bytes.value()));
  }

 private:
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<ModuleCache> cache_;
  MemoryBlockstore store_;
};

// The parts of an ending, for EXPECT_EQ: "exit 3", "trap unreachable", "stopped fuel".
inline std::string ending_text(const CallResult& result) {
  if (const auto* exit = std::get_if<Exit>(&result.ending)) {
    return "exit " + std::to_string(exit->code);
  }
  if (const auto* trap = std::get_if<Trap>(&result.ending)) {
    return std::string("trap ") + trap_kind_name(trap->kind);
  }
  return std::string("stopped ") + stop_reason_name(std::get<Stopped>(result.ending).reason);
}

inline std::string message_text(const CallResult& result) {
  if (const auto* trap = std::get_if<Trap>(&result.ending)) return trap->message;
  if (const auto* stopped = std::get_if<Stopped>(&result.ending)) return stopped->message;
  return "";
}

}  // namespace timerose::wasm
