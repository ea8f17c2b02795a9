#include "scheduler/placement/warm_notes.h"

#include <gtest/gtest.h>

namespace timerose::scheduler {
namespace {

TEST(WarmNotes, TheLastWordCounts) {
  WarmNotes notes;
  const NodeRef node(7, 1);
  EXPECT_EQ(notes.find(node, 3), std::nullopt);
  notes.put(node, 3, true);
  EXPECT_EQ(notes.find(node, 3), true);
  notes.put(node, 3, false);
  EXPECT_EQ(notes.find(node, 3), false);
  EXPECT_EQ(notes.find(node, 4), std::nullopt);
  EXPECT_EQ(notes.find(NodeRef(7, 2), 3), std::nullopt) << "the next node at its place";
}

TEST(WarmNotes, OfTooManyTheLatestAreKept) {
  WarmNotes notes;
  const auto last = static_cast<uint32_t>(10 * WarmNotes::kNotesMax);
  for (uint32_t mark = 0; mark <= last; ++mark) notes.put(NodeRef(mark % 100, 0), mark, true);
  EXPECT_EQ(notes.find(NodeRef(last % 100, 0), last), true);
  size_t kept = 0;
  for (uint32_t mark = 0; mark <= last; ++mark) {
    kept += notes.find(NodeRef(mark % 100, 0), mark) ? 1 : 0;
  }
  EXPECT_LE(kept, WarmNotes::kNotesMax);
  EXPECT_GT(kept, WarmNotes::kNotesMax * 9 / 10);
}

}  // namespace
}  // namespace timerose::scheduler
