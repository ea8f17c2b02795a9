#include "cli/content/cid_format.h"

#include <gtest/gtest.h>

namespace timerose::cli {
namespace {

const char* const kV1 = "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi";
const char* const kV0 = "QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR";

std::string formatted(const char* cid, std::string_view format,
                      std::optional<Multibase> base = std::nullopt) {
  return format_cid(Cid::parse(cid).value(), format, base).value();
}

TEST(CidFormat, WritesEachPart) {
  EXPECT_EQ(formatted(kV1, "%s"), kV1);
  EXPECT_EQ(formatted(kV1, "%S"), kV1 + 1);
  EXPECT_EQ(formatted(kV1, "%b %B %v %V"), "base32 b cidv1 1");
  EXPECT_EQ(formatted(kV1, "%c %C %h %H %L"), "dag-pb 112 sha2-256 18 32");
  EXPECT_EQ(formatted(kV1, "%P"), "cidv1-dag-pb-sha2-256-32");
  EXPECT_EQ(formatted(kV1, "100%%"), "100%");
}

TEST(CidFormat, WritesVersion0WithoutAPrefix) {
  EXPECT_EQ(formatted(kV0, "%s %S"), std::string(kV0) + " " + kV0);
  EXPECT_EQ(formatted(kV0, "%b %v"), "base58btc cidv0");
  EXPECT_EQ(formatted(kV0, "%M"), kV0);
}

TEST(CidFormat, WritesInTheBaseAskedFor) {
  EXPECT_EQ(formatted(kV1, "%s", Multibase::kBase16).substr(0, 9), "f01701220");
  EXPECT_EQ(formatted(kV1, "%d", Multibase::kBase16).substr(0, 5), "fc3c4");
  EXPECT_EQ(formatted(kV1, "%D", Multibase::kBase16).substr(0, 4), "c3c4");
}

TEST(CidFormat, RefusesALetterThatMeansNothing) {
  EXPECT_EQ(format_cid(Cid::parse(kV1).value(), "%q", {}).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_FALSE(format_cid(Cid::parse(kV1).value(), "%", {}).ok());
}

}  // namespace
}  // namespace timerose::cli
