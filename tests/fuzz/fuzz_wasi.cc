// Random sequences of WASI calls with random arguments, over a small tree and in a small memory: no
// crash, no byte outside memory touched (the memory is a heap block of its own, so AddressSanitizer
// sees it), answers that are errnos, and twice the same for the same calls.
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>

#include "base/check.h"
#include "blockstore/memory_blockstore.h"
#include "crypto/digest.h"
#include "unixfs/directory.h"
#include "unixfs/importer.h"
#include "wasm/wasi/functions.h"

namespace timerose {
namespace {

constexpr size_t kMemoryBytes = 16U << 10;
constexpr uint64_t kErrnoLast = 76;
constexpr size_t kCallsMax = 200;

// Where the paths lie that calls are likely to use: 16 bytes each.
constexpr std::array<const char*, 16> kPaths = {
    "a",   "b",       "a/file",  "a/link", "a/loop",   "a/big", "shards", "shards/17",
    "out", "out/new", "out/dir", "../x",   "out/dir/", ".",     "in/0",   "a/up"};
constexpr size_t kPathsAt = 256;
constexpr size_t kPathSpace = 16;
// Lists of buffers, one buffer each, of growing length.
constexpr size_t kBuffersAt = 1024;

unixfs::Layout small_layout() {
  unixfs::Layout layout = unixfs::unixfs_v1_2025();
  layout.chunk_bytes = 1024;
  layout.links_max = 4;
  return layout;
}

class TestTree {
 public:
  enum class Blocks { kAll, kOneMissing };
  explicit TestTree(Blocks blocks) : root_(build()) {
    if (blocks == Blocks::kOneMissing) CHECK(store_.remove(file_).ok());
  }

  MemoryBlockstore& store() { return store_; }
  wasi::World world() const {
    wasi::World world;
    world.args = {"fuzz", "argument"};
    world.env = {{"KEY", "value"}};
    world.inputs = {file_};
    world.stdin_file = file_;
    world.mounts.emplace("/", root_);
    world.mounts.emplace("/out/mounted", root_);
    return world;
  }

 private:
  Cid build() {
    const auto layout = small_layout();
    const auto sink = unixfs::sink_into(store_);
    const auto file = unixfs::import_bytes(as_bytes("content"), layout, sink).value();
    const auto big = unixfs::import_bytes(Bytes(70'000, 'x'), layout, sink).value();
    file_ = file.cid;
    unixfs::DirectoryBuilder a(layout);
    add(a, "file", file);
    add(a, "big", big);
    add(a, "link", unixfs::import_symlink("../b", layout, sink).value());
    add(a, "loop", unixfs::import_symlink("loop", layout, sink).value());
    add(a, "up", unixfs::import_symlink("/a/../../x", layout, sink).value());
    auto sharded = layout;
    sharded.directory_bytes_max = 1;
    unixfs::DirectoryBuilder shards(sharded);
    for (int i = 0; i < 64; ++i) add(shards, std::to_string(i), file);
    unixfs::DirectoryBuilder root(layout);
    add(root, "a", a.finish(sink).value());
    add(root, "shards", shards.finish(sink).value());
    add(root, "b", file);
    return root.finish(sink).value().cid;
  }
  static void add(unixfs::DirectoryBuilder& to, std::string_view name,
                  const unixfs::Imported& child) {
    CHECK(to.add(name, child).ok());
  }

  MemoryBlockstore store_;
  Cid file_ = Cid::of_sha256(Codec::kRaw, {});
  Cid root_;
};

// The fuzzer's bytes as choices; zeros when they are used up.
class Choices {
 public:
  explicit Choices(ByteView bytes) : bytes_(bytes) {}
  [[nodiscard]] bool done() const { return bytes_.empty(); }
  uint8_t byte() { return static_cast<uint8_t>(take(1)); }
  uint64_t take(size_t count) {
    count = std::min(count, bytes_.size());
    uint64_t value = 0;
    std::memcpy(&value, bytes_.data(), count);
    bytes_ = bytes_.subspan(count);
    return value;
  }

  uint64_t parameter(bool is_64_bits) {
    const uint8_t kind = byte();
    switch (kind % 8) {
      case 0:
      case 1:
        return kind / 8;  // descriptors, flags, small numbers
      case 2:
        return kPathsAt + kPathSpace * (kind / 8 % kPaths.size());
      case 3:
        return std::strlen(kPaths[kind / 8 % kPaths.size()]);
      case 4:
        return kBuffersAt + 8 * (kind / 8);
      case 5:
        return take(2);
      case 6:
        return kMemoryBytes - kind / 8;
      default:
        return is_64_bits ? take(8) : take(4);
    }
  }

 private:
  ByteView bytes_;
};

Bytes first_memory() {
  Bytes memory(kMemoryBytes);
  for (size_t i = 0; i < kPaths.size(); ++i) {
    std::memcpy(&memory[kPathsAt + i * kPathSpace], kPaths[i], std::strlen(kPaths[i]));
  }
  for (uint32_t i = 0; i < 32; ++i) {
    const std::array<uint32_t, 2> buffer = {4096, 1U << (i % 13)};
    std::memcpy(&memory[kBuffersAt + i * 8], buffer.data(), sizeof(buffer));
  }
  return memory;
}

// Everything a sequence of calls left behind, as one digest.
Sha256Digest play(TestTree& tree, ByteView input, bool may_stop) {
  wasi::Limits limits;
  limits.written_bytes_max = 1U << 20;
  limits.stdout_bytes_max = 1U << 12;
  limits.open_files_max = 12;
  limits.files_max = 40;
  wasi::Context context(tree.world(), limits, tree.store(), small_layout());
  const auto first = first_memory();
  const auto memory = std::make_unique<uint8_t[]>(kMemoryBytes);
  std::copy(first.begin(), first.end(), memory.get());

  Sha256 seen;
  Choices choices(input);
  for (size_t calls = 0; calls < kCallsMax && !choices.done(); ++calls) {
    const auto& function = wasi::functions()[choices.byte() % wasi::functions().size()];
    std::array<uint64_t, 16> parameters{};
    const std::string_view kinds = function.parameters;
    for (size_t i = 0; i < kinds.size(); ++i) {
      parameters[i] = choices.parameter(kinds[i] == 'I');
      if (kinds[i] == 'i') parameters[i] &= UINT32_MAX;
    }
    const auto result = function.call(
        context, wasm::GuestMemory(std::span(memory.get(), kMemoryBytes)), parameters.data());
    if (const auto* code = std::get_if<uint64_t>(&result)) {
      CHECK(*code <= kErrnoLast);
      seen.update({reinterpret_cast<const uint8_t*>(code), sizeof(*code)});
    } else {
      CHECK(!std::holds_alternative<wasm::HostTrap>(result));
      if (std::holds_alternative<wasm::Stopped>(result)) CHECK(may_stop);
    }
  }
  CHECK(context.stdout_bytes().size() <= limits.stdout_bytes_max);
  if (context.has_output()) {
    const auto output = context.collect_output(unixfs::discard());
    CHECK(output.ok() || may_stop);
    if (output.ok()) seen.update(output.value().cid.bytes());
  }
  seen.update({memory.get(), kMemoryBytes});
  seen.update(context.stdout_bytes());
  return seen.finish();
}

}  // namespace
}  // namespace timerose

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace timerose;
  static TestTree whole(TestTree::Blocks::kAll);
  static TestTree damaged(TestTree::Blocks::kOneMissing);
  if (size == 0) return 0;
  const bool with_damage = (data[0] & 1) != 0;
  TestTree& tree = with_damage ? damaged : whole;
  const ByteView input = ByteView(data, size).subspan(1);
  CHECK(play(tree, input, with_damage) == play(tree, input, with_damage));
  return 0;
}
