#include "scheduler/execute/mailbox.h"

#include <gtest/gtest.h>

#include <string>

#include "base/clock.h"

namespace timerose::scheduler::execute {
namespace {

// Texts with one first letter go together, up to four letters; "!" goes with none.
Joined join_texts(std::string& waiting, std::string& text) {
  if (waiting == "!" || text == "!") return Joined::kNowhere;
  if (waiting[0] != text[0] || waiting.size() + text.size() > 4) return Joined::kNotHere;
  waiting += text;
  return Joined::kDone;
}

class MailboxTest : public ::testing::Test {
 protected:
  void deliver() {
    loop_.post([this] { loop_.stop(); });
    loop_.run();
  }
  SystemClock clock_;
  EventLoop loop_{clock_};
  std::vector<std::string> taken_;
  size_t deliveries_ = 0;
  const std::shared_ptr<Mailbox<std::string>> mailbox_ =
      std::make_shared<Mailbox<std::string>>(loop_, [this](std::vector<std::string>& items) {
        taken_.insert(taken_.end(), items.begin(), items.end());
        ++deliveries_;
      });
};

TEST_F(MailboxTest, IsTakenAtOnceWhateverHasCome) {
  for (const char* text : {"a", "a", "b"}) mailbox_->put(text);
  deliver();
  EXPECT_EQ(taken_, (std::vector<std::string>{"a", "a", "b"}));
  EXPECT_EQ(deliveries_, 1U);
  mailbox_->put("c");
  deliver();
  EXPECT_EQ(deliveries_, 2U);
}

TEST_F(MailboxTest, PutsTogetherWhatMayBe) {
  for (const char* text : {"a", "b", "a", "a", "b", "a", "a", "!", "a"}) {
    mailbox_->put(text, join_texts);
  }
  deliver();
  EXPECT_EQ(taken_, (std::vector<std::string>{"aaaa", "bb", "a", "!", "a"}));
}

TEST_F(MailboxTest, LooksAtSoManyAndNoMore) {
  mailbox_->put("a", join_texts);
  for (size_t i = 0; i < Mailbox<std::string>::kLookedAtMax; ++i) mailbox_->put("bbbb", join_texts);
  mailbox_->put("a", join_texts);
  deliver();
  EXPECT_EQ(taken_.back(), "a");
}

TEST_F(MailboxTest, DoesNothingOnceItIsClosed) {
  mailbox_->put("a");
  mailbox_->close();
  deliver();
  EXPECT_TRUE(taken_.empty());
}

}  // namespace
}  // namespace timerose::scheduler::execute
