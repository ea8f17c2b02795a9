#include "wasm/output_room.h"

#include <gtest/gtest.h>

#include "blockstore/memory_blockstore.h"
#include "wasm/wasi/clocks.h"
#include "wasm/wasi/vfs/tree.h"

namespace timerose::wasm {
namespace {

constexpr uint64_t kStep = HeldOutput::kStepBytes;

class CountingRoom final : public OutputRoom {
 public:
  explicit CountingRoom(uint64_t bytes_max) : bytes_max_(bytes_max) {}
  Status take(uint64_t bytes) override {
    if (bytes > bytes_max_ - taken) return Error{ErrorCode::kLimitExceeded, "full"};
    taken += bytes;
    return success();
  }
  uint64_t taken = 0;

 private:
  const uint64_t bytes_max_;
};

TEST(HeldOutput, TakesRoomByStepsAndTheFirstUnasked) {
  CountingRoom room(10 * kStep);
  HeldOutput held(&room);
  EXPECT_FALSE(held.make_room(kStep));
  held.add(kStep);
  EXPECT_EQ(room.taken, 0U);
  EXPECT_FALSE(held.make_room(1));
  held.add(1);
  EXPECT_EQ(room.taken, kStep);
  EXPECT_FALSE(held.make_room(2 * kStep));
  EXPECT_EQ(room.taken, 3 * kStep);
}

TEST(HeldOutput, UsesRoomAgainThatWasGivenBack) {
  CountingRoom room(kStep);
  HeldOutput held(&room);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(held.make_room(2 * kStep));
    held.add(2 * kStep);
    held.remove(2 * kStep);
  }
  EXPECT_EQ(room.taken, kStep);
}

TEST(HeldOutput, EndsTheCallWhereThereIsNoRoom) {
  CountingRoom room(kStep);
  HeldOutput held(&room);
  const auto stopped = held.make_room(2 * kStep + 1);
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->reason, StopReason::kLimit);
  EXPECT_EQ(room.taken, 0U);
}

TEST(HeldOutput, CountsFilesAndTheirNodes) {
  CountingRoom room(UINT64_MAX);
  wasi::World world;
  MemoryBlockstore store;
  wasi::VirtualClocks clocks;
  HeldOutput held(&room);
  wasi::vfs::Tree tree(world, wasi::Limits{}, store, clocks, held, wasi::vfs::Tree::Keep());
  const auto file = tree.make_file(tree.root(), "f").value();
  ASSERT_TRUE(file->file->resize(3 * kStep).ok());
  EXPECT_EQ(room.taken, 3 * kStep);
  ASSERT_TRUE(file->file->resize(0).ok());
  for (uint64_t i = 0; i < 3 * kStep / wasi::vfs::Space::kNodeBytes; ++i) {
    ASSERT_TRUE(tree.make_directory(tree.root(), std::to_string(i)).ok());
  }
  EXPECT_EQ(room.taken, 3 * kStep);
  ASSERT_TRUE(file->file->resize(1).ok());
  ASSERT_TRUE(file->file->resize(kStep + 1).ok());
  EXPECT_EQ(room.taken, 4 * kStep);
}

}  // namespace
}  // namespace timerose::wasm
