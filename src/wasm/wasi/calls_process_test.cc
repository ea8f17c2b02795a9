#include <gmock/gmock.h>

#include "crypto/keystream.h"
#include "wasm/wasi/test_guest.h"

namespace timerose::wasi {
namespace {

TEST(Arguments, ComeAsPointersAndBytesThatEndInNul) {
  TestGuest guest;
  guest.world.args = {"prog", "", "a b"};
  ASSERT_EQ(guest.call("args_sizes_get", {512, 520}), Errno::kSuccess);
  EXPECT_EQ(guest.value_at<uint32_t>(512), 3U);
  EXPECT_EQ(guest.value_at<uint32_t>(520), 10U);
  ASSERT_EQ(guest.call("args_get", {512, 600}), Errno::kSuccess);
  EXPECT_EQ(guest.value_at<uint32_t>(512), 600U);
  EXPECT_EQ(guest.value_at<uint32_t>(516), 605U);
  EXPECT_EQ(guest.value_at<uint32_t>(520), 606U);
  EXPECT_EQ(guest.text_at(600, 10), std::string("prog\0\0a b\0", 10));
}

TEST(Environment, KeepsItsOrder) {
  TestGuest guest;
  guest.world.env = {{"Z", "1"}, {"A", "x=y"}};
  ASSERT_EQ(guest.call("environ_sizes_get", {512, 520}), Errno::kSuccess);
  EXPECT_EQ(guest.value_at<uint32_t>(512), 2U);
  EXPECT_EQ(guest.value_at<uint32_t>(520), 10U);
  ASSERT_EQ(guest.call("environ_get", {512, 600}), Errno::kSuccess);
  EXPECT_EQ(guest.text_at(600, 10), std::string("Z=1\0A=x=y\0", 10));
}

TEST(RandomGet, IsTheKeystreamOfTheWorldHoweverItIsCut) {
  TestGuest guest;
  guest.world.random_key.fill(7);
  Bytes expected(48);
  Keystream(guest.world.random_key).fill(expected);
  ASSERT_EQ(guest.call("random_get", {512, 13}), Errno::kSuccess);
  ASSERT_EQ(guest.call("random_get", {525, 0}), Errno::kSuccess);
  ASSERT_EQ(guest.call("random_get", {525, 35}), Errno::kSuccess);
  EXPECT_EQ(guest.text_at(512, 48), std::string(expected.begin(), expected.end()));
}

TEST(ProcExit, EndsWithTheWholeCode) {
  TestGuest guest;
  const auto result = guest.call_raw("proc_exit", {0xfffffffe});
  EXPECT_EQ(std::get<wasm::Exit>(result).code, 0xfffffffeU);
}

TEST(ProcRaise, DoesWhatASignalDoesByDefault) {
  TestGuest guest;
  EXPECT_EQ(guest.call("proc_raise", {0}), Errno::kSuccess);
  EXPECT_EQ(guest.call("proc_raise", {16}), Errno::kSuccess);  // a child ended
  EXPECT_EQ(guest.call("proc_raise", {31}), Errno::kInval);
  EXPECT_EQ(std::get<wasm::Exit>(guest.call_raw("proc_raise", {6})).code, 134U);  // abort
}

TEST(SchedYield, Succeeds) {
  TestGuest guest;
  EXPECT_EQ(guest.call("sched_yield", {}), Errno::kSuccess);
}

}  // namespace
}  // namespace timerose::wasi
