// Frames over a socket between a node and a worker process. Of one thread at each end.
#pragma once

#include <deque>
#include <functional>

#include "base/file.h"
#include "base/result.h"
#include "isolation/message.h"

namespace timerose::isolation {

class Channel {
 public:
  // How often whoever waits may look whether it still wants to.
  static constexpr int kLookEveryMs = 100;
  // Called at that pace while nothing moves, and whenever a part of a frame has moved: the other
  // end does not make anybody wait by being slow. An error ends the wait with it.
  using OnWait = std::function<Status()>;

  // One end of a stream socket of the Unix family.
  static Result<Channel> open(FileDescriptor socket);

  // kIo if the other end has gone. With `descriptor` (not -1) the other end gets a copy of it.
  Status send(ByteView frame, const OnWait& on_wait, int descriptor = -1);
  // What follows the head of the next frame; valid until the next receive(). kIo if the other end
  // has gone.
  Result<ByteView> receive(const OnWait& on_wait);

  // Of a worker: keeps descriptors that come with frames; else they are closed as they come.
  void take_descriptors() { takes_descriptors_ = true; }
  // The one that came first; invalid if there is none.
  FileDescriptor next_descriptor();

 private:
  explicit Channel(FileDescriptor socket) : socket_(std::move(socket)) {}
  // Until `bytes` of them are in the buffer, from start_ on.
  Status fill(size_t bytes, const OnWait& on_wait);
  Result<size_t> read_some();

  FileDescriptor socket_;
  bool takes_descriptors_ = false;
  std::deque<FileDescriptor> descriptors_;
  Bytes buffer_;
  size_t start_ = 0;
  size_t end_ = 0;
};

}  // namespace timerose::isolation
