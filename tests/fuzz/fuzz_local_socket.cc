// What comes over the socket of a node's repository, as a request and as a reply: bytes of another
// program of the same user, or of another version.
#include <sys/socket.h>

#include <array>

#include "base/check.h"
#include "base/file.h"
#include "node/daemon/local_socket.h"

namespace node = timerose::node;

namespace {

// A connection whose other end has sent `bytes` and gone.
timerose::FileDescriptor connection_with(timerose::ByteView bytes) {
  std::array<int, 2> ends{};
  CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  const timerose::FileDescriptor other(ends[1]);
  // As much as the socket takes at once: nobody reads yet.
  (void)::send(other.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return timerose::FileDescriptor(ends[0]);
}

void check_request(timerose::ByteView bytes) {
  const auto request = node::receive_request(connection_with(bytes).get());
  // Descriptors come beside the bytes, and none have come.
  CHECK(!request.ok());
}

void check_reply(timerose::ByteView bytes) {
  const auto reply = node::receive_reply(connection_with(bytes).get());
  if (!reply.ok()) return;
  std::array<int, 2> ends{};
  CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  const timerose::FileDescriptor here(ends[0]);
  const timerose::FileDescriptor there(ends[1]);
  CHECK(node::send_reply(here.get(), *reply).ok());
  const auto again = node::receive_reply(there.get());
  CHECK(again.ok() && again->refused == reply->refused && again->text == reply->text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  check_request({data, size});
  check_reply({data, size});
  return 0;
}
