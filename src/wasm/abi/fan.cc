#include "wasm/abi/fan.h"

#include <fmt/format.h>

#include <array>

#include "unixfs/reader.h"
#include "wasm/abi/abi.h"

namespace timerose::wasm::abi {

namespace {

// What the guest gets beside the inputs' bytes, for an output that is longer than they are.
constexpr uint64_t kExtraBytes = 100;

Trap misuse(std::string message) { return {TrapKind::kHost, std::move(message)}; }

// The inputs of a call, opened.
struct Inputs {
  std::vector<unixfs::FileReader> files;
  uint64_t bytes = 0;
};

std::optional<Ending> open_inputs(Session& session, Inputs& inputs) {
  for (const Cid& cid : session.call.world.inputs) {
    auto file = unixfs::FileReader::open(session.blocks, cid);
    if (!file.ok()) return ending_of_read(file.error());
    inputs.bytes += file->size();
    inputs.files.push_back(std::move(file).value());
  }
  if (inputs.bytes + kExtraBytes > INT32_MAX) {
    return misuse(fmt::format("the inputs have {} bytes together; the fan ABI holds at most {}",
                              inputs.bytes, INT32_MAX - kExtraBytes));
  }
  return std::nullopt;
}

// alloc(bytes) of the guest.
std::optional<Ending> allocate(Session& session, uint64_t bytes, uint32_t& pointer) {
  const auto alloc = find_function(session, "alloc");
  CHECK(alloc.has_value());  // check_entry
  wasmtime_val_raw_t value{};
  value.i32 = static_cast<int32_t>(bytes);
  if (auto ending = call_function(session, *alloc, {&value, 1})) return ending;
  pointer = static_cast<uint32_t>(value.i32);
  return std::nullopt;
}

std::optional<Ending> copy_in(Session& session, Inputs& inputs, uint32_t pointer) {
  const GuestMemory memory = memory_of(session);
  const auto area = memory.slice(pointer, inputs.bytes + kExtraBytes);
  if (!area) {
    return misuse(
        fmt::format("alloc({}) returned {}, which does not leave that many bytes inside the "
                    "memory of {} bytes",
                    inputs.bytes + kExtraBytes, pointer, memory.size()));
  }
  size_t at = 0;
  for (unixfs::FileReader& file : inputs.files) {
    const auto got = file.read_at(0, area->subspan(at, file.size()));
    if (!got.ok()) return ending_of_read(got.error());
    at += file.size();
  }
  return std::nullopt;
}

std::optional<Ending> call_fx(Session& session, const std::string& entry, const Inputs& inputs,
                              uint32_t pointer, int32_t& length) {
  const auto fx = find_function(session, entry);
  CHECK(fx.has_value());                                     // check_entry
  std::array<wasmtime_val_raw_t, kFanInputsMax + 1> values;  // only what is used is set
  values[0] = {};
  values[0].i32 = static_cast<int32_t>(pointer);
  for (size_t i = 0; i < inputs.files.size(); ++i) {
    values[i + 1] = {};
    values[i + 1].i32 = static_cast<int32_t>(inputs.files[i].size());
  }
  if (auto ending = call_function(session, *fx, {values.data(), inputs.files.size() + 1})) {
    return ending;
  }
  length = values[0].i32;
  return std::nullopt;
}

}  // namespace

std::optional<size_t> fan_lengths(std::string_view type) {
  constexpr std::string_view kStart = "(i32";
  constexpr std::string_view kNext = ", i32";
  constexpr std::string_view kEnd = ") -> i32";
  if (!type.starts_with(kStart)) return std::nullopt;
  type.remove_prefix(kStart.size());
  size_t lengths = 0;
  while (type.starts_with(kNext)) {
    type.remove_prefix(kNext.size());
    ++lengths;
  }
  if (type != kEnd || lengths == 0 || lengths > kFanInputsMax) return std::nullopt;
  return lengths;
}

Result<Finished> run_fan(Session& session, const std::string& entry, size_t lengths) {
  if (session.call.world.inputs.size() != lengths) {
    return Finished{misuse(fmt::format("{} takes {} inputs, but the call has {}", entry, lengths,
                                       session.call.world.inputs.size())),
                    std::nullopt};
  }
  Inputs inputs;
  uint32_t pointer = 0;
  int32_t length = 0;
  if (auto ending = open_inputs(session, inputs)) return Finished{*std::move(ending), std::nullopt};
  if (auto ending = allocate(session, inputs.bytes + kExtraBytes, pointer)) {
    return Finished{*std::move(ending), std::nullopt};
  }
  if (auto ending = copy_in(session, inputs, pointer)) {
    return Finished{*std::move(ending), std::nullopt};
  }
  if (auto ending = call_fx(session, entry, inputs, pointer, length)) {
    return Finished{*std::move(ending), std::nullopt};
  }

  const GuestMemory memory = memory_of(session);
  if (length < 0) {
    return Finished{misuse(fmt::format("{} returned {}: a negative length", entry, length)),
                    std::nullopt};
  }
  const auto bytes = memory.slice(pointer, static_cast<uint32_t>(length));
  if (!bytes) {
    return Finished{
        misuse(fmt::format("{} returned a length of {}, but from {} the memory of {} bytes "
                           "has fewer",
                           entry, length, pointer, memory.size())),
        std::nullopt};
  }
  if (bytes->size() > session.call.output_bytes_max) {
    return Finished{
        Stopped{StopReason::kLimit, fmt::format("the output has {} bytes; at most {} are allowed",
                                                bytes->size(), session.call.output_bytes_max)},
        std::nullopt};
  }
  TR_ASSIGN(auto output, unixfs::import_bytes(*bytes, unixfs::fan_2021(), session.sink));
  return Finished{Exit{0}, std::move(output)};
}

}  // namespace timerose::wasm::abi
