#include "unixfs/node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hex.h"
#include "multiformats/protobuf.h"

namespace timerose::unixfs {
namespace {

Bytes hex(std::string_view text) { return hex_decode(text).value(); }

// The bytes are those that boxo v0.42.0 writes for the same messages.
TEST(UnixfsNode, EncodesAsKuboDoes) {
  Node empty;
  empty.file_size = 0;
  EXPECT_EQ(hex_encode(encode(empty)), "08021800");

  Node directory;
  directory.type = Type::kDirectory;
  EXPECT_EQ(hex_encode(encode(directory)), "0801");

  Node file;
  file.file_size = 600;
  file.block_sizes = {256, 256, 88};
  EXPECT_EQ(hex_encode(encode(file)), "080218d8042080022080022058");

  Node shard;
  shard.type = Type::kHamtShard;
  shard.data = hex("01");
  shard.hash_type = 0x22;
  shard.fanout = 256;
  EXPECT_EQ(hex_encode(encode(shard)),
            "0805120101282230"
            "8002");
}

TEST(UnixfsNode, DecodeIsTheInverseOfEncode) {
  Node node;
  node.type = Type::kSymlink;
  node.data = hex("2e2e2f78");
  node.mode = 0644;
  node.mtime = Mtime{-5, 999'999'999};
  EXPECT_EQ(decode(encode(node)).value(), node);
  node = Node();
  node.file_size = UINT64_MAX;
  node.block_sizes = {0, 1, UINT64_MAX};
  EXPECT_EQ(decode(encode(node)).value(), node);
}

TEST(UnixfsNode, AcceptsAnyFieldOrderUnknownFieldsAndPackedSizes) {
  const Node node = decode(hex("18030801"
                               "7a0161"              // field 15, bytes
                               "790102030405060708"  // field 15, fixed64
                               "7d01020304"          // field 15, fixed32
                               "0802"                // the last type counts
                               "220301ac02"          // packed 1, 300
                               "2005"))
                        .value();
  EXPECT_EQ(node.type, Type::kFile);
  EXPECT_EQ(node.file_size, 3U);
  EXPECT_EQ(node.block_sizes, (std::vector<uint64_t>{1, 300, 5}));
}

TEST(UnixfsNode, RefusesWhatIsNoMessage) {
  const auto code = [](std::string_view text) {
    const auto node = decode(hex(text));
    return node.ok() ? "ok" : error_code_name(node.error().code);
  };
  EXPECT_STREQ(code(""), "malformed");            // no type
  EXPECT_STREQ(code("1800"), "malformed");        // no type
  EXPECT_STREQ(code("08"), "malformed");          // ends within a varint
  EXPECT_STREQ(code("0802120561"), "malformed");  // ends within bytes
  EXPECT_STREQ(code("0802780b"), "ok");
  EXPECT_STREQ(code("08027b"), "malformed");  // a group
  EXPECT_STREQ(code("0a0102"), "malformed");  // the type as bytes
  EXPECT_STREQ(code("080218ffffffffffffffffffff01"), "malformed");
  EXPECT_STREQ(code("0802420708011500ca9a3b"), "malformed");  // 1000000000 nanoseconds
  EXPECT_STREQ(code("0806"), "unsupported");
}

TEST(UnixfsNode, ViewPointsIntoTheMessage) {
  const Bytes bytes = hex("08021203616263");
  const NodeView view = decode_view(bytes).value();
  EXPECT_EQ(view.data->data(), bytes.data() + 4);
  EXPECT_EQ(as_text(*view.data), "abc");
  EXPECT_FALSE(view.fields.data);
}

TEST(Protobuf, VarintSizeIsWhatIsWritten) {
  for (const uint64_t value :
       {uint64_t{0}, uint64_t{127}, uint64_t{128}, uint64_t{1} << 35, UINT64_MAX}) {
    Bytes out;
    protobuf::append_varint(out, value);
    EXPECT_EQ(out.size(), protobuf::varint_size(value));
    ByteView in = out;
    EXPECT_EQ(protobuf::take_varint(in).value(), value);
    EXPECT_TRUE(in.empty());
  }
}

}  // namespace
}  // namespace timerose::unixfs
