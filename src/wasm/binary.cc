#include "wasm/binary.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hex.h"

namespace timerose::wasm {

namespace {

constexpr std::string_view kModuleMagic("\0asm", 4);
constexpr size_t kHeaderBytes = 8;

struct Signature {
  std::string_view start;
  const char* what;
};

constexpr Signature kSignatures[] = {
    {"\x7f"
     "ELF",
     "an ELF program or library; compile for a wasm32-wasi target instead"},
    {"#!", "a script"},
    {std::string_view("PK\x03\x04", 4), "a ZIP archive"},
    {std::string_view("\x1f\x8b", 2), "gzip data; unpack it first"},
    {std::string_view("\x28\xb5\x2f\xfd", 4), "Zstandard data; unpack it first"},
    {"!<arch>", "a static library (ar); link it into a module first"},
    {"BC\xc0\xde", "LLVM bitcode; link it into a module first"},
    {"\x89PNG", "a PNG picture"},
    {"%PDF", "a PDF document"},
    {"MZ", "a Windows program"},
};

bool is_text(ByteView bytes) {
  constexpr size_t kLookedAt = 512;
  const ByteView start = bytes.first(std::min(bytes.size(), kLookedAt));
  return std::none_of(start.begin(), start.end(), [](uint8_t byte) {
    return byte == 0x7f || (byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t');
  });
}

std::string found_instead(ByteView bytes) {
  if (bytes.empty()) return "nothing: it is empty";
  const std::string_view text = as_text(bytes);
  for (const Signature& one : kSignatures) {
    if (text.starts_with(one.start)) return one.what;
  }
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && text.substr(first).starts_with("(module")) {
    return "WebAssembly text (WAT); turn it into a binary with `wat2wasm`";
  }
  if (is_text(bytes)) return "text";
  return fmt::format("bytes that start with {}",
                     hex_encode(bytes.first(std::min<size_t>(bytes.size(), 8))));
}

}  // namespace

Status check_is_module(ByteView bytes) {
  if (bytes.size() > kModuleBytesMax) {
    return Error{ErrorCode::kLimitExceeded,
                 fmt::format("the module has {} bytes, but at most {} are accepted", bytes.size(),
                             kModuleBytesMax)};
  }
  const std::string_view text = as_text(bytes);
  if (!text.starts_with(kModuleMagic)) {
    if (!bytes.empty() && kModuleMagic.starts_with(text)) {
      return Error{ErrorCode::kMalformed, "not a WebAssembly module: it is cut off in its header"};
    }
    return Error{
        ErrorCode::kMalformed,
        fmt::format("not a WebAssembly module: expected it to start with \"\\0asm\", found {}",
                    found_instead(bytes))};
  }
  if (bytes.size() < kHeaderBytes) {
    return Error{ErrorCode::kMalformed, "not a WebAssembly module: it is cut off in its header"};
  }
  const unsigned version = bytes[4] | bytes[5] << 8;
  const unsigned layer = bytes[6] | bytes[7] << 8;
  if (layer == 1) {
    return Error{
        ErrorCode::kUnsupported,
        "a WebAssembly component, which cannot be run; build a core module instead (target "
        "wasm32-wasip1, not wasm32-wasip2)"};
  }
  if (version != 1 || layer != 0) {
    return Error{ErrorCode::kUnsupported,
                 fmt::format("a WebAssembly binary of version {} and layer {}; expected version 1, "
                             "layer 0",
                             version, layer)};
  }
  return success();
}

}  // namespace timerose::wasm
