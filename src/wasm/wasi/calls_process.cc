// Arguments, environment, randomness, and the ways to end.
#include "wasm/wasi/calls.h"

namespace timerose::wasi {
namespace {

// Strings the guest asks for as two arrays: pointers, and the bytes that they point to.
template <typename Strings, typename Write>
Attempt<void> write_strings(const Strings& strings, GuestMemory memory, Parameters p,
                            const Write& text_of) {
  uint64_t pointer_at = p[0];
  uint64_t bytes_at_pointer = p[1];
  for (const auto& item : strings) {
    const auto text = text_of(item);
    WASI_ASSIGN(auto to, bytes_at(memory, bytes_at_pointer, text.size() + 1));
    if (!memory.store(pointer_at, static_cast<uint32_t>(bytes_at_pointer))) return Errno::kFault;
    std::copy(text.begin(), text.end(), to.begin());
    to.back() = 0;
    pointer_at += sizeof(uint32_t);
    bytes_at_pointer += to.size();
  }
  return {};
}

template <typename Strings, typename Write>
Attempt<void> write_sizes(const Strings& strings, GuestMemory memory, Parameters p,
                          const Write& text_of) {
  WASI_ASSIGN(const auto count_at, ResultAt<uint32_t>::at(memory, p[0]));
  WASI_ASSIGN(const auto bytes_at_end, ResultAt<uint32_t>::at(memory, p[1]));
  uint64_t bytes = 0;
  for (const auto& item : strings) bytes += text_of(item).size() + 1;
  if (strings.size() > UINT32_MAX || bytes > UINT32_MAX) return Errno::kOverflow;
  count_at.store(static_cast<uint32_t>(strings.size()));
  bytes_at_end.store(static_cast<uint32_t>(bytes));
  return {};
}

std::string_view argument_text(const std::string& argument) { return argument; }

std::string variable_text(const std::pair<std::string, std::string>& variable) {
  return variable.first + "=" + variable.second;
}

}  // namespace

Attempt<void> args_get(State& state, GuestMemory memory, Parameters p) {
  return write_strings(state.world.args, memory, p, argument_text);
}

Attempt<void> args_sizes_get(State& state, GuestMemory memory, Parameters p) {
  return write_sizes(state.world.args, memory, p, argument_text);
}

Attempt<void> environ_get(State& state, GuestMemory memory, Parameters p) {
  return write_strings(state.world.env, memory, p, variable_text);
}

Attempt<void> environ_sizes_get(State& state, GuestMemory memory, Parameters p) {
  return write_sizes(state.world.env, memory, p, variable_text);
}

Attempt<void> random_get(State& state, GuestMemory memory, Parameters p) {
  WASI_ASSIGN(const auto out, bytes_at(memory, p[0], p[1]));
  state.random().fill(out);
  return {};
}

Attempt<void> sched_yield(State&, GuestMemory, Parameters) { return {}; }

wasm::HostResult proc_exit(Context&, GuestMemory, Parameters p) {
  return wasm::Exit{static_cast<uint32_t>(p[0])};
}

// No handler can be there, so a signal does what it does by default: nothing, or it ends the guest
// with the code that a shell shows for it.
wasm::HostResult proc_raise(Context&, GuestMemory, Parameters p) {
  enum : uint64_t {
    kNone = 0,
    kChild = 16,
    kContinue = 17,
    kUrgent = 22,
    kWindow = 27,
    kLast = 30
  };
  switch (p[0]) {
    case kNone:
    case kChild:
    case kContinue:
    case kUrgent:
    case kWindow:
      return uint64_t{0};
    default:
      if (p[0] > kLast) return static_cast<uint64_t>(Errno::kInval);
      return wasm::Exit{128 + static_cast<uint32_t>(p[0])};
  }
}

}  // namespace timerose::wasi
