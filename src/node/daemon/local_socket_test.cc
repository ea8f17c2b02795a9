#include "node/daemon/local_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "base/testing.h"
#include "node/daemon/command_server.h"

namespace timerose::node {
namespace {

namespace fs = std::filesystem;

class LocalSocket : public testing::Test {
 protected:
  testing_support::TemporaryFolder temporary;
  const std::string folder = temporary.path();
};

// A server on a thread of its own, ended with the test.
class Serving {
 public:
  Serving(const std::string& folder, CommandServer::CarryOut carry_out)
      : listener_(LocalListener::open(folder).value()) {
    server_ = CommandServer::create(listener_, "1", std::move(carry_out)).value();
    EXPECT_TRUE(listener_.listen().ok());
    thread_ = std::thread([this] { EXPECT_TRUE(server_->serve(-1)); });
  }
  ~Serving() {
    server_->stop();
    thread_.join();
  }
  CommandServer& server() { return *server_; }

 private:
  LocalListener listener_;
  std::unique_ptr<CommandServer> server_;
  std::thread thread_;
};

Result<LocalReply> ask(const std::string& folder, const std::vector<std::string>& words,
                       const std::string& version = "1") {
  TR_ASSIGN(const FileDescriptor connection, connect_to_daemon(folder));
  EXPECT_TRUE(connection.valid());
  TR_TRY(send_request(connection.get(), version, words));
  return receive_reply(connection.get());
}

TEST_F(LocalSocket, NobodyListensInAFolderWithoutADaemon) {
  EXPECT_FALSE(connect_to_daemon(folder)->valid());
  EXPECT_FALSE(connect_to_daemon(folder + "/nothing")->valid());
}

TEST_F(LocalSocket, CarriesWordsMaskFolderAndTheExitCode) {
  const fs::path here = fs::current_path();
  const mode_t mask = umask(027);
  const Serving serving(folder, [&](const LocalRequest& request, const std::atomic<bool>&) {
    EXPECT_EQ(request.words, (std::vector<std::string>{"cat", "", "a b"}));
    EXPECT_EQ(request.mode_mask, 027U);
    EXPECT_EQ(request.process, getpid());
    EXPECT_EQ(fs::current_path(), here);
    EXPECT_TRUE(request.descriptors.out.valid());
    return LocalReply{false, 42, "text"};
  });
  const auto reply = ask(folder, {"cat", "", "a b"});
  umask(mask);
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_FALSE(reply->refused);
  EXPECT_EQ(reply->exit_code, 42);
  EXPECT_EQ(reply->text, "text");
}

TEST_F(LocalSocket, CommandsDoNotSeeEachOthersFolders) {
  const fs::path here = fs::current_path();
  {
    const Serving serving(folder, [&](const LocalRequest&, const std::atomic<bool>&) {
      fs::current_path("/");
      return LocalReply{};
    });
    EXPECT_TRUE(ask(folder, {}).ok());
  }
  EXPECT_EQ(fs::current_path(), here);
}

TEST_F(LocalSocket, RefusesAnotherVersionAndSaysWhatToDo) {
  const Serving serving(folder, [](const LocalRequest&, const std::atomic<bool>&) {
    ADD_FAILURE() << "carried out";
    return LocalReply{};
  });
  const auto reply = ask(folder, {"id"}, "2");
  ASSERT_TRUE(reply.ok());
  EXPECT_TRUE(reply->refused);
  EXPECT_NE(reply->text.find("timerose node stop"), std::string::npos);
}

TEST_F(LocalSocket, RefusesWhatIsNoRequest) {
  const Serving serving(folder, [](const LocalRequest&, const std::atomic<bool>&) {
    ADD_FAILURE() << "carried out";
    return LocalReply{};
  });
  for (const std::string_view bytes :
       {std::string_view("\xff\xff\xff\xff", 4), std::string_view("\0\0\0\1x", 5),
        std::string_view("\0\0\0\2x\0", 6), std::string_view("\0\0\0\0", 4)}) {
    const FileDescriptor connection = connect_to_daemon(folder).value();
    ASSERT_TRUE(write_all(connection.get(), as_bytes(bytes)).ok());
    const auto reply = receive_reply(connection.get());
    ASSERT_TRUE(reply.ok()) << reply.error().message;
    EXPECT_TRUE(reply->refused);
  }
}

TEST_F(LocalSocket, AClientThatGoesCancelsItsCommand) {
  std::atomic<bool> seen{false};
  {
    Serving serving(folder, [&](const LocalRequest&, const std::atomic<bool>& cancelled) {
      while (!cancelled) std::this_thread::yield();
      seen = true;
      return LocalReply{};
    });
    FileDescriptor connection = connect_to_daemon(folder).value();
    ASSERT_TRUE(send_request(connection.get(), "1", {"wait"}).ok());
    connection.close();
    while (!seen) std::this_thread::yield();
  }
  EXPECT_TRUE(seen);
}

TEST_F(LocalSocket, StoppingCancelsWhatRuns) {
  std::atomic<bool> running{false};
  std::thread client;
  {
    Serving serving(folder, [&](const LocalRequest&, const std::atomic<bool>& cancelled) {
      running = true;
      while (!cancelled) std::this_thread::yield();
      return LocalReply{false, 7, ""};
    });
    client = std::thread([&] {
      const auto reply = ask(folder, {"wait"});
      EXPECT_TRUE(reply.ok());
      EXPECT_EQ(reply.ok() ? reply->exit_code : -1, 7);
    });
    while (!running) std::this_thread::yield();
  }
  client.join();
}

TEST_F(LocalSocket, ADaemonThatEndsWithoutAnAnswerIsAnError) {
  auto listener = LocalListener::open(folder).value();
  ASSERT_TRUE(listener.listen().ok());
  const FileDescriptor connection = connect_to_daemon(folder).value();
  ASSERT_TRUE(send_request(connection.get(), "1", {}).ok());
  FileDescriptor accepted = listener.accept();
  ASSERT_TRUE(accepted.valid());
  accepted.close();
  EXPECT_EQ(receive_reply(connection.get()).error().code, ErrorCode::kIo);
}

TEST_F(LocalSocket, ThereIsOneListenerAndASecondIsToldWhoItIs) {
  const auto first = LocalListener::open(folder).value();
  const auto second = LocalListener::open(folder);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kBusy);
  EXPECT_NE(second.error().message.find("process " + std::to_string(getpid())), std::string::npos);
}

TEST_F(LocalSocket, WorksInAFolderWhosePathIsLongerThanASocketsName) {
  const std::string deep = folder + "/" + std::string(120, 'd');
  fs::create_directories(deep);
  const Serving serving(
      deep, [](const LocalRequest&, const std::atomic<bool>&) { return LocalReply{false, 3, ""}; });
  EXPECT_EQ(ask(deep, {})->exit_code, 3);
}

}  // namespace
}  // namespace timerose::node
