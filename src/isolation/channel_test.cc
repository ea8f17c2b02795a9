#include "isolation/channel.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <thread>

namespace timerose::isolation {
namespace {

// One end as a Channel; the other one is the test's.
class ChannelTest : public ::testing::Test {
 protected:
  ChannelTest() {
    std::array<int, 2> sockets{-1, -1};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()), 0);
    other_ = FileDescriptor(sockets[1]);
    channel_.emplace(Channel::open(FileDescriptor(sockets[0])).value());
  }
  // Gives up when it is looked for the `looks`th time.
  Channel::OnWait until(int looks) {
    return [looks, seen = 0]() mutable -> Status {
      if (++seen < looks) return success();
      return Error{ErrorCode::kCancelled, "waited for long enough"};
    };
  }

  FileDescriptor other_;
  std::optional<Channel> channel_;
};

// A worker that a guest has taken over may send byte after byte of a frame that never ends.
TEST_F(ChannelTest, LooksAtTheTimeWhileAFrameComesInSmallPieces) {
  std::atomic<bool> done{false};
  std::thread writer([&] {
    const Bytes head = encode(GiveBlock{Bytes(kBlockBytesMax), {}, {}});
    for (size_t i = 0; i < head.size() && !done; ++i) {
      if (send(other_.get(), &head[i], 1, MSG_NOSIGNAL) != 1) return;
    }
  });
  const auto received = channel_->receive(until(10));
  done = true;
  channel_.reset();
  writer.join();
  ASSERT_FALSE(received.ok());
  EXPECT_EQ(received.error().code, ErrorCode::kCancelled);
}

TEST_F(ChannelTest, GivesAFrameThatComesInTwoPieces) {
  const Bytes frame = encode(WantBlock{Cid::of_sha256(Codec::kRaw, as_bytes("block"))});
  ASSERT_EQ(send(other_.get(), frame.data(), 6, 0), 6);
  std::thread writer([&] { (void)send(other_.get(), &frame[6], frame.size() - 6, 0); });
  const auto received = channel_->receive([] { return success(); });
  writer.join();
  ASSERT_TRUE(received.ok());
  EXPECT_TRUE(equal(*received, ByteView(frame).subspan(kFrameHeadBytes)));
}

TEST_F(ChannelTest, SaysThatTheOtherEndHasGone) {
  other_ = FileDescriptor();
  const auto received = channel_->receive([] { return success(); });
  ASSERT_FALSE(received.ok());
  EXPECT_EQ(received.error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace timerose::isolation
