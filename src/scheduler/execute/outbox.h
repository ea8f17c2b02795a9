// Messages on their way to one stream: put together into as few frames as there are moments to
// send, and held back while the host is full. Of the loop's thread.
#pragma once

#include <deque>

#include "base/bytes.h"
#include "mesh/host.h"
#include "scheduler/execute/message.h"

namespace timerose::scheduler::execute {

class Outbox {
 public:
  // A frame is cut where it would be longer, unless one message is.
  static constexpr size_t kFrameBytesWanted = 128U << 10;
  // While more waits, what a guest writes is left out: it is in the Outcome.
  static constexpr size_t kBytesBeforeLogs = 1U << 20;
  // While more waits, the peer is not listening: nothing more should be read from it.
  static constexpr size_t kBytesMax = 4U << 20;

  void add(const Message& message);
  // Hands over what the host takes; kClosed if the stream is none any more.
  mesh::Sent send(mesh::Host& host, mesh::StreamId stream);

  [[nodiscard]] bool empty() const { return bytes_ == 0; }
  [[nodiscard]] bool is_full() const { return bytes_ > kBytesMax; }

 private:
  struct Frame {
    Bytes body;
    size_t messages = 0;
  };
  std::deque<Frame> frames_;
  size_t bytes_ = 0;
  Bytes spare_;  // the buffer of a frame that was sent
};

}  // namespace timerose::scheduler::execute
