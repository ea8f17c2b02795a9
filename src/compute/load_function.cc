// From a CID to what it names: a bare module, a Function object, or the Function file of IPFS-FAN.
#include <fmt/format.h>

#include "compute/function.h"
#include "unixfs/reader.h"

namespace timerose::compute {
namespace {

constexpr std::string_view kWasmMagic("\0asm", 4);

// What a file that is no function looks like, for a message.
std::string_view looks_like(std::string_view head) {
  if (head.empty()) return "an empty file";
  if (head.starts_with("\x7f"
                       "ELF")) {
    return "a native program (ELF)";
  }
  if (head.starts_with("#!")) return "a script";
  if (head.starts_with("(module")) return "WebAssembly text (turn it into a binary: wat2wasm)";
  for (const char c : head) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' && c != '\r') {
      return "other binary data";
    }
  }
  return "text";
}

Result<LoadedFunction> load_fan(Blockstore& store, const Cid& cid) {
  TR_ASSIGN(const Bytes text, unixfs::read_file(store, cid, FanFunction::kTextBytesMax));
  TR_ASSIGN(FanFunction fan, FanFunction::parse(text));
  Function function(std::move(fan.bytecode));
  function.abi = wasm::Abi::kFan;
  return LoadedFunction{LoadedFunction::Kind::kFan, std::move(function), std::move(fan.fxs)};
}

}  // namespace

Result<LoadedFunction> load_function(Blockstore& store, const Cid& cid) {
  if (cid.codec() == Codec::kDagCbor) {
    TR_ASSIGN(const SharedBytes block, store.get(cid));
    TR_ASSIGN(Function function, Function::decode(block.view()));
    return LoadedFunction{LoadedFunction::Kind::kFunction, std::move(function), {}};
  }
  TR_ASSIGN(unixfs::FileReader reader, unixfs::FileReader::open(store, cid));
  std::array<uint8_t, 16> buffer{};
  TR_ASSIGN(const size_t length, reader.read_at(0, buffer));
  const std::string_view head = as_text(ByteView(buffer).first(length));
  if (head.starts_with(kWasmMagic)) {
    return LoadedFunction{LoadedFunction::Kind::kModule, Function(cid.as_v1()), {}};
  }
  if (head.starts_with("{") && reader.size() <= FanFunction::kTextBytesMax) {
    return load_fan(store, cid);
  }
  return Error{ErrorCode::kMalformed,
               fmt::format("{} is no function: expected a WebAssembly module, a Function object or "
                           "a fan Function, found {}",
                           cid.to_string(), looks_like(head))};
}

Result<Bytes> read_module(Blockstore& store, const Cid& module) {
  return unixfs::read_file(store, module, kModuleBytesMax);
}

Result<Cid> store_function(const Function& function, Blockstore& store) {
  TR_ASSIGN(Bytes bytes, function.encode());
  const Block block = Block::of_sha256(Codec::kDagCbor, SharedBytes(std::move(bytes)));
  TR_TRY(store.put(block));
  return block.cid();
}

}  // namespace timerose::compute
