#include "base/bytes.h"

#include <gtest/gtest.h>

namespace timerose {
namespace {

TEST(Bytes, AreEqualByContent) {
  EXPECT_TRUE(equal({}, Bytes{}));
  EXPECT_TRUE(equal(as_bytes("ab"), Bytes{'a', 'b'}));
  EXPECT_FALSE(equal(as_bytes("ab"), as_bytes("ac")));
  EXPECT_FALSE(equal(as_bytes("ab"), as_bytes("abc")));
  EXPECT_EQ(as_text(as_bytes("text")), "text");
}

TEST(SharedBytes, TakesABufferOverWithoutACopy) {
  Bytes bytes{1, 2, 3};
  const uint8_t* data = bytes.data();
  const SharedBytes shared(std::move(bytes));
  EXPECT_EQ(shared.data(), data);
  const SharedBytes copy = shared;
  EXPECT_EQ(copy.data(), data);
}

TEST(SharedBytes, ASliceKeepsTheBufferAlive) {
  SharedBytes slice;
  {
    const SharedBytes whole(Bytes{1, 2, 3, 4});
    slice = whole.slice(1, 2);
  }
  EXPECT_TRUE(equal(slice.view(), Bytes{2, 3}));
  EXPECT_TRUE(slice.slice(2, 0).empty());
}

TEST(SharedBytes, KeepsAnOwnerOfAnotherKindAlive) {
  auto owner = std::make_shared<const std::string>("mapped");
  const std::weak_ptr<const std::string> watch = owner;
  {
    const SharedBytes shared(owner, as_bytes(*owner));
    owner.reset();
    EXPECT_FALSE(watch.expired());
    EXPECT_EQ(as_text(shared.view()), "mapped");
  }
  EXPECT_TRUE(watch.expired());
}

}  // namespace
}  // namespace timerose
