#include "base/printable.h"

#include <gtest/gtest.h>

namespace timerose {
namespace {

TEST(Printable, LeavesNoEscapeSequenceWhole) {
  EXPECT_EQ(printable("\x1b[2Jall is \x07well\x7f"), "?[2Jall is ?well?");
  EXPECT_EQ(printable("a\r\nb\tc"), "a?\nb\tc");
}

TEST(Printable, TakesControlsOfUtf8ForOne) {
  EXPECT_EQ(printable("\xc2\x9b"
                      "2J \xc3\xa9 \xc2\xa9 \xc2"),
            "?2J \xc3\xa9 \xc2\xa9 \xc2");
}

TEST(Printable, MakesOneLineOfSeveral) {
  EXPECT_EQ(printable_line("a\nb\tc"), "a?b?c");
  EXPECT_EQ(printable_line(""), "");
}

}  // namespace
}  // namespace timerose
