#include "node/own_machine.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <thread>

#include "base/file.h"
#include "blockstore/memory_blockstore.h"
#include "compute/executor.h"

namespace timerose::node {
namespace {

constexpr int kRuns = 3;
constexpr size_t kMeminfoBytesMax = 1U << 16;

// (module (memory (export "memory") 1)
//   (func (export "_start") (local $i i32) (local $x i32)
//     (local.set $i (i32.const 2000000))
//     (local.set $x (i32.const 12345))
//     (loop $again
//       (local.set $x (i32.xor (i32.mul (local.get $x) (i32.const 1664525))
//                              (i32.shr_u (local.get $x) (i32.const 7))))
//       (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
//     (i32.store (i32.const 0) (local.get $x))))
constexpr auto kLoop = std::to_array<uint8_t>({
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x03,
    0x02, 0x01, 0x00, 0x05, 0x03, 0x01, 0x00, 0x01, 0x07, 0x13, 0x02, 0x06, 0x6d, 0x65, 0x6d,
    0x6f, 0x72, 0x79, 0x02, 0x00, 0x06, 0x5f, 0x73, 0x74, 0x61, 0x72, 0x74, 0x00, 0x00, 0x0a,
    0x36, 0x01, 0x34, 0x01, 0x02, 0x7f, 0x41, 0x80, 0x89, 0xfa, 0x00, 0x21, 0x00, 0x41, 0xb9,
    0xe0, 0x00, 0x21, 0x01, 0x03, 0x40, 0x20, 0x01, 0x41, 0x8d, 0xcc, 0xe5, 0x00, 0x6c, 0x20,
    0x01, 0x41, 0x07, 0x76, 0x73, 0x21, 0x01, 0x20, 0x00, 0x41, 0x01, 0x6b, 0x22, 0x00, 0x0d,
    0x00, 0x0b, 0x41, 0x00, 0x20, 0x01, 0x36, 0x02, 0x00, 0x0b,
});

// The number of KiB after `name` in /proc/meminfo, as bytes.
uint64_t memory_of(std::string_view meminfo, std::string_view name) {
  const size_t at = meminfo.find(name);
  if (at == std::string_view::npos) return 0;
  std::string_view rest = meminfo.substr(at + name.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  uint64_t kib = 0;
  std::from_chars(rest.data(), rest.data() + rest.size(), kib);
  return kib * 1024;
}

}  // namespace

MachineNumbers look_at_machine(const std::filesystem::path& folder) {
  MachineNumbers out;
  out.cores = std::max(1U, std::thread::hardware_concurrency());
  if (const auto meminfo = read_file("/proc/meminfo", kMeminfoBytesMax); meminfo.ok()) {
    out.memory_bytes = memory_of(as_text(*meminfo), "MemTotal:");
    out.memory_free_bytes =
        std::min(out.memory_bytes, memory_of(as_text(*meminfo), "MemAvailable:"));
  }
  struct statvfs disk{};
  if (statvfs(folder.c_str(), &disk) == 0) {
    out.disk_bytes = uint64_t{disk.f_blocks} * disk.f_frsize;
    out.disk_free_bytes = std::min(out.disk_bytes, uint64_t{disk.f_bavail} * disk.f_frsize);
  }
  return out;
}

Result<uint64_t> measure_fuel_per_s(wasm::Engine& engine, Clock& clock) {
  MemoryBlockstore store;
  const Block block = Block::of_sha256(Codec::kRaw, Bytes(kLoop.begin(), kLoop.end()));
  TR_TRY(store.put(block));
  compute::Memo memo(nullptr, 1);
  wasm::ModuleCache modules(engine, std::nullopt);
  const PrivateKey key = PrivateKey::from_seed({});
  compute::Executor executor({store, memo, engine, modules, key, clock});
  compute::Invocation call(block.cid());
  call.entry = "_start";
  compute::Request request(call);
  request.use_memo = false;
  request.recording = compute::Recording::kInMemory;
  uint64_t best = 0;
  for (int run = 0; run < kRuns; ++run) {
    TR_ASSIGN(const compute::Answer answer, executor.run(request));
    const uint64_t took_ns = std::max<uint64_t>(1, answer.circumstances.duration_ns);
    best = std::max(best, answer.metering.fuel_used * 1'000'000'000 / took_ns);
  }
  return best;
}

}  // namespace timerose::node
