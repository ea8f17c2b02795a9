#include "names/name_network.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/testing.h"
#include "mesh/host_testing.h"
#include "mesh/memory_network.h"
#include "names/names_testing.h"
#include "names/republisher.h"

namespace timerose::names {
namespace {

using testing::key_number;
using testing::name_of;
using testing::peer_number;

// A node whose loop runs in a thread of its own.
class Node : public mesh::testing_support::HostThread {
 public:
  Node(mesh::MemoryNetwork& network, uint8_t number, Clock& clock)
      : HostThread(
            network.add_host(peer_number(number), mesh::MemoryNetwork::Driven::kByDescriptor)),
        names_(loop(), host(), clock) {
    start([this](const mesh::Event& event) { (void)names_.on_event(event); });
  }
  ~Node() {
    names_.stop();
    stop([] {});
  }
  LoopNameNetwork& names() { return names_; }
  void connect(const PeerId& peer) { EXPECT_TRUE(HostThread::connect(peer)); }

 private:
  LoopNameNetwork names_;
};

class NameNetworkTest : public ::testing::Test {
 protected:
  SignedRecord record(const std::string& value, uint64_t sequence) {
    return testing::signed_by(key_, value, sequence, clock_.unix_ns() + kValidityNsDefault);
  }

  SystemClock clock_;
  mesh::MemoryNetwork network_;
  const PrivateKey key_ = key_number(1);
  const PeerId name_ = name_of(key_);
};

TEST_F(NameNetworkTest, GivesAndFindsRecordsAcrossThreads) {
  Node a(network_, 100, clock_);
  Node b(network_, 101, clock_);
  a.connect(b.id());
  const SignedRecord first = record("/ipfs/bafkqaaa", 1);
  EXPECT_TRUE(a.names().deliver(name_, first, 10'000, nullptr).stored);
  EXPECT_EQ(b.names().find(name_, {}, nullptr).newest, first);
  EXPECT_EQ(b.names().known(name_), first);
}

TEST_F(NameNetworkTest, AnswersManyThreadsAtOnce) {
  Node a(network_, 100, clock_);
  Node b(network_, 101, clock_);
  a.connect(b.id());
  (void)a.names().deliver(name_, record("/ipfs/bafkqaaa", 1), 10'000, nullptr);
  std::vector<std::thread> threads;
  std::atomic<int> found = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      if (b.names().find(name_, {}, nullptr).newest) ++found;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(found, 8);
}

TEST_F(NameNetworkTest, EndsAWaitAtItsTimeout) {
  Node a(network_, 100, clock_);
  network_.silence_routing(true);
  const Found found = a.names().find(name_, {.timeout_ms = 1}, nullptr);
  EXPECT_EQ(found.newest, std::nullopt);
  EXPECT_EQ(found.why, "the time was up");
}

TEST_F(NameNetworkTest, EndsAWaitThatIsCancelled) {
  Node a(network_, 100, clock_);
  network_.silence_routing(true);
  const CancelFlag cancelled = true;
  EXPECT_EQ(a.names().find(name_, {}, &cancelled).why, "cancelled");
}

TEST_F(NameNetworkTest, EndsEveryWaitWhenItStops) {
  Node a(network_, 100, clock_);
  network_.silence_routing(true);
  std::thread waiting([&] {
    EXPECT_EQ(a.names().deliver(name_, record("/ipfs/bafkqaaa", 1), 600'000, nullptr).why,
              "the node stops");
  });
  a.names().stop();
  waiting.join();
  EXPECT_EQ(a.names().find(name_, {}, nullptr).why, "the node stops");
}

TEST_F(NameNetworkTest, ARepublisherGivesOwnRecordsToOthersAtItsStart) {
  const testing_support::TemporaryFolder folder;
  sqlite::Database database(folder.path() / "records.sqlite");
  RecordStore store(database);
  ASSERT_TRUE(store.publish(key_, {"/ipfs/bafkqaaa"}, std::nullopt, clock_.unix_ns()).ok());
  Node a(network_, 100, clock_);
  Node b(network_, 101, clock_);
  a.connect(b.id());
  SystemTxtResolver txt;
  NameService service({clock_, store, txt, &a.names()});
  Republisher republisher(
      service, clock_, [](const PeerId&) { return std::optional(key_number(1)); },
      [](const std::string& message) { ADD_FAILURE() << message; });
  std::optional<SignedRecord> found;
  const uint64_t deadline_ns = clock_.monotonic_ns() + 30'000'000'000;
  while (!found && clock_.monotonic_ns() < deadline_ns) {
    found = b.names().find(name_, {}, nullptr).newest;
  }
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->record.value, "/ipfs/bafkqaaa");
}

}  // namespace
}  // namespace timerose::names
