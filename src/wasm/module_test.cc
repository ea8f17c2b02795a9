#include "wasm/module.h"

#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "base/file.h"
#include "base/testing.h"
#include "wasm/testing.h"

namespace timerose::wasm {
namespace {

using ::testing::HasSubstr;

Error compile_error(const Bytes& bytes) {
  Guests guests;
  auto made = guests.compile(bytes);
  EXPECT_FALSE(made.ok());
  return made.ok() ? Error{} : made.error();
}

TEST(Module, DescribesImportsAndExports) {
  Guests guests;
  const auto module = guests.module(R"((module
    (import "env" "f" (func (param i32 i64) (result f32 v128)))
    (import "env" "t" (table 1 5 funcref))
    (memory (export "memory") 1 16) (memory (export "wide") i64 1)
    (table (export "wide table") i64 3 externref)
    (global (export "g") (mut i64) (i64.const 0))
    (tag (export "e") (param i32))
    (func (export "") (result (ref null any)) (ref.null any))))");
  std::string text;
  for (const auto* externs : {&module->imports(), &module->exports()}) {
    for (const ExternType& one : *externs) {
      text += one.module + "|" + one.name + "|" + one.kind + "|" + one.type + "\n";
    }
  }
  EXPECT_EQ(text,
            "env|f|function|(i32, i64) -> (f32, v128)\n"
            "env|t|table|1..5 (ref null func)\n"
            "|memory|memory|1..16 pages\n"
            "|wide|memory|1.. pages (64-bit)\n"
            "|wide table|table|3.. (ref null extern) (64-bit)\n"
            "|g|global|mut i64\n"
            "|e|tag|(i32) -> ()\n"
            "||function|() -> (ref null any)\n");
}

TEST(Module, ShowsItsAbi) {
  Guests guests;
  const auto abi_of = [&](std::string_view text) {
    const auto abi = guests.module(text)->detect_abi();
    return abi.ok() ? abi_name(*abi) : error_code_name(abi.error().code);
  };
  EXPECT_STREQ(abi_of(R"((module (func (export "_start"))))"), "wasi");
  EXPECT_STREQ(abi_of(R"((module (import "wasi_snapshot_preview1" "sched_yield"
                                   (func (result i32))) (func (export "f"))))"),
               "wasi");
  EXPECT_STREQ(abi_of(R"((module (memory (export "memory") 1)
                          (func (export "alloc") (param i32) (result i32) (i32.const 0))
                          (func (export "fx") (param i32 i32) (result i32) (i32.const 0))))"),
               "fan");
  EXPECT_STREQ(abi_of(R"((module (import "timerose" "input_count" (func (result i32)))
                          (func (export "_start"))))"),
               "timerose");
  EXPECT_STREQ(abi_of(R"((module (func (export "timerose_main"))))"), "timerose");
  EXPECT_STREQ(abi_of(R"((module (func (export "f"))))"), "unsupported");
}

TEST(Module, SaysWhatItWouldNeedForAnAbi) {
  Guests guests;
  const auto abi = guests.module(R"((module (func (export "compute"))))")->detect_abi();
  ASSERT_FALSE(abi.ok());
  EXPECT_THAT(abi.error().message, HasSubstr("_start"));
  EXPECT_THAT(abi.error().message, HasSubstr("alloc"));
  EXPECT_THAT(abi.error().message, HasSubstr("function compute"));
}

TEST(AbiName, IsTheInverseOfAbiNamed) {
  for (const Abi abi : {Abi::kWasi, Abi::kFan, Abi::kTimerose}) {
    EXPECT_EQ(abi_named(abi_name(abi)).value(), abi);
  }
  EXPECT_FALSE(abi_named("WASI").ok());
}

TEST(Module, SaysWhatWasFoundInsteadOfAModule) {
  const auto found = [](std::string_view bytes) {
    return compile_error(to_bytes(as_bytes(bytes)));
  };
  EXPECT_THAT(found("").message, HasSubstr("it is empty"));
  EXPECT_THAT(found("\x7f"
                    "ELF\2\1\1")
                  .message,
              HasSubstr("an ELF program"));
  EXPECT_THAT(found("  (module (func))").message, HasSubstr("WAT"));
  EXPECT_THAT(found("hello, world\n").message, HasSubstr("found text"));
  EXPECT_THAT(found("#!/bin/sh\n").message, HasSubstr("a script"));
  EXPECT_THAT(found("\x01\x02\x03\x04").message, HasSubstr("01020304"));
  EXPECT_THAT(found(std::string_view("\0as", 3)).message, HasSubstr("cut off"));
  EXPECT_THAT(found(std::string_view("\0asm\1\0", 6)).message, HasSubstr("cut off"));
  const Error component = found(std::string_view("\0asm\x0d\0\1\0", 8));
  EXPECT_EQ(component.code, ErrorCode::kUnsupported);
  EXPECT_THAT(component.message, HasSubstr("component"));
  EXPECT_EQ(found("").code, ErrorCode::kMalformed);
}

TEST(Module, RefusesABinaryCutOffAnywhere) {
  Guests guests;
  const Bytes whole = wat(R"((module (memory 1) (func (export "_start") (drop (i32.const 1)))
                              (data (i32.const 0) "hello")))");
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto made = guests.compile(Bytes(whole.begin(), whole.begin() + size));
    // A cut between two sections may leave a smaller module that is whole.
    if (!made.ok()) {
      EXPECT_EQ(made.error().code, ErrorCode::kMalformed) << size;
    }
  }
  EXPECT_FALSE(guests.compile(Bytes(whole.begin(), whole.end() - 1)).ok());
}

TEST(Module, RefusesProposalsThatAreOff) {
  EXPECT_EQ(compile_error(wat("(module (memory 1 1 shared))")).code, ErrorCode::kUnsupported);
  EXPECT_EQ(compile_error(wat("(module (memory 1 (pagesize 1)))")).code, ErrorCode::kUnsupported);
}

class ModuleFiles : public ::testing::Test {
 protected:
  ModuleFiles() { engine_ = std::move(Engine::create({})).value(); }

  // From a new cache, as a new process has it. Counts how often the binary was needed.
  Result<std::shared_ptr<const Module>> get() {
    ModuleCache cache(*engine_, folder_);
    return cache.get(cid_, [&] {
      ++reads_;
      return Result<Bytes>(binary_);
    });
  }
  std::filesystem::path only_file() const {
    std::filesystem::path found;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) found = entry.path();
    return found;
  }
  std::string run(std::shared_ptr<const Module> module) {
    auto prepared = Prepared::create(*engine_, {std::move(module), Abi::kWasi, "run", {}});
    EXPECT_TRUE(prepared.ok());
    MemoryBlockstore store;
    auto result = (*prepared)->run(Guests::plain_call(), store, unixfs::discard());
    return ending_text(result.value());
  }

  testing_support::TemporaryFolder temporary_;
  std::filesystem::path folder_ = temporary_.path();
  std::unique_ptr<Engine> engine_;
  const Bytes binary_ = wat(R"((module (memory 1) (data (i32.const 0) "\05")
                                (func (export "run") (result i32) (i32.load (i32.const 0)))))");
  const Cid cid_ = Cid::of_sha256(Codec::kRaw, binary_);
  int reads_ = 0;
};

TEST_F(ModuleFiles, AreUsedInsteadOfCompiling) {
  EXPECT_EQ(run(get().value()), "exit 5");
  EXPECT_EQ(run(get().value()), "exit 5");
  EXPECT_EQ(reads_, 1);
  EXPECT_THAT(only_file().filename().string(), HasSubstr(cid_.to_string()));
}

TEST_F(ModuleFiles, AreMadeAfreshWhereverTheyAreDamaged) {
  ASSERT_TRUE(get().ok());
  const Bytes good = std::move(read_file(only_file(), 1U << 30)).value();
  int damaged = 0;
  for (size_t at = 0; at < good.size(); at += 97) {
    Bytes bad = good;
    bad[at] ^= 0x10;
    ASSERT_TRUE(write_file_atomically(only_file(), bad, 0600).ok());
    auto module = get();
    ASSERT_TRUE(module.ok()) << module.error().message;
    ++damaged;
    ASSERT_EQ(reads_, 1 + damaged) << "damage at byte " << at << " went unseen";
  }
  EXPECT_EQ(run(get().value()), "exit 5");
  EXPECT_EQ(reads_, 1 + damaged) << "the file was not replaced by a good one";
}

TEST_F(ModuleFiles, AreMadeAfreshIfCutOffOrEmpty) {
  ASSERT_TRUE(get().ok());
  const Bytes good = std::move(read_file(only_file(), 1U << 30)).value();
  for (const size_t size : {size_t{0}, size_t{1}, size_t{79}, good.size() / 2, good.size() - 1}) {
    reads_ = 0;
    ASSERT_TRUE(write_file_atomically(only_file(), ByteView(good).first(size), 0600).ok());
    ASSERT_TRUE(get().ok());
    EXPECT_EQ(reads_, 1) << size;
  }
}

TEST_F(ModuleFiles, OfAnotherModuleAreNotUsed) {
  ASSERT_TRUE(get().ok());
  const Bytes file = std::move(read_file(only_file(), 1U << 30)).value();
  const std::string name = only_file().filename().string();
  const Cid other = Cid::of_sha256(Codec::kRaw, as_bytes("another"));
  const auto forged = folder_ / (other.to_string() + name.substr(cid_.to_string().size()));
  ASSERT_TRUE(write_file_atomically(forged, file, 0600).ok());
  ModuleCache cache(*engine_, folder_);
  bool read = false;
  const auto module = cache.get(other, [&] {
    read = true;
    return Result<Bytes>(binary_);
  });
  EXPECT_TRUE(module.ok());
  EXPECT_TRUE(read);
}

TEST_F(ModuleFiles, AreNotNeeded) {
  folder_ = "/proc/no/such/folder";
  EXPECT_EQ(run(get().value()), "exit 5");
}

TEST(ModuleCache, CompilesOnceForManyAskers) {
  Guests guests;
  const Bytes binary = wat(R"((module (func (export "_start"))))");
  const Cid cid = Cid::of_sha256(Codec::kRaw, binary);
  ModuleCache cache(guests.engine(), std::nullopt);
  std::atomic<int> reads = 0;
  std::vector<std::shared_ptr<const Module>> got(8);
  std::vector<std::thread> threads;
  for (auto& slot : got) {
    threads.emplace_back([&] {
      slot = cache
                 .get(cid,
                      [&] {
                        ++reads;
                        return Result<Bytes>(binary);
                      })
                 .value();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(reads, 1);
  for (const auto& module : got) EXPECT_EQ(module, got.front());
}

TEST(ModuleCache, TriesAgainAfterAFailure) {
  Guests guests;
  const Bytes binary = wat(R"((module (func (export "_start"))))");
  const Cid cid = Cid::of_sha256(Codec::kRaw, binary);
  ModuleCache cache(guests.engine(), std::nullopt);
  EXPECT_EQ(cache.get(cid, [] { return Result<Bytes>(Error{ErrorCode::kNotFound, "gone"}); })
                .error()
                .code,
            ErrorCode::kNotFound);
  EXPECT_TRUE(cache.get(cid, [&] { return Result<Bytes>(binary); }).ok());
}

TEST(ModuleCache, GivesCodeThatAnotherEngineTakes) {
  Guests guests;
  const Bytes binary = wat(R"((module (memory (export "memory") 1)
    (func (export "_start") unreachable)))");
  const Cid cid = Cid::of_sha256(Codec::kRaw, binary);
  const auto read = [&] { return Result<Bytes>(binary); };
  ModuleCache compiling(guests.engine(), std::nullopt);
  EXPECT_FALSE(compiling.has(cid));
  EXPECT_EQ(compiling.code(cid).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(compiling.get(cid, read).ok());
  EXPECT_TRUE(compiling.has(cid));
  const auto code = compiling.code(cid);
  ASSERT_TRUE(code.ok()) << code.error().message;
  EXPECT_EQ(*compile(guests.engine(), binary), *code);

  Guests other;
  ModuleCache loading(other.engine(), [&](const Cid& asked) {
    EXPECT_EQ(asked, cid);
    return Result<SharedBytes>(SharedBytes::copy_of(*code));
  });
  const auto module = loading.get(cid, [] {
    ADD_FAILURE() << "it compiles";
    return Result<Bytes>(Bytes());
  });
  ASSERT_TRUE(module.ok()) << module.error().message;
  const auto prepared = Prepared::create(other.engine(), {*module, Abi::kWasi, "_start", {}});
  ASSERT_TRUE(prepared.ok());
  EXPECT_EQ(ending_text(other.run(**prepared, Guests::plain_call())), "trap unreachable");
}

}  // namespace
}  // namespace timerose::wasm
