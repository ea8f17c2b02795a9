#include "http/trustless_gateway.h"

#include <gmock/gmock.h>

#include "http/content_testing.h"
#include "ipld/codec.h"
#include "ipld/dag_pb.h"
#include "unixfs/node.h"

namespace timerose::http {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing_support::add_directory;
using testing_support::add_file;
using testing_support::cids_in_car;
using testing_support::varied;

using FieldList = std::vector<std::pair<const char*, std::string>>;

class TrustlessGatewayTest : public ::testing::Test {
 protected:
  Response get(const std::string& target, const FieldList& fields = {},
               Method method = Method::kGet) {
    Request request{method, target, {}};
    for (const auto& [name, value] : fields) request.headers.add(name, value);
    return TrustlessGateway(store_, options_).answer(request);
  }
  Response get_raw(const Cid& cid, const FieldList& fields = {}, Method method = Method::kGet) {
    return get("/ipfs/" + cid.to_string() + "?format=raw", fields, method);
  }

  // All blocks of a CAR answer; one that is cut short fails the test.
  std::vector<Cid> car(const Cid& root, const std::string& path_and_query) {
    Response response = get("/ipfs/" + root.to_string() + path_and_query);
    EXPECT_EQ(response.status, 200) << as_text(response.body.view());
    if (!response.stream) return {};
    const Result<Bytes> bytes = read_all(*response.stream);
    EXPECT_TRUE(bytes.ok()) << bytes.error().message;
    if (!bytes.ok()) return {};
    auto cids = cids_in_car(*bytes);
    EXPECT_TRUE(cids.ok()) << cids.error().message;
    return cids.ok() ? std::move(*cids) : std::vector<Cid>();
  }

  static Result<Bytes> read_all(BodyStream& stream) {
    Bytes all;
    for (;;) {
      TR_ASSIGN(const auto pieces, stream.next());
      if (pieces.empty()) return all;
      for (const SharedBytes& piece : pieces) {
        all.insert(all.end(), piece.view().begin(), piece.view().end());
      }
    }
  }

  std::vector<Cid> links_of(const Cid& cid) {
    std::vector<Cid> links;
    const Status walked =
        ipld::for_each_link(cid.codec(), store_.get(cid)->view(), [&](const Cid& link) {
          links.push_back(link);
          return success();
        });
    EXPECT_TRUE(walked.ok());
    return links;
  }

  // Parents first, depth first.
  std::vector<Cid> all_below(const Cid& root) {
    std::vector<Cid> cids = {root};
    for (const Cid& link : links_of(root)) {
      const std::vector<Cid> below = all_below(link);
      cids.insert(cids.end(), below.begin(), below.end());
    }
    return cids;
  }

  Cid put(Codec codec, const Value& value) {
    const Block block = Block::of_sha256(codec, ipld::encode(codec, value).value());
    EXPECT_TRUE(store_.put(block).ok());
    return block.cid();
  }

  MemoryBlockstore store_;
  GatewayOptions options_;
};

std::string text_of(const Response& response) { return std::string(as_text(response.body.view())); }

// --- Raw blocks ---

TEST_F(TrustlessGatewayTest, GivesABlockWithItsHeaders) {
  const Cid cid = add_file(store_, "hello").cid;
  const Response response = get_raw(cid);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(text_of(response), "hello");
  EXPECT_EQ(response.headers.find("Content-Type"), "application/vnd.ipld.raw");
  EXPECT_EQ(response.headers.find("Etag"), "\"" + cid.to_string() + ".raw\"");
  EXPECT_EQ(response.headers.find("Cache-Control"), "public, max-age=29030400, immutable");
  EXPECT_EQ(response.headers.find("X-Ipfs-Path"), "/ipfs/" + cid.to_string());
  EXPECT_EQ(response.headers.find("X-Ipfs-Roots"), cid.to_string());
  EXPECT_EQ(response.headers.find("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(response.headers.find("Accept-Ranges"), "bytes");
  EXPECT_EQ(response.headers.find("Content-Disposition"),
            "attachment; filename=\"" + cid.to_string() + ".bin\"");
}

TEST_F(TrustlessGatewayTest, GivesTheHeadersOfABlockAlone) {
  const Response response = get_raw(add_file(store_, "hello").cid, {}, Method::kHead);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.head_bytes, 5);
  EXPECT_TRUE(response.body.empty());
}

TEST_F(TrustlessGatewayTest, GivesAPartOfABlock) {
  const Cid cid = add_file(store_, "0123456789").cid;
  const Response response = get_raw(cid, {{"Range", "bytes=7-9"}});
  EXPECT_EQ(response.status, 206);
  EXPECT_EQ(text_of(response), "789");
  EXPECT_EQ(response.headers.find("Content-Range"), "bytes 7-9/10");
  const Response several = get_raw(cid, {{"Range", "bytes=7-9,1-3"}});
  EXPECT_EQ(several.status, 200);
  EXPECT_EQ(text_of(several), "0123456789");
  const Response outside = get_raw(cid, {{"Range", "bytes=10-"}});
  EXPECT_EQ(outside.status, 416);
  EXPECT_EQ(outside.headers.find("Content-Range"), "bytes */10");
}

TEST_F(TrustlessGatewayTest, SaysThatABlockIsNotThere) {
  const Cid absent = Cid::of_sha256(Codec::kRaw, as_bytes("absent"));
  EXPECT_EQ(get_raw(absent).status, 404);
  EXPECT_EQ(get_raw(absent, {}, Method::kHead).status, 404);
  EXPECT_EQ(get("/ipfs/" + absent.to_string() + "?format=car").status, 404);
  EXPECT_EQ(get("/ipfs/" + absent.to_string() + "?format=car", {}, Method::kHead).status, 404);
}

TEST_F(TrustlessGatewayTest, OfAStoreThatFetchesAMissingBlockIsATimeout) {
  options_.recursive = true;
  const Response response = get_raw(Cid::of_sha256(Codec::kRaw, as_bytes("absent")));
  EXPECT_EQ(response.status, 504);
  EXPECT_TRUE(response.headers.has("Retry-After"));
}

TEST_F(TrustlessGatewayTest, AnswersTheProbe) {
  const Response raw = get("/ipfs/bafkqaaa?format=raw");
  EXPECT_EQ(raw.status, 200);
  EXPECT_EQ(text_of(raw), "");
  EXPECT_THAT(car(*Cid::parse("bafkqaaa"), "?format=car"), ElementsAre());
  EXPECT_EQ(get("/ipfs/bafkqaaa?format=raw", {}, Method::kHead).status, 200);
}

TEST_F(TrustlessGatewayTest, SendsNothingThatTheClientHas) {
  const Cid cid = add_file(store_, "hello").cid;
  const std::string etag = "\"" + cid.to_string() + ".raw\"";
  for (const std::string& list : {etag, "W/" + etag, "\"x\", " + etag, std::string("*")}) {
    const Response response = get_raw(cid, {{"If-None-Match", list}});
    EXPECT_EQ(response.status, 304) << list;
    EXPECT_TRUE(response.body.empty());
    EXPECT_EQ(response.headers.find("Etag"), etag);
  }
  EXPECT_EQ(get_raw(cid, {{"If-None-Match", "\"other\""}}).status, 200);
}

TEST_F(TrustlessGatewayTest, OnlyIfCachedDoesNotFetch) {
  const Cid absent = Cid::of_sha256(Codec::kRaw, as_bytes("absent"));
  options_.recursive = true;
  const FieldList cached = {{"Cache-Control", "only-if-cached"}};
  EXPECT_EQ(get_raw(absent, cached).status, 412);
  EXPECT_EQ(get_raw(absent, cached, Method::kHead).status, 412);
  EXPECT_EQ(get_raw(add_file(store_, "here").cid, cached).status, 200);
}

TEST_F(TrustlessGatewayTest, RefusesDeniedContent) {
  const Cid bad = add_file(store_, "bad").cid;
  const Cid directory = add_directory(store_, {{"bad", {bad, 3, 3}}}).cid;
  options_.denied = [bad](const Cid& cid) { return cid == bad; };
  EXPECT_EQ(get_raw(bad).status, 410);
  EXPECT_EQ(get("/ipfs/" + directory.to_string() + "/bad?format=car").status, 410);
  EXPECT_EQ(get_raw(directory).status, 200);
  const Response whole = get("/ipfs/" + directory.to_string() + "?format=car");
  EXPECT_EQ(read_all(*whole.stream).error().code, ErrorCode::kPermission);
}

TEST_F(TrustlessGatewayTest, NamesTheFileAsTheClientWishes) {
  const std::string target =
      "/ipfs/" + add_file(store_, "x").cid.to_string() + "?format=raw&filename=";
  EXPECT_EQ(get(target + "foobar.bin").headers.find("Content-Disposition"),
            "attachment; filename=\"foobar.bin\"");
  EXPECT_EQ(
      get(target + "test%D1%82%D0%B5%D1%81%D1%82.pdf").headers.find("Content-Disposition"),
      "attachment; filename=\"test____.pdf\"; filename*=UTF-8''test%D1%82%D0%B5%D1%81%D1%82.pdf");
  EXPECT_EQ(get(target + "a%22%0D%0Ab").headers.find("Content-Disposition"),
            "attachment; filename=\"a___b\"; filename*=UTF-8''a%22%0D%0Ab");
}

// --- CARs ---

TEST_F(TrustlessGatewayTest, GivesACarWithItsHeaders) {
  const Cid cid = add_file(store_, "hello").cid;
  const Response response =
      get("/ipfs/" + cid.to_string(), {{"Accept", "application/vnd.ipld.car"}});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.find("Content-Type"),
            "application/vnd.ipld.car; version=1; order=dfs; dups=n");
  EXPECT_EQ(response.headers.find("Accept-Ranges"), "none");
  EXPECT_EQ(response.headers.find("Content-Disposition"),
            "attachment; filename=\"" + cid.to_string() + ".car\"");
  EXPECT_THAT(std::string(response.headers.find("Etag")), StartsWith("W/\"all.n."));
  EXPECT_EQ(response.headers.find("Content-Location"), "/ipfs/" + cid.to_string() + "?format=car");
}

TEST_F(TrustlessGatewayTest, GivesTheBlocksOfThePathThenTheWholeDagBelow) {
  const auto file = add_file(store_, varied(2000));
  const auto sub = add_directory(store_, {{"file", file}, {"other", add_file(store_, "other")}});
  const auto root = add_directory(store_, {{"sub", sub}});
  std::vector<Cid> expected = {root.cid, sub.cid};
  const std::vector<Cid> below = all_below(file.cid);
  expected.insert(expected.end(), below.begin(), below.end());
  EXPECT_THAT(car(root.cid, "/sub/file?format=car"), ElementsAreArray(expected));
  EXPECT_THAT(car(root.cid, "?format=car"), ElementsAreArray(all_below(root.cid)));
  EXPECT_THAT(car(root.cid, "/sub/file?format=car&dag-scope=block"),
              ElementsAre(root.cid, sub.cid, file.cid));
}

TEST_F(TrustlessGatewayTest, NamesTheRootsOfAPath) {
  const auto sub = add_directory(store_, {{"a b", add_file(store_, "x")}});
  const auto root = add_directory(store_, {{"sub", sub}});
  const Response response = get("/ipfs/" + root.cid.to_string() + "/sub/a%20b?format=car");
  EXPECT_EQ(response.headers.find("X-Ipfs-Roots"), root.cid.to_string() + "," +
                                                       sub.cid.to_string() + "," +
                                                       add_file(store_, "x").cid.to_string());
  EXPECT_EQ(response.headers.find("X-Ipfs-Path"), "/ipfs/" + root.cid.to_string() + "/sub/a%20b");
}

TEST_F(TrustlessGatewayTest, LeadsThroughAShardedDirectoryByTheShardsOnTheWay) {
  std::map<std::string, unixfs::Imported> entries;
  for (int i = 0; i < 1000; ++i) {
    entries.emplace(std::to_string(i) + ".txt", add_file(store_, "file " + std::to_string(i)));
  }
  const auto root = add_directory(store_, entries, true);
  const std::vector<Cid> way = car(root.cid, "/77.txt?format=car");
  ASSERT_EQ(way.size(), 3);  // the root, one shard below, the file
  EXPECT_EQ(way.front(), root.cid);
  EXPECT_EQ(way.back(), entries.at("77.txt").cid);

  // As an entity it is all of its shards and none of its files.
  const std::vector<Cid> entity = car(root.cid, "?format=car&dag-scope=entity");
  EXPECT_GT(entity.size(), 100);
  for (const Cid& cid : entity) EXPECT_EQ(cid.codec(), Codec::kDagPb);
  EXPECT_EQ(car(root.cid, "?format=car&entity-bytes=0:0"), entity);
}

TEST_F(TrustlessGatewayTest, AnEntityIsADirectoryWithoutItsFiles) {
  const auto root = add_directory(store_, {{"a", add_file(store_, varied(2000))}});
  EXPECT_THAT(car(root.cid, "?format=car&dag-scope=entity"), ElementsAre(root.cid));
}

TEST_F(TrustlessGatewayTest, AnEntityIsAWholeFile) {
  const auto file = add_file(store_, varied(5000));
  EXPECT_THAT(car(file.cid, "?format=car&dag-scope=entity"), ElementsAreArray(all_below(file.cid)));
  EXPECT_THAT(car(file.cid, "?format=car&entity-bytes=0:*"), ElementsAreArray(all_below(file.cid)));
}

TEST_F(TrustlessGatewayTest, AnEntityOfDagCborIsOneBlock) {
  const auto file = add_file(store_, varied(600));
  const Cid document =
      put(Codec::kDagCbor, Value(Value::Map{{"files", Value(Value::List{Value(file.cid)})}}));
  EXPECT_THAT(car(document, "?format=car&dag-scope=entity"), ElementsAre(document));
  std::vector<Cid> expected = {document};
  for (const Cid& cid : all_below(file.cid)) expected.push_back(cid);
  EXPECT_THAT(car(document, "/files/0?format=car"), ElementsAreArray(expected));
  EXPECT_THAT(car(document, "?format=car"), ElementsAreArray(expected));
  // A path that ends inside the block needs that block and no more.
  EXPECT_THAT(car(document, "/files?format=car"), ElementsAre(document));
}

TEST_F(TrustlessGatewayTest, GivesTheBlocksOfARangeOnly) {
  const auto file = add_file(store_, varied(1026));  // four chunks under one node, two bytes beside
  const std::vector<Cid> tops = links_of(file.cid);
  ASSERT_EQ(tops.size(), 2);
  const std::vector<Cid> chunks = links_of(tops[0]);
  const std::string query = "?format=car&entity-bytes=";
  EXPECT_THAT(car(file.cid, query + "0:0"), ElementsAre(file.cid, tops[0], chunks[0]));
  EXPECT_THAT(car(file.cid, query + "255:256"),
              ElementsAre(file.cid, tops[0], chunks[0], chunks[1]));
  EXPECT_THAT(car(file.cid, query + "512:-256"),
              ElementsAre(file.cid, tops[0], chunks[2], chunks[3]));
  EXPECT_THAT(car(file.cid, query + "-1:*"), ElementsAreArray([&] {
                std::vector<Cid> cids = {file.cid};
                for (const Cid& cid : all_below(tops[1])) cids.push_back(cid);
                return cids;
              }()));
  EXPECT_THAT(car(file.cid, query + "-9999:*"), ElementsAreArray(all_below(file.cid)));
  // An empty range: the block that says how long the file is.
  EXPECT_THAT(car(file.cid, query + "800:-800"), ElementsAre(file.cid));
}

TEST_F(TrustlessGatewayTest, RefusesARangeOutsideOfTheFile) {
  const auto file = add_file(store_, varied(1026));
  const Response response =
      get("/ipfs/" + file.cid.to_string() + "?format=car&entity-bytes=1026:*");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(text_of(response), HasSubstr("1026 bytes"));
}

TEST_F(TrustlessGatewayTest, NeedsOnlyTheBlocksOfTheRange) {
  const auto file = add_file(store_, varied(1024));
  const std::vector<Cid> chunks = links_of(file.cid);
  ASSERT_TRUE(store_.remove(chunks[1]).ok());
  const std::string query = "?format=car&dag-scope=entity&entity-bytes=";
  EXPECT_THAT(car(file.cid, query + "0:255"), ElementsAre(file.cid, chunks[0]));
  EXPECT_THAT(car(file.cid, query + "600:*"), ElementsAre(file.cid, chunks[2], chunks[3]));
}

TEST_F(TrustlessGatewayTest, BreaksOffACarWhoseBlocksAreNotAllThere) {
  const auto file = add_file(store_, varied(1024));
  ASSERT_TRUE(store_.remove(links_of(file.cid)[2]).ok());
  Response response = get("/ipfs/" + file.cid.to_string() + "?format=car");
  ASSERT_EQ(response.status, 200);
  const auto first = response.stream->next();  // what was there
  ASSERT_TRUE(first.ok());
  EXPECT_FALSE(first->empty());
  EXPECT_EQ(response.stream->next().error().code, ErrorCode::kNotFound);
  EXPECT_EQ(response.stream->next().error().code, ErrorCode::kNotFound);
}

TEST_F(TrustlessGatewayTest, SendsBlocksOnceOrAsOftenAsTheyAreLinked) {
  const auto file = add_file(store_, varied(1024));
  const auto root = add_directory(store_, {{"a", file}, {"b", file}});
  std::vector<Cid> once = {root.cid};
  for (const Cid& cid : all_below(file.cid)) once.push_back(cid);
  EXPECT_THAT(car(root.cid, "?format=car"), ElementsAreArray(once));
  EXPECT_THAT(car(root.cid, "?format=car&car-dups=y"), ElementsAreArray(all_below(root.cid)));
}

TEST_F(TrustlessGatewayTest, SendsRepeatedChunksOfARangeOnce) {
  const auto file = add_file(store_, std::string(4096, 'x'));  // one chunk, sixteen times
  const std::vector<Cid> tops = links_of(file.cid);
  const std::vector<Cid> chunks = links_of(tops[0]);
  EXPECT_THAT(car(file.cid, "?format=car&entity-bytes=100:3000"),
              ElementsAre(file.cid, tops[0], chunks[0]));
}

TEST_F(TrustlessGatewayTest, LeavesOutBlocksThatAreInTheirCid) {
  const Cid identity = *Cid::of(Codec::kRaw, HashCode::kIdentity, as_bytes("inline"));
  const Cid document = put(Codec::kDagCbor, Value(Value::List{Value(identity)}));
  EXPECT_THAT(car(document, "?format=car&car-dups=y"), ElementsAre(document));
  EXPECT_THAT(car(identity, "?format=car"), ElementsAre());
}

TEST_F(TrustlessGatewayTest, SaysThatAPathLeadsNowhere) {
  const auto root = add_directory(store_, {{"here", add_file(store_, "x")}});
  const std::string at = "/ipfs/" + root.cid.to_string();
  const Response absent = get(at + "/there?format=car");
  EXPECT_EQ(absent.status, 404);
  EXPECT_THAT(text_of(absent), HasSubstr("'there'"));
  EXPECT_EQ(get(at + "/here/below?format=car").status, 404);
  // Though a block that is missing would be a timeout, a path that leads nowhere is none.
  options_.recursive = true;
  EXPECT_EQ(get(at + "/there?format=car").status, 404);
  ASSERT_TRUE(store_.remove(add_file(store_, "x").cid).ok());
  EXPECT_EQ(get(at + "/here?format=car").status, 504);
}

TEST_F(TrustlessGatewayTest, RefusesACarOfAnUnknownCodec) {
  const Block block = Block::of_sha256(static_cast<Codec>(0x78), SharedBytes(Bytes{1, 2, 3}));
  ASSERT_TRUE(store_.put(block).ok());
  EXPECT_EQ(get("/ipfs/" + block.cid().to_string() + "?format=car").status, 400);
  EXPECT_THAT(car(block.cid(), "?format=car&dag-scope=block"), ElementsAre(block.cid()));
  EXPECT_EQ(get_raw(block.cid()).status, 200);
}

TEST_F(TrustlessGatewayTest, TellsCarsOfOneDagApartByTheirEtag) {
  const auto file = add_file(store_, varied(1024));
  const auto root = add_directory(store_, {{"f", file}});
  std::vector<std::string> etags;
  for (const char* rest :
       {"?format=car", "?format=car&dag-scope=block", "?format=car&dag-scope=entity",
        "?format=car&car-dups=y", "/f?format=car", "/f?format=car&entity-bytes=0:1",
        "/f?format=car&entity-bytes=0:2"}) {
    etags.emplace_back(get("/ipfs/" + root.cid.to_string() + rest).headers.find("Etag"));
    EXPECT_EQ(get("/ipfs/" + root.cid.to_string() + rest, {{"If-None-Match", etags.back()}}).status,
              304);
  }
  std::ranges::sort(etags);
  EXPECT_EQ(std::ranges::adjacent_find(etags), etags.end());
}

TEST_F(TrustlessGatewayTest, WalksADeepDagWithoutRecursion) {
  Cid cid = put(Codec::kDagCbor, Value(Value::List{}));
  for (int i = 0; i < 20'000; ++i) cid = put(Codec::kDagCbor, Value(Value::List{Value(cid)}));
  EXPECT_EQ(car(cid, "?format=car").size(), 20'001);
}

// A file of n blocks in which each node names the next one twice, so that it is 2^n bytes long.
TEST_F(TrustlessGatewayTest, WalksAFileThatFoldsIntoFewBlocksInFewSteps) {
  Cid cid = Block::of_sha256(Codec::kRaw, SharedBytes(Bytes{'x'})).cid();
  ASSERT_TRUE(store_.put(Block::of_sha256(Codec::kRaw, SharedBytes(Bytes{'x'}))).ok());
  uint64_t size = 1;
  for (int i = 0; i < 60; ++i) {
    unixfs::Node node;
    node.block_sizes = {size, size};
    node.file_size = size * 2;
    const dag_pb::Link link{.cid = cid, .name = "", .has_name = true, .size = 1};
    const Block block = Block::of_sha256(
        Codec::kDagPb, dag_pb::encode({.links = {link, link}, .data = unixfs::encode(node)}));
    ASSERT_TRUE(store_.put(block).ok());
    cid = block.cid();
    size *= 2;
  }
  EXPECT_EQ(car(cid, "?format=car&dag-scope=entity").size(), 61);
  EXPECT_EQ(car(cid, "?format=car&entity-bytes=1:-2").size(), 61);
}

// The same of a sharded directory.
TEST_F(TrustlessGatewayTest, WalksShardsThatFoldIntoFewBlocksInFewSteps) {
  Cid cid = add_file(store_, "x").cid;
  for (int i = 0; i < 60; ++i) {
    unixfs::Node node;
    node.type = unixfs::Type::kHamtShard;
    node.data = Bytes{0xff};
    node.hash_type = 0x22;
    node.fanout = 256;
    const std::string entry = i == 0 ? "x" : "";  // the lowest shard has the file
    const dag_pb::Link first{.cid = cid, .name = "00" + entry, .has_name = true, .size = 1};
    const dag_pb::Link second{.cid = cid, .name = "01" + entry, .has_name = true, .size = 1};
    const Block block = Block::of_sha256(
        Codec::kDagPb, dag_pb::encode({.links = {first, second}, .data = unixfs::encode(node)}));
    ASSERT_TRUE(store_.put(block).ok());
    cid = block.cid();
  }
  EXPECT_EQ(car(cid, "?format=car&dag-scope=entity").size(), 60);
}

// --- Names ---

TEST_F(TrustlessGatewayTest, GivesTheRecordOfAName) {
  options_.ipns_record = [](const std::string& name) -> Result<IpnsAnswer> {
    if (name != "k51name") return Error{ErrorCode::kNotFound, "no such name"};
    return IpnsAnswer{Bytes{'r', 'e', 'c'}, 1800ULL * 1'000'000'000};
  };
  const Response response = get("/ipns/k51name?format=ipns-record");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(text_of(response), "rec");
  EXPECT_EQ(response.headers.find("Content-Type"), "application/vnd.ipfs.ipns-record");
  EXPECT_EQ(response.headers.find("Cache-Control"), "public, max-age=1800");
  EXPECT_THAT(std::string(response.headers.find("Content-Disposition")), StartsWith("attachment;"));
  EXPECT_EQ(get("/ipns/k51other?format=ipns-record").status, 404);
  EXPECT_EQ(get("/ipns/k51name?format=ipns-record",
                {{"If-None-Match", std::string(response.headers.find("Etag"))}})
                .status,
            304);
}

TEST_F(TrustlessGatewayTest, HasNoNamesUnlessItIsToldHowToFindThem) {
  EXPECT_EQ(get("/ipns/k51name?format=ipns-record").status, 404);
}

TEST_F(TrustlessGatewayTest, SaysWhichMethodsThereAre) {
  const Response response = get("/ipfs/bafkqaaa?format=raw", {}, Method::kOther);
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.find("Allow"), "GET, HEAD");
}

}  // namespace
}  // namespace timerose::http
