#include "wasm/abi/timerose.h"

#include <fmt/format.h>

#include <algorithm>

#include "wasm/abi/read_failure.h"

namespace timerose::wasm::abi {

namespace {

constexpr uint64_t kNone32 = UINT32_MAX;  // -1
constexpr uint64_t kNone64 = UINT64_MAX;  // -1
constexpr uint64_t kDone = 0;

HostTrap outside_memory(const char* function, uint64_t pointer, uint64_t length,
                        const GuestMemory& memory) {
  return {fmt::format("timerose.{} was given {} bytes at {}, outside the memory of {} bytes",
                      function, length, pointer, memory.size())};
}

// Copies as much of `value` as there is room for; the result is its whole size.
HostResult copy_out(std::string_view value, std::span<uint8_t> out) {
  std::copy_n(value.begin(), std::min(value.size(), out.size()), out.begin());
  return static_cast<uint64_t>(value.size());
}

// The guest's arguments start after the program's name.
const std::string* argument(const TimeroseContext& context, uint64_t index) {
  const auto& args = context.world().args;
  return args.empty() || index >= args.size() - 1 ? nullptr : &args[index + 1];
}

HostResult arg_count(TimeroseContext& context, GuestMemory, const uint64_t*) {
  const size_t count = context.world().args.size();
  return static_cast<uint64_t>(count == 0 ? 0 : count - 1);
}

HostResult arg_read(TimeroseContext& context, GuestMemory memory, const uint64_t* p) {
  const auto out = memory.slice(p[1], p[2]);
  if (!out) return outside_memory("arg_read", p[1], p[2], memory);
  const std::string* value = argument(context, p[0]);
  return value == nullptr ? HostResult(kNone32) : copy_out(*value, *out);
}

HostResult env_read(TimeroseContext& context, GuestMemory memory, const uint64_t* p) {
  const auto name = memory.slice(p[0], p[1]);
  if (!name) return outside_memory("env_read", p[0], p[1], memory);
  const auto out = memory.slice(p[2], p[3]);
  if (!out) return outside_memory("env_read", p[2], p[3], memory);
  for (const auto& [key, value] : context.world().env) {
    if (key == as_text(*name)) return copy_out(value, *out);
  }
  return kNone32;
}

HostResult exit_guest(TimeroseContext&, GuestMemory, const uint64_t* p) {
  return Exit{static_cast<uint32_t>(p[0])};
}

HostResult input_count(TimeroseContext& context, GuestMemory, const uint64_t*) {
  return static_cast<uint64_t>(context.world().inputs.size());
}

HostResult input_read(TimeroseContext& context, GuestMemory memory, const uint64_t* p) {
  const auto out = memory.slice(p[2], p[3]);
  if (!out) return outside_memory("input_read", p[2], p[3], memory);
  if (p[0] >= context.world().inputs.size()) return kNone32;
  const auto input = context.input(p[0]);
  if (!input.ok()) return read_failure(input.error());
  // The result is an i32: no more than it can say without a sign is read at once.
  const auto wanted = out->first(std::min<size_t>(out->size(), INT32_MAX));
  const auto got = (*input)->read_at(p[1], wanted);
  if (!got.ok()) return read_failure(got.error());
  return static_cast<uint64_t>(*got);
}

HostResult input_size(TimeroseContext& context, GuestMemory, const uint64_t* p) {
  if (p[0] >= context.world().inputs.size()) return kNone64;
  const auto input = context.input(p[0]);
  if (!input.ok()) return read_failure(input.error());
  return (*input)->size();
}

HostResult log_text(TimeroseContext& context, GuestMemory memory, const uint64_t* p) {
  const auto piece = memory.slice(p[0], p[1]);
  if (!piece) return outside_memory("log", p[0], p[1], memory);
  if (auto stopped = context.write_log(*piece)) return *std::move(stopped);
  return kDone;
}

HostResult output_write(TimeroseContext& context, GuestMemory memory, const uint64_t* p) {
  const auto piece = memory.slice(p[0], p[1]);
  if (!piece) return outside_memory("output_write", p[0], p[1], memory);
  const Status written = context.write_output(*piece);
  if (written.ok()) return kDone;
  const bool is_limit = written.error().code == ErrorCode::kLimitExceeded;
  return Stopped{is_limit ? StopReason::kLimit : StopReason::kInternal, written.error().message};
}

HostResult random_fill(TimeroseContext& context, GuestMemory memory, const uint64_t* p) {
  const auto out = memory.slice(p[0], p[1]);
  if (!out) return outside_memory("random_fill", p[0], p[1], memory);
  context.random().fill(*out);
  return kDone;
}

constexpr HostFunction<TimeroseContext> kFunctions[] = {
    {"timerose", "arg_count", "", 'i', arg_count},
    {"timerose", "arg_read", "iii", 'i', arg_read},
    {"timerose", "env_read", "iiii", 'i', env_read},
    {"timerose", "exit", "i", '\0', exit_guest},
    {"timerose", "input_count", "", 'i', input_count},
    {"timerose", "input_read", "iIii", 'i', input_read},
    {"timerose", "input_size", "i", 'I', input_size},
    {"timerose", "log", "ii", '\0', log_text},
    {"timerose", "output_write", "ii", '\0', output_write},
    {"timerose", "random_fill", "ii", '\0', random_fill},
};

}  // namespace

std::span<const HostFunction<TimeroseContext>> timerose_functions() { return kFunctions; }

TimeroseContext::TimeroseContext(const Parts& parts, Limits limits)
    : parts_(parts),
      limits_(limits),
      random_(parts.world.random_key),
      output_(parts.layout, parts.sink),
      held_(parts.output_room) {}

Result<unixfs::FileReader*> TimeroseContext::input(size_t index) {
  if (inputs_.empty()) inputs_.resize(world().inputs.size());
  auto& slot = inputs_[index];
  if (!slot) {
    auto opened = unixfs::FileReader::open(parts_.blocks, world().inputs[index]);
    if (!opened.ok()) return std::move(opened).error().within(fmt::format("input {}", index));
    slot = std::move(opened).value();
  }
  return &*slot;
}

Status TimeroseContext::write_output(ByteView piece) {
  if (piece.size() > limits_.output_bytes_max - output_.size()) {
    return Error{
        ErrorCode::kLimitExceeded,
        fmt::format("the output is longer than the {} bytes allowed", limits_.output_bytes_max)};
  }
  sink_failure_ = output_.write(piece);
  if (sink_failure_.ok() && parts_.on_write) parts_.on_write(1, piece);
  return sink_failure_;
}

Result<unixfs::Imported> TimeroseContext::finish_output() { return output_.finish(); }

std::optional<Stopped> TimeroseContext::write_log(ByteView piece) {
  const ByteView kept =
      piece.first(std::min<uint64_t>(piece.size(), limits_.log_bytes_max - log_.size()));
  if (auto stopped = held_.take(kept.size())) return stopped;
  log_.insert(log_.end(), kept.begin(), kept.end());
  if (parts_.on_write && !kept.empty()) parts_.on_write(2, kept);
  return std::nullopt;
}

}  // namespace timerose::wasm::abi
