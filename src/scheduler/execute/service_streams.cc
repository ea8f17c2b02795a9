// The streams of a Service: what comes over them, and what leaves together.
#include <utility>

#include "scheduler/execute/service_state.h"

namespace timerose::scheduler::execute {

bool Service::State::on_event(const mesh::Event& event) {
  return !stopped && std::visit([this](const auto& one) { return on(one); }, event);
}

bool Service::State::on(const mesh::StreamOpened& event) {
  if (event.protocol != kProtocol) return false;
  if (event.direction == mesh::Direction::kOutbound) {
    if (!streams.contains(event.stream)) return false;
    requester_step(LinkReady{event.peer});
    return true;
  }
  streams.emplace(event.stream, Stream{event.peer, event.direction, {}});
  executor_step(LinkOpened{event.stream, event.peer});
  return true;
}

bool Service::State::on(const mesh::StreamFrame& event) {
  const auto found = streams.find(event.stream);
  if (found == streams.end()) return false;
  auto messages = decode_frame(event.frame.view());
  if (!messages.ok()) {
    close(event.stream, messages.error().message, true);
    return true;
  }
  const bool asks_us = found->second.direction == mesh::Direction::kInbound;
  const PeerId peer = found->second.peer;
  for (Message& message : *messages) {
    if (asks_us) {
      executor_step(Received{event.stream, std::move(message)});
    } else {
      requester_step(Heard{peer, std::move(message)});
    }
  }
  return true;
}

bool Service::State::on(const mesh::StreamWritable& event) {
  const auto found = streams.find(event.stream);
  if (found == streams.end()) return false;
  send(event.stream, found->second);
  return true;
}

bool Service::State::on(const mesh::StreamClosed& event) {
  if (!streams.contains(event.stream)) return false;
  ended(event.stream, event.why.empty() ? "the peer closed the stream" : event.why);
  return true;
}

void Service::State::close(mesh::StreamId stream, const std::string& why, bool broke_protocol) {
  if (stream == kOwnLink) {
    return later([why](State& state) {
      state.to_executors.erase(state.self);
      state.executor_step(LinkClosed{kOwnLink});
      state.requester_step(LinkLost{state.self, why});
    });
  }
  if (!streams.contains(stream)) return;
  parts.host.close_stream(stream);
  ended(stream, why, broke_protocol);
}

void Service::State::ended(mesh::StreamId id, const std::string& why, bool broke_protocol) {
  const auto found = streams.find(id);
  const PeerId peer = found->second.peer;
  const bool asks_us = found->second.direction == mesh::Direction::kInbound;
  streams.erase(found);
  if (asks_us) return executor_step(LinkClosed{id});
  to_executors.erase(peer);
  if (broke_protocol) {
    return requester_step(LinkLost{peer, "the executor broke the protocol: " + why, true});
  }
  const bool speaks_not = why.find("speaks none of the protocols") != std::string::npos;
  requester_step(
      LinkLost{peer, speaks_not ? "the peer does not execute calls of others (" + why + ")" : why,
               speaks_not});
}

// After what is being handled now.
void Service::State::later(std::function<void(State&)> task) {
  parts.loop.post([weak = weak_from_this(), task = std::move(task)] {
    const auto state = weak.lock();
    if (state && !state->stopped) task(*state);
  });
}

// This node asks itself by the same rules as anyone: its calls stand in the same queue.
void Service::State::open_to_self() {
  to_executors.insert_or_assign(self, kOwnLink);
  later([](State& state) {
    state.executor_step(LinkOpened{kOwnLink, state.self});
    state.requester_step(LinkReady{state.self});
  });
}

void Service::State::open(const PeerId& executor) {
  if (executor == self) return open_to_self();
  const mesh::StreamId stream = parts.host.open_stream(executor, {std::string(kProtocol)});
  streams.emplace(stream, Stream{executor, mesh::Direction::kOutbound, {}});
  to_executors.insert_or_assign(executor, stream);
}

// What is put while events are handled leaves in one frame.
void Service::State::put(mesh::StreamId id, const Message& message) {
  const auto found = streams.find(id);
  if (found == streams.end()) return;
  Stream& stream = found->second;
  stream.outbox.add(message);
  if (std::exchange(stream.is_waiting_to_send, true)) return;
  to_send.push_back(id);
  if (to_send.size() > 1) return;
  parts.loop.post([weak = weak_from_this()] {
    if (const auto state = weak.lock()) state->send_all();
  });
}

void Service::State::send_all() {
  for (const mesh::StreamId id : std::exchange(to_send, {})) {
    const auto found = streams.find(id);
    if (found == streams.end()) continue;
    found->second.is_waiting_to_send = false;
    send(id, found->second);
  }
}

void Service::State::send(mesh::StreamId id, Stream& stream) {
  if (stream.outbox.send(parts.host, id) == mesh::Sent::kClosed) return;  // StreamClosed follows
  const bool hold_back = stream.outbox.is_full();
  if (hold_back == stream.is_held_back) return;
  stream.is_held_back = hold_back;
  parts.host.set_reading(id, !hold_back);
}

}  // namespace timerose::scheduler::execute
