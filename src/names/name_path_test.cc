#include "names/name_path.h"

#include <gtest/gtest.h>

namespace timerose::names {
namespace {

constexpr const char* kPeer = "12D3KooWGjMCwTZcsV6RDgQCRSDwH4gmLWJQ9XLFmDKUzRbbXVCP";

TEST(NamePath, TakesANameInEveryFormOfAPeerId) {
  const PeerId peer = PeerId::of(PublicKey{});
  const std::string base36 = peer.to_cid().to_string(Multibase::kBase36);
  for (const std::string& form :
       {peer.to_string(), base36, peer.to_cid().to_string(Multibase::kBase32),
        peer.to_cid().to_string(Multibase::kBase58Btc), std::string("K") + [&] {
          std::string upper = base36.substr(1);
          for (char& c : upper) c = static_cast<char>(std::toupper(c));
          return upper;
        }()}) {
    const auto path = NamePath::parse("/ipns/" + form + "/a/b");
    ASSERT_TRUE(path.ok()) << form << ": " << path.error().message;
    EXPECT_EQ(std::get<PeerId>(path->root), peer);
    EXPECT_EQ(path->to_string(), "/ipns/" + base36 + "/a/b");
    EXPECT_FALSE(path->is_immutable());
  }
}

TEST(NamePath, TakesDomainsInLowerCase) {
  const auto path = NamePath::parse("/ipns/En.Wikipedia-on-IPFS.org./wiki/");
  ASSERT_TRUE(path.ok()) << path.error().message;
  EXPECT_EQ(std::get<Domain>(path->root).text, "en.wikipedia-on-ipfs.org");
  EXPECT_EQ(path->to_string(), "/ipns/en.wikipedia-on-ipfs.org/wiki");
}

TEST(NamePath, TakesCids) {
  const auto path = NamePath::parse("/ipfs/bafkqaaa/x/../y");
  ASSERT_TRUE(path.ok());
  EXPECT_TRUE(path->is_immutable());
  EXPECT_EQ(path->to_string(), "/ipfs/bafkqaaa/y");
  EXPECT_EQ(NamePath::parse("/ipld/bafkqaaa/y")->to_string(), "/ipfs/bafkqaaa/y");
}

TEST(NamePath, UnescapesUrlsOnly) {
  const auto url = NamePath::parse("ipns://example.org/a%20b/c%2Fd?query#fragment");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->segments, (std::vector<std::string>{"a b", "c/d"}));
  EXPECT_EQ(url->to_string(), "ipns://example.org/a%20b/c%2Fd");
  EXPECT_EQ(*NamePath::parse(url->to_string()), *url);
  EXPECT_EQ(NamePath::parse("/ipns/example.org/a%20b")->segments,
            (std::vector<std::string>{"a%20b"}));
  EXPECT_EQ(NamePath::parse("ipfs://bafkqaaa/x")->to_string(), "/ipfs/bafkqaaa/x");
}

TEST(NamePath, RefusesWhatIsNoName) {
  for (const char* text : {"", "/", "/ipns/", "/ipns//a", "ipns://", "/ipfs/", "/ipns/localhost",
                           "/ipns/.org", "/ipns/a..b", "/ipns/exa mple.org",
                           "/ipns/ex\xc3\xa4mple.org", "/ipns/bafkqaaa", "/ipfs/example.org", kPeer,
                           "example.org", "http://example.org", "/ipns/example.org/../x"}) {
    const auto path = NamePath::parse(text);
    ASSERT_FALSE(path.ok()) << text;
    EXPECT_EQ(path.error().code, ErrorCode::kInvalidArgument) << text;
  }
}

TEST(Domain, HasLabelsOf63And253CharactersAtMost) {
  const std::string label(kLabelBytesMax, 'a');
  EXPECT_TRUE(Domain::parse(label + ".org").ok());
  EXPECT_FALSE(Domain::parse(label + "a.org").ok());
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'a');
  ASSERT_EQ(longest.size(), kDomainBytesMax);
  EXPECT_TRUE(Domain::parse(longest).ok());
  EXPECT_TRUE(Domain::parse(longest + ".").ok());
  EXPECT_FALSE(Domain::parse(longest + "a").ok());
  EXPECT_FALSE(Domain::parse(std::string(100'000, 'a') + ".b").ok());
}

TEST(NamePath, IsToldFromOtherTextByItsBegin) {
  EXPECT_TRUE(is_name_path("/ipns/x"));
  EXPECT_TRUE(is_name_path("ipns://x"));
  EXPECT_FALSE(is_name_path("/ipfs/x"));
  EXPECT_FALSE(is_name_path("ipns"));
}

}  // namespace
}  // namespace timerose::names
