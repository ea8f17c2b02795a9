#include "node/own_machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/testing.h"
#include "blockstore/memory_blockstore.h"

namespace timerose::node {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(OwnMachine, IsLookedAt) {
  const MachineNumbers machine = look_at_machine("/");
  EXPECT_GE(machine.cores, 1U);
  EXPECT_GT(machine.memory_bytes, 0U);
  EXPECT_GT(machine.memory_free_bytes, 0U);
  EXPECT_LE(machine.memory_free_bytes, machine.memory_bytes);
  EXPECT_GT(machine.disk_bytes, 0U);
  EXPECT_LE(machine.disk_free_bytes, machine.disk_bytes);
  EXPECT_EQ(look_at_machine("/no/such/folder").disk_bytes, 0U);
}

// Other implementations measure the same call (docs/reference/adverts.md).
TEST(OwnMachine, TheCallThatMeasuresItsSpeedIsAlwaysTheSame) {
  const auto call = speed_call().canonical();
  ASSERT_TRUE(call.ok());
  const auto bytes = call->encode();
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(Cid::of_sha256(Codec::kDagCbor, *bytes).to_string(),
            "bafyreidvefaiohduejtip7k2eaf7n2esowpxl52c776fdfctnld5uhkgru");
}

TEST(OwnMachine, ItsSpeedIsMeasuredAndTheReceiptSaysTheSame) {
  auto engine = wasm::Engine::create({});
  ASSERT_TRUE(engine.ok());
  SystemClock clock;
  MemoryBlockstore store;
  const PrivateKey key = PrivateKey::from_seed({1});
  const auto speed = measure_speed(**engine, key, store, clock);
  ASSERT_TRUE(speed.ok()) << speed.error().message;
  EXPECT_GT(speed->fuel_per_s, 1'000'000U);

  ASSERT_TRUE(speed->answer.receipt);
  const auto receipt = compute::load_receipt(store, *speed->answer.receipt);
  ASSERT_TRUE(receipt.ok()) << receipt.error().message;
  EXPECT_TRUE(receipt->verify().ok());
  EXPECT_EQ(receipt->circumstances.executor, key.public_key());
  EXPECT_EQ(receipt->invocation, speed->answer.invocation);
  EXPECT_EQ(fuel_per_s(receipt->metering, receipt->circumstances), speed->fuel_per_s);
  EXPECT_TRUE(*store.has(receipt->invocation));
  EXPECT_TRUE(*store.has(receipt->outcome));
}

TEST(OwnMachine, FuelIsCountedByTheSecond) {
  EXPECT_EQ(fuel_per_s({nullptr, 3000, 0}, {{}, 0, 1'000'000}), 3'000'000U);
  EXPECT_EQ(fuel_per_s({nullptr, UINT64_MAX, 0}, {{}, 0, 0}), UINT64_MAX);
}

class GpusTest : public ::testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) {
    const auto path = folder_.path() / file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  testing_support::TemporaryFolder folder_;
};

TEST_F(GpusTest, AreFoundWhereTheirDriversTell) {
  EXPECT_THAT(look_at_gpus(folder_.path()), IsEmpty());
  write("proc/driver/nvidia/gpus/0000:01:00.0/information",
        "Model: \t\t NVIDIA A100-SXM4-40GB\nIRQ: 5\n");
  write("sys/class/drm/card0/device/mem_info_vram_total", "17163091968\n");
  write("sys/class/drm/card0/device/product_name", "Radeon Pro\n");
  write("sys/class/drm/card0-DP-1/device/mem_info_vram_total", "17163091968\n");
  write("sys/class/drm/card1/device/vendor", "0x8086\n");
  EXPECT_THAT(look_at_gpus(folder_.path()), ElementsAre(scheduler::Gpu{"NVIDIA A100-SXM4-40GB", 0},
                                                        scheduler::Gpu{"Radeon Pro", 17163091968}));
}

TEST_F(GpusTest, ADriverThatTellsNonsenseBreaksNoAdvert) {
  write("proc/driver/nvidia/gpus/0/information", std::string("Model: \x01\x02\n"));
  write("sys/class/drm/card0/device/mem_info_vram_total", "99999999999999999999\n");
  write("sys/class/drm/card1/device/mem_info_vram_total", "9999999999999999999\n");
  write("sys/class/drm/card1/device/product_name", std::string(300, 'x') + "\n");
  scheduler::Advert advert;
  advert.capacity.gpus = look_at_gpus(folder_.path());
  EXPECT_EQ(advert.capacity.gpus.size(), 2U);
  EXPECT_EQ(advert.capacity.gpus[0].name, "NVIDIA GPU");
  EXPECT_TRUE(advert.check().ok());
}

}  // namespace
}  // namespace timerose::node
