#include "wasm/wasi/functions.h"

#include <gmock/gmock.h>

#include <set>

#include "wasm/wasi/test_guest.h"

namespace timerose::wasi {
namespace {

using ::testing::AnyOf;

TEST(WasiFunctions, AreThoseOfThePreview1SnapshotSortedByName) {
  std::vector<std::string> names;
  for (const auto& function : functions()) {
    EXPECT_STREQ(function.module, "wasi_snapshot_preview1");
    names.emplace_back(function.name);
  }
  EXPECT_EQ(names.size(), 46U);
  EXPECT_TRUE(std::ranges::is_sorted(names));
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
}

TEST(WasiFunctions, ReturnAnErrnoButForTheOneThatNeverReturns) {
  for (const auto& function : functions()) {
    EXPECT_EQ(function.result, function.name == std::string("proc_exit") ? '\0' : 'i');
    for (const char kind : std::string_view(function.parameters)) {
      EXPECT_THAT(kind, AnyOf('i', 'I')) << function.name;
    }
  }
}

TEST(WasiFunctions, SurviveEveryParameterOutsideMemory) {
  for (const uint64_t word :
       {uint64_t{0}, uint64_t{3}, TestGuest::kOutside, uint64_t{UINT32_MAX}}) {
    for (const auto& function : functions()) {
      TestGuest guest;
      const std::string_view kinds = function.parameters;
      std::vector<uint64_t> parameters(kinds.size(), word);
      for (size_t i = 0; i < kinds.size(); ++i) {
        if (kinds[i] == 'I' && word == UINT32_MAX) parameters[i] = UINT64_MAX;
      }
      const auto result = guest.call_raw(function.name, parameters);
      EXPECT_FALSE(std::holds_alternative<wasm::HostTrap>(result)) << function.name;
      EXPECT_FALSE(std::holds_alternative<wasm::Stopped>(result)) << function.name;
    }
  }
}

// Each pointer parameter in turn is outside, all others are good.
struct PointerCase {
  const char* name;
  std::vector<uint64_t> good;
  std::vector<size_t> pointers;
};

class Pointers : public ::testing::TestWithParam<PointerCase> {};

TEST_P(Pointers, OutsideMemoryAreEfault) {
  for (const size_t pointer : GetParam().pointers) {
    TestGuest guest;
    guest.world.stdin_file = guest.add_file("in").cid;
    guest.world.env = {{"A", "B"}};
    EXPECT_EQ(guest.create("tmp/f"), 4U);
    auto parameters = GetParam().good;
    parameters[pointer] = TestGuest::kOutside;
    EXPECT_EQ(guest.call(GetParam().name, parameters), Errno::kFault)
        << GetParam().name << " parameter " << pointer;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, Pointers,
    ::testing::Values(PointerCase{"args_get", {512, 600}, {0, 1}},
                      PointerCase{"args_sizes_get", {512, 600}, {0, 1}},
                      PointerCase{"environ_get", {512, 600}, {0, 1}},
                      PointerCase{"environ_sizes_get", {512, 600}, {0, 1}},
                      PointerCase{"clock_res_get", {0, 512}, {1}},
                      PointerCase{"clock_time_get", {0, 0, 512}, {2}},
                      PointerCase{"fd_fdstat_get", {4, 512}, {1}},
                      PointerCase{"fd_filestat_get", {4, 512}, {1}},
                      PointerCase{"fd_pread", {4, 0, 1, 0, 512}, {1, 4}},
                      PointerCase{"fd_prestat_get", {3, 512}, {1}},
                      PointerCase{"fd_prestat_dir_name", {3, 512, 2}, {}},
                      PointerCase{"fd_pwrite", {4, 0, 1, 0, 512}, {1, 4}},
                      PointerCase{"fd_read", {0, 0, 1, 512}, {1, 3}},
                      PointerCase{"fd_readdir", {3, 512, 64, 0, 600}, {1, 4}},
                      PointerCase{"fd_seek", {4, 0, 0, 512}, {3}},
                      PointerCase{"fd_tell", {4, 512}, {1}},
                      PointerCase{"fd_write", {1, 0, 1, 512}, {1, 3}},
                      PointerCase{"path_create_directory", {3, 512, 2}, {1}},
                      PointerCase{"path_filestat_get", {3, 0, 512, 2, 600}, {2, 4}},
                      PointerCase{"path_filestat_set_times", {3, 0, 512, 2, 0, 0, 0}, {2}},
                      PointerCase{"path_link", {3, 0, 512, 2, 3, 512, 2}, {2}},
                      PointerCase{"path_open", {3, 0, 512, 2, 0, 0, 0, 0, 600}, {2, 8}},
                      PointerCase{"path_readlink", {3, 512, 2, 600, 8, 700}, {1, 3, 5}},
                      PointerCase{"path_remove_directory", {3, 512, 2}, {1}},
                      PointerCase{"path_rename", {3, 512, 2, 3, 512, 2}, {1}},
                      PointerCase{"path_symlink", {512, 2, 3, 512, 2}, {0, 3}},
                      PointerCase{"path_unlink_file", {3, 512, 2}, {1}},
                      PointerCase{"poll_oneoff", {512, 600, 1, 700}, {0, 1, 3}},
                      PointerCase{"random_get", {512, 2}, {0}}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(WasiBuffers, OutsideMemoryAreEfaultAndNothingIsWritten) {
  TestGuest guest;
  const uint64_t list = guest.put_value(
      std::array<Iovec, 2>{Iovec{0, 4}, Iovec{static_cast<uint32_t>(TestGuest::kOutside), 2}});
  EXPECT_EQ(guest.call("fd_write", {1, list, 2, 512}), Errno::kFault);
  EXPECT_TRUE(guest.context().stdout_bytes().empty());
}

TEST(WasiBuffers, AreAtMost1024) {
  TestGuest guest;
  EXPECT_EQ(guest.call("fd_write", {1, 1024, 1024, 512}), Errno::kSuccess);
  EXPECT_EQ(guest.call("fd_write", {1, 1024, 1025, 512}), Errno::kInval);
}

TEST(WasiSockets, AreNoDescriptorsOrNoSockets) {
  TestGuest guest;
  EXPECT_EQ(guest.call("sock_shutdown", {77, 0}), Errno::kBadf);
  EXPECT_EQ(guest.call("sock_shutdown", {1, 0}), Errno::kNotsock);
  EXPECT_EQ(guest.call("sock_accept", {0, 0, 512}), Errno::kNotsock);
  EXPECT_EQ(guest.call("sock_recv", {1, 0, 0, 0, 512, 520}), Errno::kNotsock);
  EXPECT_EQ(guest.call("sock_send", {1, 0, 0, 0, 512}), Errno::kNotsock);
}

}  // namespace
}  // namespace timerose::wasi
