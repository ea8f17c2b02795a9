#include "isolation/reach.h"

#include <gtest/gtest.h>

#include "ipld/dag_cbor.h"

namespace timerose::isolation {
namespace {

Cid leaf(std::string_view text) { return Cid::of_sha256(Codec::kRaw, as_bytes(text)); }
Bytes list_of(const Cid& link) { return dag_cbor::encode(Value(Value::List{link})).value(); }

class ReachTest : public ::testing::Test {
 protected:
  static compute::Invocation call_of(const Cid& input) {
    compute::Invocation call(leaf("module"));
    call.inputs = {input};
    return call;
  }
};

TEST_F(ReachTest, LeadsFromWhatACallNamesToWhatThatLinksTo) {
  const Bytes block = list_of(leaf("a"));
  const Cid root = Cid::of_sha256(Codec::kDagCbor, block);
  Reach reach(call_of(root));
  EXPECT_TRUE(reach.has(root));
  EXPECT_FALSE(reach.has(leaf("a"))) << "before the root is given";
  reach.given(root, block);
  EXPECT_TRUE(reach.has(leaf("a")));
  EXPECT_FALSE(reach.has(leaf("module"))) << "that is asked for as code";
}

TEST_F(ReachTest, LeadsThroughDataThatIsInACid) {
  const Cid inlined = Cid::of(Codec::kDagCbor, HashCode::kIdentity, list_of(leaf("a"))).value();
  EXPECT_TRUE(Reach(call_of(inlined)).has(leaf("a")));
  const Bytes block = list_of(inlined);
  const Cid root = Cid::of_sha256(Codec::kDagCbor, block);
  Reach reach(call_of(root));
  reach.given(root, block);
  EXPECT_TRUE(reach.has(leaf("a")));
}

TEST_F(ReachTest, WhatAWorkerPutsLeadsNowhere) {
  Reach reach(call_of(leaf("input")));
  const Bytes block = list_of(leaf("secret"));
  const Cid put = Cid::of_sha256(Codec::kDagCbor, block);
  reach.put(put);
  EXPECT_TRUE(reach.has(put));
  reach.given(put, block);
  EXPECT_FALSE(reach.has(leaf("secret")));
  reach.put(Cid::of(Codec::kDagCbor, HashCode::kIdentity, block).value());
  EXPECT_FALSE(reach.has(leaf("secret")));
}

}  // namespace
}  // namespace timerose::isolation
