#include <gmock/gmock.h>

#include "wasm/wasi/test_guest.h"

namespace timerose::wasi {
namespace {

TEST(FdRead, GoesThroughStandardInput) {
  TestGuest guest;
  guest.world.stdin_file = guest.add_file("hello world").cid;
  EXPECT_EQ(guest.read(0, 5), "hello");
  EXPECT_EQ(guest.read(0, 100), " world");
  EXPECT_EQ(guest.read(0, 100), "");
}

TEST(FdRead, FindsStandardInputEmptyIfThereIsNone) {
  TestGuest guest;
  EXPECT_EQ(guest.read(0), "");
}

TEST(FdRead, FillsSeveralBuffers) {
  TestGuest guest;
  guest.world.stdin_file = guest.add_file("abcdef").cid;
  const uint64_t list =
      guest.put_value(std::array<Iovec, 3>{Iovec{600, 2}, Iovec{0, 0}, Iovec{700, 9}});
  ASSERT_EQ(guest.call("fd_read", {0, list, 3, 512}), Errno::kSuccess);
  EXPECT_EQ(guest.value_at<uint32_t>(512), 6U);
  EXPECT_EQ(guest.text_at(600, 2), "ab");
  EXPECT_EQ(guest.text_at(700, 4), "cdef");
}

TEST(FdRead, NeedsAnOpenDescriptorOfAFileWithTheRight) {
  TestGuest guest;
  guest.make_file("tmp/f", "x");
  EXPECT_EQ(guest.read_errno(99, 1), Errno::kBadf);
  EXPECT_EQ(guest.read_errno(1, 1), Errno::kNotcapable);
  EXPECT_EQ(guest.read_errno(TestGuest::kRoot, 1), Errno::kIsdir);
  EXPECT_EQ(guest.read_errno(guest.open("tmp/f", 0, rights::kFdWrite), 1), Errno::kNotcapable);
}

TEST(FdRead, StopsTheCallAtAMissingBlockAndSaysWhich) {
  TestGuest guest;
  const Cid cid = guest.add_file("gone").cid;
  guest.world.inputs = {cid};
  ASSERT_TRUE(guest.store.remove(cid).ok());
  const Fd fd = guest.open("in/0");
  const auto result = guest.call_raw("fd_read", {fd, guest.buffer(600, 4), 1, 512});
  const auto& stopped = std::get<wasm::Stopped>(result);
  EXPECT_EQ(stopped.reason, wasm::StopReason::kMissingBlock);
  EXPECT_THAT(stopped.message, ::testing::HasSubstr(cid.to_string()));
}

TEST(FdRead, FindsAnErrorInContentThatIsNoFile) {
  TestGuest guest;
  guest.world.inputs = {Cid::of_sha256(Codec::kDagPb, as_bytes("not protobuf"))};
  ASSERT_TRUE(
      guest.store
          .put(Block::of_sha256(Codec::kDagPb, SharedBytes::copy_of(as_bytes("not protobuf"))))
          .ok());
  EXPECT_EQ(guest.open_errno("in/0"), Errno::kIo);
}

TEST(FdWrite, CollectsTheStreamsAndTellsOfEachPiece) {
  TestGuest guest;
  std::string seen;
  guest.context().on_write([&](int descriptor, ByteView piece) {
    seen += std::to_string(descriptor) + ":" + std::string(as_text(piece)) + ";";
  });
  EXPECT_EQ(guest.write(1, "out"), 3U);
  EXPECT_EQ(guest.write(2, "err"), 3U);
  EXPECT_EQ(guest.write(1, ""), 0U);
  EXPECT_EQ(as_text(guest.context().stdout_bytes()), "out");
  EXPECT_EQ(as_text(guest.context().take_stderr()), "err");
  EXPECT_EQ(seen, "1:out;2:err;");
}

TEST(FdWrite, FillsAStreamToItsLimitAndThenFindsNoSpace) {
  TestGuest guest;
  guest.limits.stdout_bytes_max = 5;
  EXPECT_EQ(guest.write(1, "123"), 3U);
  EXPECT_EQ(guest.write(1, "456"), 2U);
  EXPECT_EQ(guest.write_errno(1, "7"), Errno::kNospc);
  EXPECT_EQ(guest.write(2, "7"), 1U);
  EXPECT_EQ(as_text(guest.context().stdout_bytes()), "12345");
}

TEST(FdWrite, FillsTheSpaceForFilesAndThenFindsNone) {
  TestGuest guest;
  guest.limits.written_bytes_max = 5;
  const Fd a = guest.create("tmp/a");
  const Fd b = guest.create("out/b");
  EXPECT_EQ(guest.write(a, "123"), 3U);
  EXPECT_EQ(guest.write(b, "456"), 2U);
  EXPECT_EQ(guest.write_errno(b, "7"), Errno::kNospc);
  EXPECT_EQ(guest.write(b, ""), 0U);
}

TEST(FdWrite, GetsSpaceBackFromAFileThatIsGone) {
  TestGuest guest;
  guest.limits.written_bytes_max = 5;
  guest.make_file("tmp/a", "12345");
  EXPECT_EQ(guest.on_path("path_unlink_file", "tmp/a"), Errno::kSuccess);
  guest.make_file("tmp/b", "12345");
}

TEST(FdWrite, AppendsWhereverTheOffsetIs) {
  TestGuest guest;
  const Fd fd = guest.open("tmp/f", kOpenCreate, rights::kAll, kFdAppend);
  EXPECT_EQ(guest.write(fd, "ab"), 2U);
  EXPECT_EQ(guest.seek(fd, 0, Whence::kSet), Errno::kSuccess);
  EXPECT_EQ(guest.write(fd, "cd"), 2U);
  EXPECT_EQ(guest.content("tmp/f"), "abcd");
  EXPECT_EQ(guest.call("fd_fdstat_set_flags", {fd, 0}), Errno::kSuccess);
  EXPECT_EQ(guest.seek(fd, 0, Whence::kSet), Errno::kSuccess);
  EXPECT_EQ(guest.write(fd, "X"), 1U);
  EXPECT_EQ(guest.content("tmp/f"), "Xbcd");
}

TEST(FdWrite, CopiesWhatIsMountedAndLeavesTheContentAlone) {
  TestGuest guest;
  const auto file = guest.add_file("mounted");
  guest.world.inputs = {file.cid, file.cid};
  const Fd fd = guest.open("in/0", 0, rights::kAll);
  EXPECT_EQ(guest.write(fd, "M"), 1U);
  EXPECT_EQ(guest.content("in/0"), "Mounted");
  EXPECT_EQ(guest.content("in/1"), "mounted");
}

TEST(FdWrite, NeedsTheRight) {
  TestGuest guest;
  guest.make_file("tmp/f", "x");
  EXPECT_EQ(guest.write_errno(99, "x"), Errno::kBadf);
  EXPECT_EQ(guest.write_errno(0, "x"), Errno::kNotcapable);
  EXPECT_EQ(guest.write_errno(TestGuest::kRoot, "x"), Errno::kIsdir);
  EXPECT_EQ(guest.write_errno(guest.open("tmp/f"), "x"), Errno::kNotcapable);
}

TEST(FdPread, LeavesTheOffsetAlone) {
  TestGuest guest;
  guest.world.stdin_file = guest.add_file("0123456789").cid;
  ASSERT_EQ(guest.call("fd_pread", {0, guest.buffer(600, 3), 1, 5, 512}), Errno::kSuccess);
  EXPECT_EQ(guest.value_at<uint32_t>(512), 3U);
  EXPECT_EQ(guest.text_at(600, 3), "567");
  EXPECT_EQ(guest.read(0, 2), "01");
  ASSERT_EQ(guest.call("fd_pread", {0, guest.buffer(600, 3), 1, 50, 512}), Errno::kSuccess);
  EXPECT_EQ(guest.value_at<uint32_t>(512), 0U);
  EXPECT_EQ(guest.call("fd_pread", {0, guest.buffer(600, 3), 1, 1ULL << 63, 512}), Errno::kInval);
  EXPECT_EQ(guest.call("fd_pread", {1, guest.buffer(600, 3), 1, 0, 512}), Errno::kSpipe);
}

TEST(FdPwrite, LeavesTheOffsetAloneAndHolesAreZeros) {
  TestGuest guest;
  const Fd fd = guest.create("tmp/f");
  const uint64_t list = guest.buffer(guest.put("xy"), 2);
  ASSERT_EQ(guest.call("fd_pwrite", {fd, list, 1, 3, 512}), Errno::kSuccess);
  EXPECT_EQ(guest.read(fd), std::string("\0\0\0xy", 5));
  EXPECT_EQ(guest.call("fd_pwrite", {1, list, 1, 3, 512}), Errno::kSpipe);
  EXPECT_EQ(guest.call("fd_pwrite", {fd, list, 1, INT64_MAX, 512}), Errno::kNospc);
  EXPECT_EQ(guest.call("fd_pwrite", {fd, list, 1, 1ULL << 63, 512}), Errno::kInval);
}

TEST(FdSeek, CountsFromTheStartTheOffsetAndTheEnd) {
  TestGuest guest;
  guest.world.stdin_file = guest.add_file("0123456789").cid;
  EXPECT_EQ(guest.seek(0, 4, Whence::kSet), Errno::kSuccess);
  EXPECT_EQ(guest.seek(0, 2, Whence::kCurrent), Errno::kSuccess);
  EXPECT_EQ(guest.last_count(), 6U);
  EXPECT_EQ(guest.seek(0, -1, Whence::kEnd), Errno::kSuccess);
  EXPECT_EQ(guest.read(0), "9");
  ASSERT_EQ(guest.call("fd_tell", {0, 512}), Errno::kSuccess);
  EXPECT_EQ(guest.value_at<uint64_t>(512), 10U);
}

TEST(FdSeek, RefusesPlacesBeforeTheStartAndBeyond63Bits) {
  TestGuest guest;
  EXPECT_EQ(guest.seek(0, -1, Whence::kSet), Errno::kInval);
  EXPECT_EQ(guest.seek(0, INT64_MAX, Whence::kSet), Errno::kSuccess);
  EXPECT_EQ(guest.seek(0, 1, Whence::kCurrent), Errno::kInval);
  EXPECT_EQ(guest.seek(0, 0, static_cast<Whence>(3)), Errno::kInval);
}

TEST(FdSeek, IsForFilesWithTheRight) {
  TestGuest guest;
  guest.make_file("tmp/f", "x");
  EXPECT_EQ(guest.seek(99, 0, Whence::kSet), Errno::kBadf);
  EXPECT_EQ(guest.seek(1, 0, Whence::kSet), Errno::kSpipe);
  EXPECT_EQ(guest.seek(TestGuest::kRoot, 0, Whence::kSet), Errno::kIsdir);
  const Fd teller = guest.open("tmp/f", 0, rights::kFdTell);
  EXPECT_EQ(guest.seek(teller, 0, Whence::kCurrent), Errno::kSuccess);
  EXPECT_EQ(guest.seek(teller, 0, Whence::kSet), Errno::kNotcapable);
  EXPECT_EQ(guest.call("fd_tell", {1, 512}), Errno::kSpipe);
  EXPECT_EQ(guest.call("fd_tell", {guest.open("tmp/f", 0, 0), 512}), Errno::kNotcapable);
}

TEST(FdAllocate, GrowsAFileButNeverShrinksIt) {
  TestGuest guest;
  guest.limits.written_bytes_max = 100;
  const Fd fd = guest.create("tmp/f");
  EXPECT_EQ(guest.call("fd_allocate", {fd, 10, 20}), Errno::kSuccess);
  EXPECT_EQ(guest.stat(fd).size, 30U);
  EXPECT_EQ(guest.call("fd_allocate", {fd, 0, 5}), Errno::kSuccess);
  EXPECT_EQ(guest.stat(fd).size, 30U);
  EXPECT_EQ(guest.call("fd_allocate", {fd, 0, 0}), Errno::kInval);
  EXPECT_EQ(guest.call("fd_allocate", {fd, 0, 101}), Errno::kNospc);
  EXPECT_EQ(guest.call("fd_allocate", {fd, INT64_MAX, 1}), Errno::kFbig);
  EXPECT_EQ(guest.call("fd_allocate", {1, 0, 1}), Errno::kSpipe);
  EXPECT_EQ(guest.call("fd_allocate", {TestGuest::kRoot, 0, 1}), Errno::kIsdir);
}

TEST(FdAdvise, ChecksItsArgumentsAndChangesNothing) {
  TestGuest guest;
  EXPECT_EQ(guest.call("fd_advise", {0, 0, 10, 5}), Errno::kSuccess);
  EXPECT_EQ(guest.call("fd_advise", {0, 0, 10, 6}), Errno::kInval);
  EXPECT_EQ(guest.call("fd_advise", {1, 0, 10, 0}), Errno::kSpipe);
  EXPECT_EQ(guest.call("fd_advise", {99, 0, 10, 0}), Errno::kBadf);
}

TEST(FdSync, HasNothingToDo) {
  TestGuest guest;
  guest.make_file("tmp/f", "x");
  for (const char* name : {"fd_sync", "fd_datasync"}) {
    EXPECT_EQ(guest.call(name, {guest.open("tmp/f")}), Errno::kSuccess);
    EXPECT_EQ(guest.call(name, {TestGuest::kRoot}), Errno::kSuccess);
    EXPECT_EQ(guest.call(name, {1}), Errno::kSuccess);
    EXPECT_EQ(guest.call(name, {0}), Errno::kNotcapable);
    EXPECT_EQ(guest.call(name, {99}), Errno::kBadf);
  }
}

}  // namespace
}  // namespace timerose::wasi
