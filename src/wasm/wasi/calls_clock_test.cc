#include <gmock/gmock.h>

#include "wasm/wasi/clocks.h"
#include "wasm/wasi/test_guest.h"

namespace timerose::wasi {
namespace {

constexpr uint64_t kRealtime = 0;
constexpr uint64_t kMonotonic = 1;
constexpr uint64_t kProcess = 2;

class Clocks : public ::testing::Test {
 protected:
  uint64_t time(uint64_t id) {
    EXPECT_EQ(guest_.call("clock_time_get", {id, 0, 512}), Errno::kSuccess);
    return guest_.value_at<uint64_t>(512);
  }
  static Subscription clock(uint64_t userdata, uint64_t timeout_ns, uint16_t flags = 0) {
    Subscription subscription{};
    subscription.userdata = userdata;
    subscription.id = kMonotonic;
    subscription.timeout_ns = timeout_ns;
    subscription.flags = flags;
    return subscription;
  }
  static Subscription descriptor(uint64_t userdata, EventType type, Fd fd) {
    Subscription subscription{};
    subscription.userdata = userdata;
    subscription.type = static_cast<uint8_t>(type);
    subscription.id = fd;
    return subscription;
  }
  std::vector<Event> poll(const std::vector<Subscription>& subscriptions) {
    const uint64_t in = guest_.take(subscriptions.size() * sizeof(Subscription));
    for (size_t i = 0; i < subscriptions.size(); ++i) {
      EXPECT_TRUE(guest_.guest_memory().store(in + i * sizeof(Subscription), subscriptions[i]));
    }
    const uint64_t out = guest_.take(subscriptions.size() * sizeof(Event));
    EXPECT_EQ(guest_.call("poll_oneoff", {in, out, subscriptions.size(), 512}), Errno::kSuccess);
    std::vector<Event> events;
    for (uint32_t i = 0; i < guest_.value_at<uint32_t>(512); ++i) {
      events.push_back(guest_.value_at<Event>(out + i * sizeof(Event)));
    }
    return events;
  }
  TestGuest guest_;
};

TEST_F(Clocks, StartFromConstantsAndMoveOneStepAtEachReading) {
  EXPECT_EQ(time(kRealtime), VirtualClocks::kRealtimeStartNs + 1000);
  EXPECT_EQ(time(kMonotonic), VirtualClocks::kMonotonicStartNs + 2000);
  EXPECT_EQ(time(kProcess), 3000U);
  EXPECT_EQ(time(3), 4000U);
  EXPECT_EQ(guest_.call("clock_time_get", {4, 0, 512}), Errno::kInval);
}

TEST_F(Clocks, TellTheirStepAsResolution) {
  ASSERT_EQ(guest_.call("clock_res_get", {kMonotonic, 512}), Errno::kSuccess);
  EXPECT_EQ(guest_.value_at<uint64_t>(512), 1000U);
  EXPECT_EQ(guest_.call("clock_res_get", {4, 512}), Errno::kInval);
}

TEST_F(Clocks, MoveTheWholeWaitAtASleepButForThoseOfTheProcessor) {
  const auto events = poll({clock(42, 5'000'000'000)});
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].userdata, 42U);
  EXPECT_EQ(events[0].error, 0);
  EXPECT_EQ(events[0].type, EventType::kClock);
  EXPECT_EQ(time(kMonotonic), VirtualClocks::kMonotonicStartNs + 5'000'001'000);
  EXPECT_EQ(time(kProcess), 2000U);
}

TEST_F(Clocks, WaitForTheShortestOfSeveral) {
  const auto events = poll({clock(1, 900), clock(2, 300), clock(3, 300)});
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].userdata, 2U);
  EXPECT_EQ(events[1].userdata, 3U);
  EXPECT_EQ(time(kMonotonic), VirtualClocks::kMonotonicStartNs + 1300);
}

TEST_F(Clocks, WaitUntilAMomentAndNotAtAllForOneThatIsPast) {
  const uint64_t start = VirtualClocks::kMonotonicStartNs;
  EXPECT_EQ(poll({clock(1, start + 500, 1)}).size(), 1U);
  EXPECT_EQ(time(kMonotonic), start + 1500);
  EXPECT_EQ(poll({clock(1, 7, 1)}).size(), 1U);
  EXPECT_EQ(time(kMonotonic), start + 2500);
}

TEST_F(Clocks, StandStillRatherThanOverflow) {
  poll({clock(1, UINT64_MAX)});
  const uint64_t late = time(kRealtime);
  poll({clock(1, UINT64_MAX)});
  EXPECT_EQ(time(kRealtime), late);
}

TEST_F(Clocks, DoNotMoveWhenADescriptorIsReady) {
  guest_.world.stdin_file = guest_.add_file("12345").cid;
  const auto events = poll({clock(1, 1000), descriptor(2, EventType::kFdRead, 0),
                            descriptor(3, EventType::kFdWrite, 1)});
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].userdata, 2U);
  EXPECT_EQ(events[0].bytes_ready, 5U);
  EXPECT_EQ(events[1].userdata, 3U);
  EXPECT_EQ(time(kMonotonic), VirtualClocks::kMonotonicStartNs + 1000);
}

TEST_F(Clocks, TellWhatIsWrongWithADescriptorInItsEvent) {
  const auto events =
      poll({descriptor(1, EventType::kFdRead, 99), descriptor(2, EventType::kFdRead, 1),
            descriptor(3, EventType::kFdWrite, TestGuest::kRoot)});
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].error, static_cast<uint16_t>(Errno::kBadf));
  EXPECT_EQ(events[1].error, static_cast<uint16_t>(Errno::kNotcapable));
  EXPECT_EQ(events[2].error, static_cast<uint16_t>(Errno::kBadf));
}

TEST_F(Clocks, TellOfABadClockInItsEvent) {
  auto bad = clock(9, 1);
  bad.id = 17;
  const auto events = poll({bad});
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].error, static_cast<uint16_t>(Errno::kInval));
}

TEST_F(Clocks, RefuseAPollForNothingOrOfAnUnknownKind) {
  EXPECT_EQ(guest_.call("poll_oneoff", {0, 0, 0, 512}), Errno::kInval);
  const uint64_t in = guest_.put_value(descriptor(1, static_cast<EventType>(3), 0));
  EXPECT_EQ(guest_.call("poll_oneoff", {in, 1024, 1, 512}), Errno::kInval);
}

}  // namespace
}  // namespace timerose::wasi
