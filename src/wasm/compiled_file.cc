#include "wasm/compiled_file.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/file.h"
#include "base/hex.h"
#include "crypto/digest.h"

namespace timerose::wasm {

namespace {

constexpr std::string_view kFileMagic = "TRnative";
constexpr size_t kLengthAt = 8;
constexpr size_t kPurposeAt = 16;
constexpr size_t kChecksumAt = 48;
constexpr size_t kFooterBytes = 80;
constexpr unsigned kFileMode = 0600;

// A file mapped for reading.
class Mapped {
 public:
  static Result<Mapped> map(int fd) {
    struct stat status{};
    if (fstat(fd, &status) != 0) return errno_error(errno, "reading compiled code");
    const auto size = static_cast<size_t>(status.st_size);
    if (size == 0) return Error{ErrorCode::kMalformed, "the compiled code is empty"};
    void* start = mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (start == MAP_FAILED) return errno_error(errno, "mapping compiled code");
    return Mapped(start, size);
  }
  Mapped(Mapped&& other) noexcept
      : start_(std::exchange(other.start_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Mapped& operator=(Mapped&&) = delete;
  ~Mapped() {
    if (start_ != nullptr) munmap(start_, size_);
  }
  [[nodiscard]] ByteView view() const { return {static_cast<const uint8_t*>(start_), size_}; }

 private:
  Mapped(void* start, size_t size) : start_(start), size_(size) {}
  void* start_;
  size_t size_;
};

Status check(ByteView file, const Purpose& purpose) {
  if (file.size() < kFooterBytes) {
    return Error{ErrorCode::kMalformed, "the compiled code is cut off"};
  }
  const ByteView footer = file.last(kFooterBytes);
  uint64_t length = 0;
  std::memcpy(&length, footer.data() + kLengthAt, sizeof(length));
  if (as_text(footer.first(kFileMagic.size())) != kFileMagic ||
      length != file.size() - kFooterBytes) {
    return Error{ErrorCode::kMalformed, "the compiled code has no valid footer"};
  }
  if (!equal(footer.subspan(kPurposeAt, 32), purpose.digest())) {
    return Error{ErrorCode::kMismatch, "the compiled code is for another engine or module"};
  }
  if (!equal(footer.subspan(kChecksumAt), blake3(file.first(file.size() - 32)))) {
    return Error{ErrorCode::kMismatch, "the compiled code does not match its checksum"};
  }
  return success();
}

}  // namespace

Blake3Digest Purpose::digest() const {
  return blake3(
      as_bytes(fmt::format("{}\n{}\n{}\n", engine.version(), engine.flags(), module.to_string())));
}

std::string Purpose::file_name() const {
  const Blake3Digest kind =
      blake3(as_bytes(fmt::format("{}\n{}\n", engine.version(), engine.flags())));
  return fmt::format("{}-{}.native", module.as_v1().to_string(),
                     hex_encode(ByteView(kind).first(8)));
}

Result<ModulePointer> load_compiled(const std::filesystem::path& path, const Purpose& purpose) {
  TR_ASSIGN(const FileDescriptor file, open_for_reading(path));
  {
    TR_ASSIGN(const Mapped mapped, Mapped::map(file.get()));
    TR_TRY(check(mapped.view(), purpose));
  }
  // By descriptor, so that what is mapped is the very file that was checked.
  const std::string by_descriptor = fmt::format("/proc/self/fd/{}", file.get());
  wasmtime_module_t* module = nullptr;
  const ErrorPointer error(wasmtime_module_deserialize_file(purpose.engine.native().engine.get(),
                                                            by_descriptor.c_str(), &module));
  if (error != nullptr) return Error{ErrorCode::kMismatch, message_of(*error)};
  return ModulePointer(module);
}

Result<ModulePointer> load_code(const Engine& engine, ByteView code) {
  wasmtime_module_t* module = nullptr;
  const ErrorPointer error(
      wasmtime_module_deserialize(engine.native().engine.get(), code.data(), code.size(), &module));
  if (error != nullptr) return Error{ErrorCode::kMismatch, message_of(*error)};
  return ModulePointer(module);
}

Result<Bytes> code_of(const wasmtime_module_t& module) {
  wasm_byte_vec_t serialized;
  const ErrorPointer error(wasmtime_module_serialize(&module, &serialized));
  if (error != nullptr) return Error{ErrorCode::kInternal, message_of(*error)};
  Bytes code(reinterpret_cast<const uint8_t*>(serialized.data),
             reinterpret_cast<const uint8_t*>(serialized.data) + serialized.size);
  wasm_byte_vec_delete(&serialized);
  return code;
}

Status save_compiled(const std::filesystem::path& path, const Purpose& purpose,
                     const wasmtime_module_t& module) {
  TR_ASSIGN(Bytes file, code_of(module));
  const uint64_t length = file.size();
  const Blake3Digest purpose_digest = purpose.digest();
  file.insert(file.end(), kFileMagic.begin(), kFileMagic.end());
  const auto* length_bytes = reinterpret_cast<const uint8_t*>(&length);
  file.insert(file.end(), length_bytes, length_bytes + sizeof(length));
  file.insert(file.end(), purpose_digest.begin(), purpose_digest.end());
  const Blake3Digest checksum = blake3(file);
  file.insert(file.end(), checksum.begin(), checksum.end());
  return write_file_atomically(path, file, kFileMode);
}

}  // namespace timerose::wasm
