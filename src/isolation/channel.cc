#include "isolation/channel.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace timerose::isolation {
namespace {

constexpr size_t kBufferBytes = 64U << 10;

Error gone() { return {ErrorCode::kIo, "the process at the other end has ended"}; }

bool is_timeout(int code) { return code == EAGAIN || code == EWOULDBLOCK || code == EINTR; }

void attach(int descriptor, msghdr& message, std::span<char> control) {
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof(descriptor));
  std::memcpy(CMSG_DATA(head), &descriptor, sizeof(descriptor));
}

void detach_all(msghdr& message, std::deque<FileDescriptor>& out) {
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr;
       head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int descriptor = -1;
      std::memcpy(&descriptor, CMSG_DATA(head) + i * sizeof(int), sizeof(int));
      out.emplace_back(descriptor);
    }
  }
}

}  // namespace

Result<Channel> Channel::open(FileDescriptor socket) {
  const timeval pace{kLookEveryMs / 1000, (kLookEveryMs % 1000) * 1000};
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    if (setsockopt(socket.get(), SOL_SOCKET, option, &pace, sizeof(pace)) != 0) {
      return errno_error(errno, "preparing a channel between node and worker");
    }
  }
  Channel channel(std::move(socket));
  channel.buffer_.resize(kBufferBytes);
  return channel;
}

Status Channel::send(ByteView frame, const OnWait& on_wait, int descriptor) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  while (!frame.empty()) {
    iovec piece{const_cast<uint8_t*>(frame.data()), frame.size()};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    if (descriptor >= 0) attach(descriptor, message, control);
    const ssize_t sent = sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    if (sent < 0 && is_timeout(errno)) {
      TR_TRY(on_wait());
      continue;
    }
    if (sent < 0) return gone();
    frame = frame.subspan(static_cast<size_t>(sent));
    descriptor = -1;  // it went with the first byte
    if (!frame.empty()) TR_TRY(on_wait());
  }
  return success();
}

Result<size_t> Channel::read_some() {
  iovec space{buffer_.data() + end_, buffer_.size() - end_};
  if (!takes_descriptors_) {
    const ssize_t got = recv(socket_.get(), space.iov_base, space.iov_len, 0);
    if (got < 0 && is_timeout(errno)) return size_t{0};
    if (got <= 0) return gone();
    return static_cast<size_t>(got);
  }
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &space;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t got = recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
  if (got < 0 && is_timeout(errno)) return size_t{0};
  if (got <= 0) return gone();
  detach_all(message, descriptors_);
  return static_cast<size_t>(got);
}

Status Channel::fill(size_t bytes, const OnWait& on_wait) {
  if (end_ - start_ >= bytes) return success();
  if (start_ + bytes > buffer_.size()) {
    std::memmove(buffer_.data(), buffer_.data() + start_, end_ - start_);
    end_ -= std::exchange(start_, 0);
    if (bytes > buffer_.size()) buffer_.resize(bytes);
  }
  while (end_ - start_ < bytes) {
    TR_ASSIGN(const size_t got, read_some());
    end_ += got;
    if (end_ - start_ < bytes) TR_TRY(on_wait());
  }
  return success();
}

Result<ByteView> Channel::receive(const OnWait& on_wait) {
  if (start_ == end_) start_ = end_ = 0;
  TR_TRY(fill(kFrameHeadBytes, on_wait));
  TR_ASSIGN(const size_t length, rest_length(ByteView(buffer_).subspan(start_, kFrameHeadBytes)));
  TR_TRY(fill(kFrameHeadBytes + length, on_wait));
  const ByteView rest = ByteView(buffer_).subspan(start_ + kFrameHeadBytes, length);
  start_ += kFrameHeadBytes + length;
  return rest;
}

FileDescriptor Channel::next_descriptor() {
  if (descriptors_.empty()) return {};
  FileDescriptor first = std::move(descriptors_.front());
  descriptors_.pop_front();
  return first;
}

}  // namespace timerose::isolation
