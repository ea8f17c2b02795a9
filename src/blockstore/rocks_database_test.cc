#include "blockstore/rocks_database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>

#include "base/file.h"
#include "blockstore/crc32c.h"
#include "blockstore/rocks_blockstore.h"
#include "blockstore/rocks_table.h"
#include "blockstore/store_testing.h"
#include "blockstore/verify.h"

namespace timerose {
namespace {

using testing_support::block_of;
using testing_support::TemporaryFolder;

std::unique_ptr<RocksDatabase> open_database(const std::filesystem::path& folder,
                                             uint64_t bytes_max = 0) {
  auto database = RocksDatabase::open(folder, {.bytes_max = bytes_max});
  if (!database) ADD_FAILURE() << database.error().message;
  return std::move(database).value();
}

uint64_t disk_bytes(const std::filesystem::path& folder) {
  uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

// A child process that runs the (otherwise disabled) test `name` of this program on `folder`: a
// process of its own, since RocksDB's threads do not survive a fork.
class Child {
 public:
  Child(const std::string& name, const std::filesystem::path& folder) {
    std::array<int, 2> pipe_ends{};
    CHECK(pipe(pipe_ends.data()) == 0);
    output_ = FileDescriptor(pipe_ends[0]);
    const std::string filter = "--gtest_filter=" + name;
    pid_ = fork();
    if (pid_ == 0) {
      dup2(pipe_ends[1], STDOUT_FILENO);
      setenv("TIMEROSE_TEST_FOLDER", folder.c_str(), 1);
      execl("/proc/self/exe", "child", "--gtest_also_run_disabled_tests", "--gtest_brief=1",
            filter.c_str(), nullptr);
      _exit(99);
    }
    close(pipe_ends[1]);
  }
  ~Child() { kill_now(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Reads at least `bytes_min` of what it has said on top of what was read before, or to the end.
  const std::string& read_output(size_t bytes_min) {
    const size_t wanted = text_.size() + bytes_min;
    std::array<char, 64> part{};
    while (text_.size() < wanted) {
      const ssize_t got = read(output_.get(), part.data(), part.size());
      if (got <= 0) break;
      text_.append(part.data(), static_cast<size_t>(got));
    }
    return text_;
  }
  void kill_now() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  FileDescriptor output_;
  std::string text_;
  pid_t pid_ = -1;
};

void say(const std::string& text) {
  CHECK(write(STDOUT_FILENO, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

// Sizes that take both ways: through the log and around it.
size_t size_of(uint64_t number) { return number % 7 == 0 ? 900'000 : number % 3000; }

TEST(RocksDatabaseChild, DISABLED_PutsBlocksForEver) {
  const char* folder = std::getenv("TIMEROSE_TEST_FOLDER");
  if (folder == nullptr) GTEST_SKIP();
  const auto database = open_database(folder);
  RocksBlockstore store(*database);
  RocksTable table(*database, "memo");
  for (uint64_t number = 0;; ++number) {
    const Block block = block_of(number, size_of(number));
    if (!store.put(block).ok() || !table.put(block.cid().bytes(), block.cid().bytes()).ok()) return;
    if (number % 5 != 4) continue;
    if (!store.flush().ok()) return;
    say("#" + std::to_string(number) + "\n");
  }
}

TEST(RocksDatabase, KeepsWhatWasFlushedWhenItsProcessIsKilled) {
  const TemporaryFolder folder;
  SeededRandom random(1);
  for (int round = 0; round < 6; ++round) {
    Child child("RocksDatabaseChild.DISABLED_PutsBlocksForEver", folder.path() / "blocks");
    const std::string said = child.read_output(100 + random.next() % 400);
    child.kill_now();
    const size_t end = said.rfind('\n');
    ASSERT_NE(end, std::string::npos);
    const size_t begin = said.rfind('#', end);
    ASSERT_NE(begin, std::string::npos) << said;
    const uint64_t last = std::stoull(said.substr(begin + 1));

    const auto database = open_database(folder.path() / "blocks");
    RocksBlockstore store(*database);
    RocksTable table(*database, "memo");
    for (uint64_t number = 0; number <= last; ++number) {
      const Block block = block_of(number, size_of(number));
      ASSERT_TRUE(store.get(block.cid()).ok()) << number << " of " << last;
      ASSERT_TRUE(table.get(block.cid().bytes()).value().has_value()) << number;
    }
    const auto report = [](const Cid&, const Error& why) -> Status { return why; };
    const auto verified = verify_blocks(store, report);
    ASSERT_TRUE(verified.ok()) << verified.error().message;
    // A record is never there without the block that was put before it.
    ASSERT_TRUE(table
                    .for_each({},
                              [&](ByteView key, ByteView) -> Status {
                                TR_ASSIGN(const Cid cid, Cid::decode(key));
                                return store.get(cid).ok()
                                           ? success()
                                           : Status(Error{ErrorCode::kNotFound, ""});
                              })
                    .ok());
  }
}

TEST(RocksDatabaseChild, DISABLED_HoldsItOpen) {
  const char* folder = std::getenv("TIMEROSE_TEST_FOLDER");
  if (folder == nullptr) GTEST_SKIP();
  const auto database = open_database(folder);
  say("open\n");
  pause();
}

TEST(RocksDatabase, TellsASecondOpenerWhichProcessHasIt) {
  const TemporaryFolder folder;
  Child child("RocksDatabaseChild.DISABLED_HoldsItOpen", folder.path() / "blocks");
  while (child.read_output(1).find("open\n") == std::string::npos) {
  }
  const auto second = RocksDatabase::open(folder.path() / "blocks", {});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kBusy);
  EXPECT_THAT(second.error().message,
              testing::HasSubstr("process " + std::to_string(child.pid()) + " ("));
  child.kill_now();
  EXPECT_TRUE(RocksDatabase::open(folder.path() / "blocks", {}).ok());
}

TEST(RocksDatabaseChild, DISABLED_HoldsItOpenForReading) {
  const char* folder = std::getenv("TIMEROSE_TEST_FOLDER");
  if (folder == nullptr) GTEST_SKIP();
  const auto database = RocksDatabase::open(folder, {.access = Access::kReadOnly});
  ASSERT_TRUE(database.ok());
  say("open\n");
  pause();
}

TEST(RocksDatabase, IsReadByManyProcessesOrWrittenByOne) {
  const TemporaryFolder folder;
  const auto blocks = folder.path() / "blocks";
  open_database(blocks).reset();
  const auto wait_for = [](Child& child) {
    while (child.read_output(1).find("open\n") == std::string::npos) {
    }
  };
  {
    Child reader("RocksDatabaseChild.DISABLED_HoldsItOpenForReading", blocks);
    wait_for(reader);
    const auto second = RocksDatabase::open(blocks, {.access = Access::kReadOnly});
    ASSERT_TRUE(second.ok()) << second.error().message;
    const auto writing = (*second)->begin_writing();
    ASSERT_FALSE(writing.ok());
    EXPECT_EQ(writing.error().code, ErrorCode::kBusy);
    EXPECT_THAT(writing.error().message,
                testing::HasSubstr("process " + std::to_string(reader.pid()) + " ("));
    reader.kill_now();
    EXPECT_TRUE((*second)->begin_writing().ok());
  }
  Child writer("RocksDatabaseChild.DISABLED_HoldsItOpen", blocks);
  wait_for(writer);
  const auto refused = RocksDatabase::open(blocks, {.access = Access::kReadOnly});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kBusy);
  EXPECT_THAT(refused.error().message,
              testing::HasSubstr("process " + std::to_string(writer.pid()) + " ("));
}

TEST(RocksDatabase, KeepsItsLockWhenItsOwnProcessTriesToOpenItAgain) {
  const TemporaryFolder folder;
  const auto first = open_database(folder.path() / "blocks");
  for (int i = 0; i < 2; ++i) {
    const auto second = RocksDatabase::open(folder.path() / "blocks", {});
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, ErrorCode::kBusy) << second.error().message;
    EXPECT_THAT(second.error().message, testing::HasSubstr(std::to_string(getpid())));
  }
}

TEST(RocksDatabase, ReportsAParentFolderThatIsNotThere) {
  const auto database = RocksDatabase::open("/nonexistent/a/b", {});
  ASSERT_FALSE(database.ok());
  EXPECT_THAT(database.error().message, testing::HasSubstr("/nonexistent/a/b"));
}

TEST(RocksDatabase, ReportsADamagedBlockAndKeepsTheOthers) {
  const TemporaryFolder folder;
  {
    const auto database = open_database(folder.path());
    RocksBlockstore store(*database);
    for (uint64_t number = 0; number < 40; ++number) {
      ASSERT_TRUE(store.put(block_of(number, 100'000)).ok());
    }
    ASSERT_TRUE(store.flush().ok());
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    if (entry.path().extension() != ".blob" || entry.file_size() < 500'000) continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(450'000);
    file.write("damage", 6);
    break;
  }
  const auto database = open_database(folder.path());
  RocksBlockstore store(*database);
  std::vector<Error> bad;
  const auto verified = verify_blocks(store, [&](const Cid& cid, const Error& why) {
    bad.push_back(why);
    EXPECT_EQ(store.get_unverified(cid).error().code, ErrorCode::kMismatch);
    return success();
  });
  ASSERT_TRUE(verified.ok()) << verified.error().message;
  EXPECT_EQ(verified->good.blocks, 39U);
  ASSERT_EQ(bad.size(), 1U);
  EXPECT_EQ(bad[0].code, ErrorCode::kMismatch);
  EXPECT_THAT(bad[0].message, testing::HasSubstr("add it again"));
}

TEST(RocksDatabase, ReportsABlobFileThatWasCutOff) {
  const TemporaryFolder folder;
  const Block block = block_of(1, 2'000'000);
  {
    const auto database = open_database(folder.path());
    RocksBlockstore store(*database);
    ASSERT_TRUE(store.put(block).ok());
    ASSERT_TRUE(store.put(block_of(2, 1'500'000)).ok());
    ASSERT_TRUE(store.flush().ok());
    ASSERT_TRUE(database->compact().ok());
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    if (entry.path().extension() == ".blob") std::filesystem::resize_file(entry.path(), 1000);
  }
  const auto database = RocksDatabase::open(folder.path(), {});
  if (!database.ok()) return;  // refusing to open is an answer, too
  const auto data = RocksBlockstore(**database).get(block.cid());
  ASSERT_FALSE(data.ok());
  EXPECT_EQ(data.error().code, ErrorCode::kMismatch) << data.error().message;
}

TEST(RocksDatabase, RefusesWhatIsOverTheStorageLimitAndKeepsTheRest) {
  const TemporaryFolder folder;
  constexpr uint64_t kLimit = 8U << 20;
  uint64_t stored = 0;
  {
    const auto database = open_database(folder.path(), kLimit);
    RocksBlockstore store(*database);
    Status put = success();
    while ((put = store.put(block_of(stored, 50'000))).ok()) ++stored;
    EXPECT_EQ(put.error().code, ErrorCode::kNoSpace);
    EXPECT_THAT(put.error().message, testing::HasSubstr("repo gc"));
    EXPECT_GE(stored, (kLimit - 50'000) / 51'000);
    ASSERT_TRUE(store.flush().ok());
    EXPECT_LE(database->usage().bytes, kLimit);
    EXPECT_TRUE(store.put(block_of(0, 50'000)).ok());  // it is there: no space is needed
    // A smaller one still fits, up to the edge.
    EXPECT_EQ(store.put(block_of(stored, 50'000)).error().code, ErrorCode::kNoSpace);
  }
  const auto database = open_database(folder.path(), kLimit);
  RocksBlockstore store(*database);
  EXPECT_EQ(count_blocks(store)->blocks, stored);
  EXPECT_EQ(store.put(block_of(stored, 50'000)).error().code, ErrorCode::kNoSpace);
  for (uint64_t number = 0; number < stored / 2; ++number) {
    ASSERT_TRUE(store.remove(block_of(number, 50'000).cid()).ok());
  }
  ASSERT_TRUE(database->compact().ok());
  EXPECT_TRUE(store.put(block_of(stored, 50'000)).ok());
}

TEST(RocksDatabase, WritesBulkOnceAndGivesTheSpaceOfRemovedBlocksBack) {
  const TemporaryFolder folder;
  const auto database = open_database(folder.path());
  RocksBlockstore store(*database);
  constexpr uint64_t kBlocks = 400;
  for (uint64_t number = 0; number < kBlocks; ++number) {
    ASSERT_TRUE(store.put(block_of(number, 100'000)).ok());
  }
  ASSERT_TRUE(store.flush().ok());
  EXPECT_LT(disk_bytes(folder.path()), 42'000'000U);
  // Every second one, so that no file becomes garbage as a whole.
  for (uint64_t number = 0; number < kBlocks; number += 2) {
    ASSERT_TRUE(store.remove(block_of(number, 100'000).cid()).ok());
  }
  ASSERT_TRUE(database->compact().ok());
  EXPECT_LT(disk_bytes(folder.path()), 22'000'000U);
  for (uint64_t number = 1; number < kBlocks; number += 2) {
    ASSERT_TRUE(store.get(block_of(number, 100'000).cid()).ok());
  }
}

TEST(Crc32c, GivesTheSameInPartsAsAtOnceAtEveryLength) {
  const Bytes data = testing_support::bytes_of(1, 40'000);
  const char* text = reinterpret_cast<const char*>(data.data());
  for (const size_t size : {0U, 1U, 7U, 8U, 9U, 4096U, 12'287U, 12'288U, 12'289U, 40'000U}) {
    uint32_t in_parts = 0;
    for (size_t at = 0; at < size; at += 1000) {
      in_parts = crc32c_extend(in_parts, text + at, std::min<size_t>(1000, size - at));
    }
    EXPECT_EQ(crc32c_extend(0, text, size), in_parts) << size;
  }
}

// RFC 3720, B.4.
TEST(Crc32c, GivesThePublishedValues) {
  const std::string zeros(32, '\0');
  const std::string ones(32, '\xff');
  EXPECT_EQ(crc32c_extend(0, zeros.data(), 32), 0x8a9136aaU);
  EXPECT_EQ(crc32c_extend(0, ones.data(), 32), 0x62a8ab43U);
  EXPECT_EQ(crc32c_extend(0, "123456789", 9), 0xe3069283U);
}

}  // namespace
}  // namespace timerose
