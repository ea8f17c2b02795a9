// Clocks, and waiting for them.
#include <algorithm>

#include "wasm/wasi/calls.h"

namespace timerose::wasi {
namespace {

Attempt<VirtualClocks::Id> clock_id(uint64_t id) {
  if (id >= VirtualClocks::kIds) return Errno::kInval;
  return static_cast<VirtualClocks::Id>(id);
}

// How long a clock subscription still has to wait.
Attempt<uint64_t> wait_of(const VirtualClocks& clocks, const Subscription& subscription) {
  constexpr uint16_t kAbsolute = 1;
  WASI_ASSIGN(const auto id, clock_id(subscription.id));
  if ((subscription.flags & ~kAbsolute) != 0) return Errno::kInval;
  if ((subscription.flags & kAbsolute) == 0) return subscription.timeout_ns;
  const uint64_t now = clocks.now(id);
  return subscription.timeout_ns > now ? subscription.timeout_ns - now : 0;
}

// What can be read, for a subscription to a descriptor; files and streams are always ready.
Attempt<uint64_t> ready_bytes(State& state, const Subscription& subscription) {
  WASI_ASSIGN(Descriptor * descriptor, state.descriptors().get(subscription.id));
  const bool reads = static_cast<EventType>(subscription.type) == EventType::kFdRead;
  if (descriptor->is_directory()) return Errno::kBadf;
  if ((descriptor->base & (reads ? rights::kFdRead : rights::kFdWrite)) == 0) {
    return Errno::kNotcapable;
  }
  if (!reads) return uint64_t{1};
  WASI_ASSIGN(const uint64_t size, descriptor->node->file->size());
  return size - std::min(size, descriptor->offset);
}

struct Poll {
  GuestMemory memory;
  uint64_t in;
  uint64_t out;
  uint64_t count;
  uint32_t events = 0;

  [[nodiscard]] Subscription subscription(uint64_t index) const {
    return *memory.load<Subscription>(in + index * sizeof(Subscription));
  }
  // Events are shorter than subscriptions, so the two arrays may even be the same.
  void emit(const Subscription& subscription, Errno error, uint64_t bytes) {
    Event event;
    event.userdata = subscription.userdata;
    event.type = static_cast<EventType>(subscription.type);
    event.error = static_cast<uint16_t>(error);
    event.bytes_ready = bytes;
    CHECK(memory.store(out + events++ * sizeof(Event), event));
  }
};

bool is_clock(const Subscription& subscription) {
  return static_cast<EventType>(subscription.type) == EventType::kClock;
}

// The shortest wait that an event needs: none, if a descriptor or an error is among them.
Attempt<uint64_t> shortest_wait(const VirtualClocks& clocks, const Poll& poll) {
  uint64_t shortest = UINT64_MAX;
  for (uint64_t i = 0; i < poll.count; ++i) {
    const auto subscription = poll.subscription(i);
    if (subscription.type > static_cast<uint8_t>(EventType::kFdWrite)) return Errno::kInval;
    auto wait =
        is_clock(subscription) ? wait_of(clocks, subscription) : Attempt<uint64_t>(uint64_t{0});
    shortest = std::min(shortest, wait.ok() ? wait.value() : 0);
  }
  return shortest;
}

}  // namespace

Attempt<void> clock_res_get(State&, GuestMemory memory, Parameters p) {
  WASI_TRY(clock_id(p[0]));
  WASI_ASSIGN(const auto result, ResultAt<uint64_t>::at(memory, p[1]));
  result.store(VirtualClocks::kStepNs);
  return {};
}

Attempt<void> clock_time_get(State& state, GuestMemory memory, Parameters p) {
  WASI_ASSIGN(const auto id, clock_id(p[0]));
  WASI_ASSIGN(const auto result, ResultAt<uint64_t>::at(memory, p[2]));
  result.store(state.clocks.read(id));
  return {};
}

Attempt<void> poll_oneoff(State& state, GuestMemory memory, Parameters p) {
  WASI_ASSIGN(const auto count_at, ResultAt<uint32_t>::at(memory, p[3]));
  if (p[2] == 0) return Errno::kInval;
  Poll poll{memory, p[0], p[1], p[2]};
  WASI_TRY(bytes_at(memory, poll.in, poll.count * sizeof(Subscription)));
  WASI_TRY(bytes_at(memory, poll.out, poll.count * sizeof(Event)));

  WASI_ASSIGN(const uint64_t waited, shortest_wait(state.clocks, poll));
  // Every wait is measured from the moment of the call.
  const VirtualClocks before = state.clocks;
  state.clocks.wait(waited);
  for (uint64_t i = 0; i < poll.count; ++i) {
    const auto subscription = poll.subscription(i);
    auto value = Attempt<uint64_t>(uint64_t{0});
    if (is_clock(subscription)) {
      value = wait_of(before, subscription);
      if (value.ok() && value.value() > waited) continue;
    } else {
      value = ready_bytes(state, subscription);
    }
    if (value.ok()) {
      poll.emit(subscription, Errno::kSuccess, is_clock(subscription) ? 0 : value.value());
      continue;
    }
    auto failure = value.failure();
    if (!std::holds_alternative<Errno>(failure)) return failure;
    poll.emit(subscription, std::get<Errno>(failure), 0);
  }
  count_at.store(poll.events);
  return {};
}

}  // namespace timerose::wasi
