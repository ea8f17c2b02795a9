#include "compute/place.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <vector>

namespace timerose::compute {
namespace {

Invocation a_call() { return Invocation(Cid::of_sha256(Codec::kRaw, as_bytes("module"))); }

TEST(Place, EveryFieldCounts) {
  const Cid cid = Cid::of_sha256(Codec::kRaw, as_bytes("other"));
  const std::vector<std::function<void(Invocation&)>> changes{
      [](Invocation&) {},
      [&](Invocation& call) { call.module = cid; },
      [](Invocation& call) { call.abi = wasm::Abi::kFan; },
      [](Invocation& call) { call.entry = "_start"; },
      [](Invocation& call) { call.args = {"a"}; },
      [](Invocation& call) { call.args = {"a", ""}; },
      [](Invocation& call) { call.env = {{"b", ""}}; },
      [&](Invocation& call) { call.inputs = {cid}; },
      [&](Invocation& call) { call.mounts = {{"/data", cid}}; },
      [&](Invocation& call) { call.links = {{"env", cid}}; },
      [](Invocation& call) { call.seed = Bytes(7, 1); },
      [](Invocation& call) { call.seed = Bytes(8, 1); },
      [](Invocation& call) { call.seed = Bytes(9, 1); },
      [](Invocation& call) { call.seed = Bytes(17, 1); },
      [](Invocation& call) { call.memory_bytes_max = 65536; },
  };
  std::set<uint64_t> places;
  for (const auto& change : changes) {
    Invocation call = a_call();
    change(call);
    places.insert(place_of(call));
    EXPECT_EQ(place_of(call), place_of(Invocation(call)));
  }
  EXPECT_EQ(places.size(), changes.size());
}

// What bucket_cache.h takes: the high bits for the shard, the low bits for the bucket.
TEST(Place, NumberedCallsFillTheHighAndTheLowBitsEvenly) {
  constexpr int kCalls = 64 * 1024;
  std::vector<int> high(256), low(256);
  Invocation call = a_call();
  call.seed.resize(8);
  for (int i = 0; i < kCalls; ++i) {
    std::memcpy(call.seed.data(), &i, sizeof(i));
    const uint64_t place = place_of(call);
    ++high[place >> 56];
    ++low[place & 0xff];
  }
  for (const auto& counts : {high, low}) {
    for (const int count : counts) EXPECT_NEAR(count, kCalls / 256, 6 * 16);  // 6 deviations
  }
}

}  // namespace
}  // namespace timerose::compute
