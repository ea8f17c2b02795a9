#include "http/gateway_request.h"

#include <gmock/gmock.h>

namespace timerose::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kCid = "bafkreie5noke3mb7hqxukzcy73nl23k6lxszxi5w3dtmuwz62wnvkpsscm";

using Fields = std::vector<std::pair<const char*, const char*>>;

Request request_of(std::string target, const Fields& fields = {}, Method method = Method::kGet) {
  Request request{method, std::move(target), {}};
  for (const auto& [name, value] : fields) request.headers.add(name, value);
  return request;
}

std::string under(const std::string& rest) { return std::string("/ipfs/") + kCid + rest; }

GatewayRequest parsed(const Request& request) {
  auto result = parse_gateway_request(request);
  if (const auto* refusal = std::get_if<Refusal>(&result)) {
    ADD_FAILURE() << refusal->status << " " << refusal->message;
    return {};
  }
  return std::get<GatewayRequest>(std::move(result));
}

Refusal refused(const Request& request) {
  auto result = parse_gateway_request(request);
  const auto* refusal = std::get_if<Refusal>(&result);
  return refusal != nullptr ? *refusal : Refusal{200, "not refused"};
}

TEST(GatewayRequest, TakesTheFormatFromTheParameterOrTheHeader) {
  EXPECT_EQ(parsed(request_of(under("?format=raw"))).format, Format::kRaw);
  EXPECT_EQ(parsed(request_of(under("?format=car"))).format, Format::kCar);
  EXPECT_EQ(parsed(request_of(under(""), {{"Accept", "application/vnd.ipld.raw"}})).format,
            Format::kRaw);
  EXPECT_EQ(parsed(request_of(under(""), {{"accept", "text/html, application/vnd.ipld.car;q=0.5"}}))
                .format,
            Format::kCar);
}

TEST(GatewayRequest, LetsTheParameterDecideBeforeTheHeader) {
  const Fields car = {{"Accept", "application/vnd.ipld.car"}};
  EXPECT_EQ(parsed(request_of(under("?format=raw"), car)).format, Format::kRaw);
  const Fields raw = {{"Accept", "application/vnd.ipld.raw"}};
  EXPECT_EQ(parsed(request_of(under("?format=car"), raw)).format, Format::kCar);
}

TEST(GatewayRequest, SaysWhatIsServedIfNothingServedIsAskedFor) {
  EXPECT_EQ(refused(request_of(under(""))).status, 400);
  EXPECT_EQ(refused(request_of(under(""), {{"Accept", "*/*"}})).status, 400);
  const Refusal html = refused(request_of(under(""), {{"Accept", "text/html"}}));
  EXPECT_EQ(html.status, 406);
  EXPECT_THAT(html.message, HasSubstr("application/vnd.ipld.car"));
  EXPECT_EQ(refused(request_of(under("?format=tar"))).status, 406);
  EXPECT_EQ(refused(request_of(under("?format=dag-json"))).status, 406);
}

TEST(GatewayRequest, ReadsTheParametersOfACar) {
  const auto all = parsed(request_of(under("/a%20b/c?format=car")));
  EXPECT_EQ(all.car, CarShape{});
  EXPECT_THAT(all.segments, ElementsAre("a b", "c"));
  EXPECT_EQ(all.path, under("/a%20b/c"));
  EXPECT_EQ(parsed(request_of(under("?format=car&dag-scope=block"))).car.scope, DagScope::kBlock);
  EXPECT_EQ(parsed(request_of(under("?format=car&dag-scope=entity"))).car.scope, DagScope::kEntity);
  const auto range = parsed(request_of(under("?format=car&entity-bytes=5:-1")));
  EXPECT_EQ(range.car.scope, DagScope::kEntity);
  EXPECT_EQ(range.car.bytes, (EntityBytes{5, -1}));
}

TEST(GatewayRequest, RefusesCarParametersThatMakeNoSense) {
  for (const char* query :
       {"dag-scope=some", "dag-scope=", "entity-bytes=x", "dag-scope=all&entity-bytes=0:1",
        "dag-scope=block&entity-bytes=0:1", "car-version=2", "car-order=bfs", "car-dups=maybe"}) {
    EXPECT_EQ(refused(request_of(under("?format=car&") + query)).status, 400) << query;
  }
}

TEST(GatewayRequest, ReadsTheKindOfCarFromTheHeader) {
  const Fields fields = {{"Accept", "application/vnd.ipld.car; version=1; order=dfs; dups=y"}};
  EXPECT_EQ(parsed(request_of(under(""), fields)).car.duplicates, Duplicates::kYes);
  EXPECT_EQ(parsed(request_of(under("?format=car"), fields)).car.duplicates, Duplicates::kYes);
  EXPECT_EQ(parsed(request_of(under("?format=car&car-dups=n"), fields)).car.duplicates,
            Duplicates::kNo);
}

TEST(GatewayRequest, ChoosesTheFirstKindOfCarThatItMakes) {
  const Fields fields = {{"Accept",
                          "application/vnd.ipld.car;order=foo, "
                          "application/vnd.ipld.car;order=dfs;dups=y;q=0.5"}};
  EXPECT_EQ(parsed(request_of(under(""), fields)).car.duplicates, Duplicates::kYes);
  const Refusal other =
      refused(request_of(under(""), {{"Accept", "application/vnd.ipld.car;version=2"}}));
  EXPECT_EQ(other.status, 406);
  EXPECT_THAT(other.message, HasSubstr("version=1"));
}

TEST(GatewayRequest, NamesWhereTheChosenFormatCanBeCached) {
  EXPECT_EQ(parsed(request_of(under("?format=raw"))).content_location, "");
  EXPECT_EQ(
      parsed(request_of(under(""), {{"Accept", "application/vnd.ipld.raw"}})).content_location,
      under("?format=raw"));
  EXPECT_EQ(parsed(request_of(under("/x?dag-scope=block"),
                              {{"Accept", "application/vnd.ipld.car;dups=y"}}))
                .content_location,
            under("/x?format=car&car-dups=y&dag-scope=block"));
}

TEST(GatewayRequest, AsksForABlockWithoutAPath) {
  EXPECT_EQ(refused(request_of(under("/a?format=raw"))).status, 406);
  EXPECT_EQ(parsed(request_of(under("/?format=raw"))).format, Format::kRaw);
}

TEST(GatewayRequest, AsksForANameAsItsRecordOnly) {
  const auto record = parsed(request_of("/ipns/k51abc?format=ipns-record"));
  EXPECT_EQ(record.format, Format::kIpnsRecord);
  EXPECT_EQ(record.name, "k51abc");
  EXPECT_FALSE(record.root.has_value());
  EXPECT_EQ(refused(request_of("/ipns/k51abc?format=car")).status, 406);
  EXPECT_EQ(refused(request_of("/ipns/k51abc/x?format=ipns-record")).status, 400);
  EXPECT_EQ(refused(request_of(under("?format=ipns-record"))).status, 400);
}

TEST(GatewayRequest, RefusesOtherPathsAndBadCids) {
  EXPECT_EQ(refused(request_of("/")).status, 404);
  EXPECT_EQ(refused(request_of("/ipfs")).status, 404);
  EXPECT_EQ(refused(request_of("/api/v0/id")).status, 404);
  const Refusal bad = refused(request_of("/ipfs/nonsense?format=raw"));
  EXPECT_EQ(bad.status, 400);
  EXPECT_THAT(bad.message, HasSubstr("nonsense"));
  EXPECT_EQ(refused(request_of("/ipfs/../x?format=raw")).status, 400);
}

TEST(GatewayRequest, TakesGetAndHeadOnly) {
  EXPECT_TRUE(parsed(request_of(under("?format=raw"), {}, Method::kHead)).head);
  EXPECT_EQ(refused(request_of(under("?format=raw"), {}, Method::kOther)).status, 405);
}

TEST(GatewayRequest, ReadsConditions) {
  const auto request = parsed(request_of(under("?format=raw&filename=a.bin"),
                                         {{"Cache-Control", "no-transform, only-if-cached"},
                                          {"If-None-Match", "\"a\""},
                                          {"If-None-Match", "\"b\""},
                                          {"Range", "bytes=0-1"}}));
  EXPECT_TRUE(request.only_if_cached);
  EXPECT_EQ(request.if_none_match, "\"a\", \"b\"");
  EXPECT_EQ(request.range, "bytes=0-1");
  EXPECT_EQ(request.filename, "a.bin");
}

}  // namespace
}  // namespace timerose::http
