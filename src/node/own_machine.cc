#include "node/own_machine.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/duration.h"
#include "base/file.h"

namespace timerose::node {
namespace {

using scheduler::Advert;

constexpr int kRuns = 3;
constexpr size_t kMeminfoBytesMax = 1U << 16;
constexpr size_t kDeviceFileBytesMax = 1U << 12;

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

// The folders in `folder`, in order of their names; none if it is not there.
std::vector<std::filesystem::path> folders_in(const std::filesystem::path& folder) {
  std::error_code failure;
  std::vector<std::filesystem::path> found;
  for (auto at = std::filesystem::directory_iterator(folder, failure);
       !failure && at != std::filesystem::directory_iterator(); at.increment(failure)) {
    found.push_back(at->path());
  }
  std::ranges::sort(found);
  return found;
}

// As an advert may have it: printable ASCII, not too long.
std::string gpu_name(std::string_view text, std::string_view otherwise) {
  std::string name;
  for (const char letter : text) {
    if (letter >= ' ' && letter <= '~') name += letter;
  }
  name.erase(0, std::min(name.find_first_not_of(' '), name.size()));
  name.resize(std::min(name.size(), Advert::kNameBytesMax));
  name.erase(name.find_last_not_of(' ') + 1);
  return name.empty() ? std::string(otherwise) : name;
}

std::string first_line_of(const std::filesystem::path& file) {
  const auto bytes = read_file(file, kDeviceFileBytesMax);
  if (!bytes.ok()) return {};
  const std::string_view text = as_text(*bytes);
  return std::string(text.substr(0, text.find('\n')));
}

std::optional<scheduler::Gpu> nvidia_gpu(const std::filesystem::path& folder) {
  constexpr std::string_view kModel = "Model:";
  const auto bytes = read_file(folder / "information", kDeviceFileBytesMax);
  if (!bytes.ok()) return std::nullopt;
  const std::string_view text = as_text(*bytes);
  const size_t at = text.find(kModel);
  const std::string_view rest = at == std::string_view::npos ? "" : text.substr(at + kModel.size());
  return scheduler::Gpu{gpu_name(rest.substr(0, rest.find('\n')), "NVIDIA GPU"), 0};
}

std::optional<scheduler::Gpu> amd_gpu(const std::filesystem::path& card) {
  const std::string memory = first_line_of(card / "device/mem_info_vram_total");
  uint64_t bytes = 0;
  const auto read = std::from_chars(memory.data(), memory.data() + memory.size(), bytes);
  if (memory.empty() || read.ec != std::errc()) return std::nullopt;
  return scheduler::Gpu{gpu_name(first_line_of(card / "device/product_name"), "AMD GPU"),
                        std::min(bytes, Advert::kMemoryBytesMax)};
}

}  // namespace

std::vector<scheduler::Gpu> look_at_gpus(const std::filesystem::path& root) {
  std::vector<scheduler::Gpu> found;
  const auto add = [&found](std::optional<scheduler::Gpu> gpu) {
    if (gpu && found.size() < Advert::kGpusMax) found.push_back(*std::move(gpu));
  };
  for (const auto& folder : folders_in(root / "proc/driver/nvidia/gpus")) add(nvidia_gpu(folder));
  for (const auto& card : folders_in(root / "sys/class/drm")) {
    const std::string name = card.filename();
    if (name.starts_with("card") && name.find('-') == std::string::npos) add(amd_gpu(card));
  }
  return found;
}

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

compute::Invocation speed_call() {
  compute::Invocation call(Cid::of_sha256(Codec::kRaw, kLoop));
  call.entry = "_start";
  return call;
}

Result<MeasuredSpeed> measure_speed(wasm::Engine& engine, const PrivateKey& key, Blockstore& store,
                                    Clock& clock) {
  TR_TRY(store.put(Block::of_sha256(Codec::kRaw, Bytes(kLoop.begin(), kLoop.end()))));
  compute::Memo memo(nullptr, 1);
  wasm::ModuleCache modules(engine, std::nullopt);
  compute::Executor executor({store, memo, engine, modules, key, clock});
  compute::Request request(speed_call());
  request.use_memo = false;
  request.recording = compute::Recording::kInMemory;
  std::optional<compute::Answer> best;
  for (int run = 0; run < kRuns; ++run) {
    TR_ASSIGN(compute::Answer answer, executor.run(request));
    if (!answer.outcome) return Error{ErrorCode::kInternal, "the measured loop was stopped"};
    const bool better = !best || answer.circumstances.duration_ns < best->circumstances.duration_ns;
    if (better) best = std::move(answer);
  }
  TR_TRY(executor.record(request.invocation, *best));
  return MeasuredSpeed{fuel_per_s(best->metering, best->circumstances), *std::move(best)};
}

uint64_t fuel_per_s(const compute::Metering& used, const compute::Circumstances& how) {
  const auto fuel = static_cast<unsigned __int128>(used.fuel_used) * kNsPerSecond;
  const auto rate = fuel / std::max<uint64_t>(1, how.duration_ns);
  return static_cast<uint64_t>(std::min<unsigned __int128>(rate, UINT64_MAX));
}

}  // namespace timerose::node
