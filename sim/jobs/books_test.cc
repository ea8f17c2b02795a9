#include "sim/jobs/books.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace timerose::sim::jobs {
namespace {

using ::testing::HasSubstr;

struct Library {
  EventQueue events;
  Chronicle chronicle{events};
  Books books{events, chronicle};
  void run() {
    while (events.run_one()) {
    }
  }
};

TEST(Books, ACallWithoutAnEndIsNoticedAfterItsDeadline) {
  Library library;
  library.books.begin(3, 1000);
  library.run();
  EXPECT_THAT(library.chronicle.failure(), HasSubstr("call 0 of node 3 has no end"));
}

TEST(Books, ACallEndsOnce) {
  Library library;
  const JobNumber job = library.books.begin(3, 1000);
  library.books.end(job, Fate::kFailed);
  EXPECT_EQ(library.chronicle.failure(), "");
  library.books.end(job, Fate::kAnswered);
  EXPECT_THAT(library.chronicle.failure(), HasSubstr("ended twice"));
}

TEST(Books, WhoAskedAndWentAwayIsNotWaitedFor) {
  Library library;
  library.books.abandon(library.books.begin(3, 1000));
  library.books.end(library.books.begin(4, 1000), Fate::kAnswered);
  library.run();
  library.books.check_all_ended();
  EXPECT_EQ(library.chronicle.failure(), "");
  EXPECT_EQ(library.books.under_way(), 0U);
}

}  // namespace
}  // namespace timerose::sim::jobs
