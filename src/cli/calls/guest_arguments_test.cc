#include "cli/calls/guest_arguments.h"

#include <gtest/gtest.h>

namespace timerose::cli {
namespace {

using Words = std::vector<std::string>;

class GuestArguments : public testing::Test {
 protected:
  GuestArguments() {
    command_.add_option("--input", input_);
    command_.add_option("-o,--output", output_);
    command_.add_flag("--no-memo", no_memo_);
  }
  Words split(Words words) {
    guest_ = take_guest_arguments(command_, words);
    return words;
  }

  CLI::App command_;
  std::string input_, output_;
  bool no_memo_ = false;
  Words guest_;
};

TEST_F(GuestArguments, AreTheWordsBehindTheFunction) {
  EXPECT_EQ(split({"--input", "X", "f.wasm", "a", "b"}), (Words{"--input", "X", "f.wasm"}));
  EXPECT_EQ(guest_, (Words{"a", "b"}));
}

TEST_F(GuestArguments, BeginBehindOurOptionsThatFollowTheFunction) {
  EXPECT_EQ(split({"f.wasm", "--input", "X", "-o", "cid", "a", "--input", "Y"}),
            (Words{"f.wasm", "--input", "X", "-o", "cid"}));
  EXPECT_EQ(guest_, (Words{"a", "--input", "Y"}));
}

TEST_F(GuestArguments, BeginAtAnOptionThatIsNotOurs) {
  EXPECT_EQ(split({"--no-memo", "f.wasm", "--verbose", "--input", "Y"}),
            (Words{"--no-memo", "f.wasm"}));
  EXPECT_EQ(guest_, (Words{"--verbose", "--input", "Y"}));
}

TEST_F(GuestArguments, BeginBehindTwoDashes) {
  EXPECT_EQ(split({"f.wasm", "--input=X", "--", "--input", "Y", "--"}),
            (Words{"f.wasm", "--input=X"}));
  EXPECT_EQ(guest_, (Words{"--input", "Y", "--"}));
}

TEST_F(GuestArguments, TwoDashesBeforeTheFunctionGuardItsName) {
  EXPECT_EQ(split({"-ojson", "--", "-f.wasm", "-x"}), (Words{"-ojson", "--", "-f.wasm"}));
  EXPECT_EQ(guest_, (Words{"-x"}));
  EXPECT_EQ(split({"--", "f.wasm", "--", "-x"}), (Words{"--", "f.wasm"}));
  EXPECT_EQ(guest_, (Words{"-x"}));
}

TEST_F(GuestArguments, HelpBehindTheFunctionIsAskedOfTheGuest) {
  EXPECT_EQ(split({"f.wasm", "--help"}), (Words{"f.wasm"}));
  EXPECT_EQ(guest_, (Words{"--help"}));
  EXPECT_EQ(split({"--help", "f.wasm"}), (Words{"--help", "f.wasm"}));
}

TEST_F(GuestArguments, AreNoneForAnUnknownOptionBeforeTheFunction) {
  EXPECT_EQ(split({"--bogus", "f.wasm", "a"}), (Words{"--bogus", "f.wasm", "a"}));
  EXPECT_TRUE(guest_.empty());
}

TEST_F(GuestArguments, MayBeEmptyWordsAndBracketed) {
  EXPECT_EQ(split({"f.wasm", "", "[a,b]"}), (Words{"f.wasm"}));
  EXPECT_EQ(guest_, (Words{"", "[a,b]"}));
}

}  // namespace
}  // namespace timerose::cli
