#include "unixfs/murmur3.h"

#include <gtest/gtest.h>

#include "unixfs/hamt.h"

namespace timerose::unixfs {
namespace {

TEST(Murmur3, HashesAsTheReferenceDoes) {
  EXPECT_EQ(murmur3_x64_64(as_bytes("")), 0U);
  EXPECT_EQ(murmur3_x64_64(as_bytes("hello")), 0xcbd8a7b341bd9b02U);
  EXPECT_EQ(murmur3_x64_64(as_bytes("hello, world")), 0x342fac623a5ebc8eU);
  EXPECT_EQ(murmur3_x64_64(as_bytes("19 Jan 2038 at 3:14:07 AM")), 0xb89e5988b737affcU);
  EXPECT_EQ(murmur3_x64_64(as_bytes("The quick brown fox jumps over the lazy dog.")),
            0xcd99481f9ee902c9U);
}

TEST(HamtWidth, TakesTheBitsOfAHashFromTheTop) {
  const hamt::Width wide(256);
  EXPECT_EQ(wide.levels_max(), 8U);
  EXPECT_EQ(wide.slot(0x0123456789abcdefU, 0), 0x01U);
  EXPECT_EQ(wide.slot(0x0123456789abcdefU, 7), 0xefU);
  const hamt::Width narrow(8);
  EXPECT_EQ(narrow.levels_max(), 21U);
  EXPECT_EQ(narrow.slot(0x8000000000000000U, 0), 4U);
  EXPECT_EQ(narrow.slot(0b1110, 20), 7U);
}

TEST(HamtWidth, PrefixAndSlotAreInverses) {
  for (const uint32_t slots : {8U, 16U, 256U, 1024U}) {
    const hamt::Width width(slots);
    for (uint32_t slot = 0; slot < slots; ++slot) {
      EXPECT_EQ(width.slot_of(width.prefix(slot) + "name"), slot);
    }
  }
  EXPECT_EQ(hamt::Width(256).prefix(0xab), "AB");
  EXPECT_EQ(hamt::Width(1024).prefix(0xab), "0AB");
  EXPECT_FALSE(hamt::Width(256).slot_of("A"));
  EXPECT_FALSE(hamt::Width(256).slot_of("ab"));
  EXPECT_FALSE(hamt::Width(8).slot_of("8"));
}

TEST(HamtWidth, RefusesOtherHashesAndWidths) {
  Node shard;
  shard.type = Type::kHamtShard;
  shard.hash_type = kMurmur3Code;
  shard.fanout = 256;
  EXPECT_TRUE(hamt::Width::of(shard).ok());
  shard.fanout = 255;
  EXPECT_FALSE(hamt::Width::of(shard).ok());
  shard.fanout = uint64_t{1} << 40;
  EXPECT_FALSE(hamt::Width::of(shard).ok());
  shard.fanout = 256;
  shard.hash_type = 0x12;
  EXPECT_FALSE(hamt::Width::of(shard).ok());
}

TEST(HamtBitmap, DropsLeadingZeroBytes) {
  hamt::Bitmap bitmap(256);
  EXPECT_EQ(bitmap.trimmed(), Bytes());
  bitmap.set(0);
  EXPECT_EQ(bitmap.trimmed(), Bytes{1});
  bitmap.set(9);
  EXPECT_EQ(bitmap.trimmed(), (Bytes{2, 1}));
  bitmap.set(255);
  EXPECT_EQ(bitmap.trimmed().size(), 32U);
}

}  // namespace
}  // namespace timerose::unixfs
