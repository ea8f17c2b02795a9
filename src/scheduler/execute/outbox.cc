#include "scheduler/execute/outbox.h"

#include <utility>

namespace timerose::scheduler::execute {

void Outbox::add(const Message& message) {
  if (bytes_ > kBytesBeforeLogs && std::holds_alternative<Log>(message)) return;
  if (frames_.empty() || frames_.back().body.size() >= kFrameBytesWanted ||
      frames_.back().messages == kMessagesOfFrameMax) {
    frames_.push_back({std::exchange(spare_, {}), 0});
  }
  const size_t before = frames_.back().body.size();
  encode_message(message, frames_.back().body);
  bytes_ += frames_.back().body.size() - before;
  ++frames_.back().messages;
}

mesh::Sent Outbox::send(mesh::Host& host, mesh::StreamId stream) {
  while (!frames_.empty()) {
    Frame& frame = frames_.front();
    const Bytes head = frame_head(frame.messages);
    const mesh::Sent sent = host.send(stream, {head, frame.body});
    if (sent != mesh::Sent::kTaken) return sent;
    bytes_ -= frame.body.size();
    frame.body.clear();
    if (frame.body.capacity() <= 2 * kFrameBytesWanted) spare_ = std::move(frame.body);
    frames_.pop_front();
  }
  return mesh::Sent::kTaken;
}

}  // namespace timerose::scheduler::execute
