#include "exchange/http_source.h"

#include <gmock/gmock.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "blockstore/memory_blockstore.h"
#include "exchange/car_testing.h"
#include "exchange/socket_testing.h"
#include "unixfs/importer.h"

namespace timerose::exchange {
namespace {

using bitswap::SessionId;
using car_testing::car_of;
using car_testing::leaf;
using car_testing::list_of;
using ::testing::HasSubstr;
using timerose::testing::ScriptedServer;
using timerose::testing::Socket;

constexpr SessionId kSession{1};

// The test's thread as the loop.
class TestLoop {
 public:
  void post(std::function<void()> task) {
    const std::scoped_lock lock(mutex_);
    tasks_.push_back(std::move(task));
    posted_.notify_one();
  }
  // False if `done` does not come true.
  bool run_until(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() +
                          std::chrono::seconds(timerose::testing::kSocketDeadlineSeconds);
    while (!done()) {
      std::unique_lock lock(mutex_);
      if (!posted_.wait_until(lock, deadline, [&] { return !tasks_.empty(); })) return false;
      const auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<std::function<void()>> tasks_;
};

std::string reply(std::string_view body, std::string_view more = "", int status = 200) {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(more) +
         "\r\n" + std::string(body);
}

// A server that answers each request with what `answer` makes of its first line.
std::function<void(Socket&)> answering(std::function<std::string(std::string)> answer) {
  return [answer = std::move(answer)](Socket& socket) {
    for (;;) {
      const std::string request = socket.receive_until("\r\n\r\n");
      if (request.empty()) return;
      if (!socket.send(answer(request))) return;
    }
  };
}

std::string car_reply(std::string_view car) {
  return reply(car, "Content-Type: application/vnd.ipld.car; version=1; order=dfs; dups=n\r\n");
}

class HttpSourceTest : public ::testing::Test {
 protected:
  void start(const std::vector<std::string>& gateways) {
    options_.gateways = gateways;
    options_.stall_timeout_ms = 1000;
    auto source = make_http_source(
        options_, clock_, [this](std::function<void()> task) { loop_.post(std::move(task)); });
    ASSERT_TRUE(source.ok()) << source.error().message;
    source_ = std::move(*source);
    source_->start(
        [this](std::vector<SourceAnswer> answers) {
          for (SourceAnswer& answer : answers) answers_.push_back(std::move(answer));
        },
        [this](bitswap::SessionId session, const Cid& root, const Status& ended) {
          if (!ended.ok()) answers_.push_back({session, root, ended.error(), {}});
        });
  }

  // The one answer to the want of one block.
  Result<Block> fetch(const Cid& cid) {
    answers_.clear();
    (void)source_->offer(kSession, std::span(&cid, 1), {});
    EXPECT_TRUE(loop_.run_until([&] { return !answers_.empty(); })) << "no answer";
    if (answers_.empty()) return Error{ErrorCode::kInternal, "no answer"};
    EXPECT_EQ(answers_[0].cid, cid);
    return answers_[0].block;
  }

  // Fetches a DAG until the gateway is asked no more.
  void fetch_dag(const Cid& root, const DagPart& part = {}) {
    ASSERT_TRUE(source_->offer_dag(kSession, root, part));
    EXPECT_TRUE(loop_.run_until([&] { return source_->stat().at(0).waiting == 0; }));
  }

  HttpSourceOptions options_;
  SystemClock clock_;
  TestLoop loop_;
  std::vector<SourceAnswer> answers_;
  std::unique_ptr<BlockSource> source_;
};

TEST_F(HttpSourceTest, FetchesABlock) {
  std::string request;
  ScriptedServer gateway(answering([&](const std::string& text) {
    request = text;
    return reply("hello");
  }));
  start({gateway.url()});
  const Cid cid = leaf("hello").cid();
  const auto block = fetch(cid);
  ASSERT_TRUE(block.ok()) << block.error().message;
  EXPECT_EQ(as_text(block->data().view()), "hello");
  EXPECT_EQ(answers_[0].from, gateway.url());
  EXPECT_THAT(request, HasSubstr("GET /ipfs/" + cid.to_string() + "?format=raw HTTP/1.1"));
  EXPECT_THAT(request, HasSubstr("Accept: application/vnd.ipld.raw"));
  const SourceStat stat = source_->stat().at(0);
  EXPECT_EQ(stat.blocks, 1);
  EXPECT_EQ(stat.bytes, 5);
  EXPECT_GT(stat.latency_ns, 0);
}

TEST_F(HttpSourceTest, FetchesAnEmptyBlock) {
  ScriptedServer gateway(answering([](const std::string&) { return reply(""); }));
  start({gateway.url()});
  EXPECT_TRUE(fetch(leaf("").cid()).ok());
}

TEST_F(HttpSourceTest, FetchesManyBlocksOverFewConnections) {
  ScriptedServer gateway(answering([](const std::string& request) {
    for (int i = 0; i < 100; ++i) {
      if (request.find(leaf(std::to_string(i)).cid().to_string()) != std::string::npos) {
        return reply(std::to_string(i));
      }
    }
    return reply("", "", 404);
  }));
  start({gateway.url()});
  std::vector<Cid> cids;
  for (int i = 0; i < 100; ++i) cids.push_back(leaf(std::to_string(i)).cid());
  EXPECT_TRUE(fetch(cids[0]).ok());  // now it is known
  EXPECT_EQ(source_->offer(kSession, cids, {}).size(), 100);
  EXPECT_TRUE(loop_.run_until([&] { return answers_.size() == 101; }));
  for (const SourceAnswer& answer : answers_) EXPECT_TRUE(answer.block.ok());
  EXPECT_LE(gateway.connections(), 8);
}

TEST_F(HttpSourceTest, SaysWhoDoesNotHaveIt) {
  ScriptedServer gateway(answering([](const std::string&) { return reply("gone", "", 404); }));
  start({gateway.url()});
  const auto block = fetch(leaf("x").cid());
  ASSERT_FALSE(block.ok());
  EXPECT_EQ(block.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(block.error().message, HasSubstr(gateway.url()));
  EXPECT_THAT(block.error().message, HasSubstr("404"));
}

TEST_F(HttpSourceTest, AsksAnotherGatewayForWhatOneLacks) {
  ScriptedServer empty(answering([](const std::string&) { return reply("", "", 404); }));
  ScriptedServer full(answering([](const std::string&) { return reply("x"); }));
  start({empty.url(), full.url()});
  EXPECT_TRUE(fetch(leaf("x").cid()).ok());
  EXPECT_EQ(answers_[0].from, full.url());
}

TEST_F(HttpSourceTest, AsksProvidersByTheirHttpAddresses) {
  ScriptedServer provider(answering([](const std::string&) { return reply("x"); }));
  start({});
  const PeerId peer = PeerId::parse("12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d").value();
  const std::vector<mesh::PeerAddresses> named = {
      {peer,
       {"/ip4/127.0.0.1/tcp/4001",
        "/ip4/127.0.0.1/tcp/" + std::to_string(provider.port()) + "/http"}}};
  source_->add_providers(kSession, named);
  EXPECT_TRUE(fetch(leaf("x").cid()).ok());
  EXPECT_FALSE(source_->stat().at(0).configured);
}

TEST_F(HttpSourceTest, RefusesAGatewayThatIsNone) {
  options_.gateways = {"file:///etc"};
  EXPECT_EQ(make_http_source(options_, clock_, [](const auto&) {}).error().code,
            ErrorCode::kInvalidArgument);
}

// --- Bad gateways ---

TEST_F(HttpSourceTest, GivesNobodyWrongBytesAndAvoidsWhoSentThem) {
  ScriptedServer gateway(answering([](const std::string&) { return reply("evil"); }));
  start({gateway.url()});
  const Cid cid = leaf("good").cid();
  EXPECT_THAT(fetch(cid).error().message, HasSubstr("other bytes"));
  EXPECT_EQ(source_->stat().at(0).bad_blocks, 1);
  EXPECT_TRUE(source_->stat().at(0).avoided);
  EXPECT_TRUE(source_->offer(kSession, std::span(&cid, 1), {}).empty());
}

TEST_F(HttpSourceTest, CutsOffABlockWithoutAnEnd) {
  std::atomic<size_t> sent{0};
  ScriptedServer gateway([&](Socket& socket) {
    socket.receive_until("\r\n\r\n");
    std::string more = "HTTP/1.1 200 OK\r\n\r\n" + std::string(1 << 20, 'x');
    while (socket.send(more)) sent += more.size();
  });
  start({gateway.url()});
  EXPECT_THAT(fetch(leaf("x").cid()).error().message, HasSubstr("more than"));
  EXPECT_TRUE(source_->stat().at(0).avoided);
  source_.reset();
  EXPECT_LT(sent, 32U << 20);  // what two sockets hold, and no more
}

TEST_F(HttpSourceTest, CutsOffHeadersWithoutAnEnd) {
  ScriptedServer gateway([](Socket& socket) {
    socket.receive_until("\r\n\r\n");
    std::string more = "HTTP/1.1 200 OK\r\n";
    while (socket.send(more)) more = "X-More: " + std::string(1000, 'x') + "\r\n";
  });
  start({gateway.url()});
  EXPECT_FALSE(fetch(leaf("x").cid()).ok());
  EXPECT_EQ(source_->stat().at(0).failures, 1);
}

TEST_F(HttpSourceTest, CutsOffARefusalWithoutAnEnd) {
  ScriptedServer gateway([](Socket& socket) {
    socket.receive_until("\r\n\r\n");
    std::string more = "HTTP/1.1 404 Not Found\r\n\r\n";
    while (socket.send(more)) more = std::string(100'000, 'x');
  });
  start({gateway.url()});
  EXPECT_FALSE(fetch(leaf("x").cid()).ok());
}

TEST_F(HttpSourceTest, GivesUpAGatewayThatStalls) {
  ScriptedServer gateway([](Socket& socket) {
    socket.receive_until("\r\n\r\n");
    socket.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
    socket.receive();  // until the other side leaves
  });
  start({gateway.url()});
  EXPECT_FALSE(fetch(leaf("hello").cid()).ok());
  EXPECT_EQ(source_->stat().at(0).failures, 1);
}

TEST_F(HttpSourceTest, TakesABlockThatBreaksOffForAFailure) {
  ScriptedServer gateway([](Socket& socket) {
    socket.receive_until("\r\n\r\n");
    socket.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
  });
  start({gateway.url()});
  EXPECT_FALSE(fetch(leaf("hello").cid()).ok());
  EXPECT_EQ(source_->stat().at(0).failures, 1);
  EXPECT_EQ(source_->stat().at(0).bad_blocks, 0);
}

TEST_F(HttpSourceTest, SaysThatNobodyListens) {
  uint16_t port = 0;
  {
    port = ScriptedServer([](Socket&) {}).port();
  }
  start({"http://127.0.0.1:" + std::to_string(port)});
  EXPECT_THAT(fetch(leaf("x").cid()).error().message, HasSubstr("gives no reply"));
}

TEST_F(HttpSourceTest, LeavesABusyGatewayAlone) {
  ScriptedServer gateway(
      answering([](const std::string&) { return reply("", "Retry-After: 60\r\n", 429); }));
  start({gateway.url()});
  EXPECT_FALSE(fetch(leaf("x").cid()).ok());
  EXPECT_TRUE(source_->stat().at(0).avoided);
  EXPECT_EQ(source_->stat().at(0).failures, 0);
}

// --- Redirects ---

std::string redirect(const std::string& to) { return reply("", "Location: " + to + "\r\n", 302); }

TEST_F(HttpSourceTest, FollowsAGatewayOfTheConfigurationAFewTimes) {
  ScriptedServer real(answering([](const std::string&) { return reply("x"); }));
  ScriptedServer gateway(
      answering([&](const std::string&) { return redirect(real.url() + "/b"); }));
  start({gateway.url()});
  EXPECT_TRUE(fetch(leaf("x").cid()).ok());
}

TEST_F(HttpSourceTest, FollowsNobodyInCircles) {
  std::atomic<int> asked{0};
  ScriptedServer gateway(answering([&](const std::string&) {
    ++asked;
    return redirect("/again");
  }));
  start({gateway.url()});
  EXPECT_FALSE(fetch(leaf("x").cid()).ok());
  EXPECT_EQ(asked, 4);  // the first, and three more
}

// Though the right bytes are there.
TEST_F(HttpSourceTest, FollowsNobodyToFiles) {
  const auto path =
      std::filesystem::temp_directory_path() / ("http_source_test." + std::to_string(getpid()));
  std::ofstream(path) << "x";
  ScriptedServer gateway(
      answering([&](const std::string&) { return redirect("file://" + path.string()); }));
  start({gateway.url()});
  EXPECT_FALSE(fetch(leaf("x").cid()).ok());
  std::filesystem::remove(path);
}

TEST_F(HttpSourceTest, FollowsNoProviderAnywhere) {
  std::atomic<int> asked{0};
  ScriptedServer inside(answering([&](const std::string&) {
    ++asked;
    return reply("x");
  }));
  ScriptedServer provider(answering([&](const std::string&) { return redirect(inside.url()); }));
  start({});
  const PeerId peer = PeerId::parse("12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d").value();
  const std::vector<mesh::PeerAddresses> named = {
      {peer, {"/ip4/127.0.0.1/tcp/" + std::to_string(provider.port()) + "/http"}}};
  source_->add_providers(kSession, named);
  EXPECT_FALSE(fetch(leaf("x").cid()).ok());
  EXPECT_EQ(asked, 0);
}

// --- DAGs ---

TEST_F(HttpSourceTest, FetchesADagAsOneStream) {
  const std::vector<Block> leaves = {leaf("a"), leaf("b")};
  const Block root = list_of(leaves);
  std::string request;
  ScriptedServer gateway(answering([&](const std::string& text) {
    request = text;
    return car_reply(car_of({root, leaves[0], leaves[1]}));
  }));
  start({gateway.url()});
  fetch_dag(root.cid());
  ASSERT_EQ(answers_.size(), 3);
  for (const SourceAnswer& answer : answers_) EXPECT_TRUE(answer.block.ok());
  EXPECT_EQ(answers_[2].cid, leaves[1].cid());
  EXPECT_THAT(request, HasSubstr("?format=car&dag-scope=all"));
  EXPECT_THAT(request, HasSubstr("application/vnd.ipld.car; version=1; order=dfs; dups=n"));
  EXPECT_EQ(source_->stat().at(0).blocks, 3);
}

TEST_F(HttpSourceTest, FetchesAPartOfAFile) {
  MemoryBlockstore store;
  unixfs::Layout layout;
  layout.chunk_bytes = 1000;
  const std::string text = std::string(1000, 'a') + std::string(1000, 'b') + std::string(500, 'c');
  const Cid file =
      unixfs::import_bytes(as_bytes(text), layout, unixfs::sink_into(store)).value().cid;
  const Block root = Block::trusted(file, store.get(file).value());
  std::string request;
  ScriptedServer gateway(answering([&](const std::string& asked) {
    request = asked;
    return car_reply(car_of({root, leaf(text.substr(1000, 1000)), leaf(text.substr(2000))}));
  }));
  start({gateway.url()});
  fetch_dag(file, {DagScope::kEntity, FileBytes{1500, 2500}});
  EXPECT_THAT(request, HasSubstr("?format=car&dag-scope=entity&entity-bytes=1500:2499 "));
  ASSERT_EQ(answers_.size(), 3);
  for (const SourceAnswer& answer : answers_) EXPECT_TRUE(answer.block.ok());
  // Less than that is not whole, and more is not wanted.
  answers_.clear();
  fetch_dag(file, {DagScope::kEntity, FileBytes{0, UINT64_MAX}});
  EXPECT_THAT(request, HasSubstr("&entity-bytes=0:* "));
  EXPECT_FALSE(answers_.back().block.ok());
}

TEST_F(HttpSourceTest, KeepsWhatCameOfADagThatBrokeOff) {
  const std::vector<Block> leaves = {leaf("a"), leaf("b")};
  const Block root = list_of(leaves);
  const std::string car = car_of({root, leaves[0], leaves[1]});
  ScriptedServer gateway([&](Socket& socket) {
    socket.receive_until("\r\n\r\n");
    const std::string whole = car_reply(car);
    socket.send(whole.substr(0, whole.size() - 1));
  });
  start({gateway.url()});
  fetch_dag(root.cid());
  ASSERT_EQ(answers_.size(), 3);
  EXPECT_TRUE(answers_[1].block.ok());
  EXPECT_FALSE(answers_[2].block.ok());
  EXPECT_EQ(answers_[2].cid, root.cid());
  EXPECT_EQ(source_->stat().at(0).failures, 1);
}

TEST_F(HttpSourceTest, NoticesAPartThatIsSentAsAWhole) {
  const std::vector<Block> leaves = {leaf("a"), leaf("b")};
  const Block root = list_of(leaves);
  ScriptedServer gateway(
      answering([&](const std::string&) { return car_reply(car_of({root, leaves[0]})); }));
  start({gateway.url()});
  fetch_dag(root.cid());
  ASSERT_EQ(answers_.size(), 3);
  EXPECT_THAT(answers_[2].block.error().message, HasSubstr("ended before the DAG did"));
}

TEST_F(HttpSourceTest, TakesNoBlockThatIsNoPartOfTheDag) {
  const Block root = list_of(std::vector<Block>{leaf("a")});
  ScriptedServer gateway(answering(
      [&](const std::string&) { return car_reply(car_of({root, leaf("stranger"), leaf("a")})); }));
  start({gateway.url()});
  fetch_dag(root.cid());
  ASSERT_EQ(answers_.size(), 2);  // the root, and what went wrong
  EXPECT_TRUE(answers_[0].block.ok());
  EXPECT_THAT(answers_[1].block.error().message, HasSubstr("no part of what was asked for"));
  EXPECT_EQ(source_->stat().at(0).bad_blocks, 1);
}

TEST_F(HttpSourceTest, TakesNoPageForACar) {
  ScriptedServer gateway(
      answering([](const std::string&) { return reply("<html>", "Content-Type: text/html\r\n"); }));
  start({gateway.url()});
  fetch_dag(leaf("x").cid());
  ASSERT_EQ(answers_.size(), 1);
  EXPECT_FALSE(answers_[0].block.ok());
}

TEST_F(HttpSourceTest, FetchesADagThatIsLargerThanTheBacklog) {
  std::vector<Block> blocks;
  for (char c = 'a'; c < 'a' + 24; ++c) blocks.push_back(leaf(std::string(1 << 20, c)));
  const Block root = list_of(blocks);
  blocks.insert(blocks.begin(), root);
  const std::string answer = car_reply(car_of(blocks));
  ScriptedServer gateway(answering([&](const std::string&) { return answer; }));
  start({gateway.url()});
  fetch_dag(root.cid());
  EXPECT_EQ(answers_.size(), 25);
}

// --- The end ---

TEST_F(HttpSourceTest, AnswersNothingThatIsNoLongerWanted) {
  std::mutex mutex;
  std::condition_variable changed;
  bool asked = false;
  ScriptedServer gateway([&](Socket& socket) {
    socket.receive_until("\r\n\r\n");
    {
      const std::scoped_lock lock(mutex);
      asked = true;
      changed.notify_all();
    }
    socket.receive();  // ends when the request is cancelled
    socket.send(reply("x"));
  });
  start({gateway.url()});
  const Cid cid = leaf("x").cid();
  source_->offer(kSession, std::span(&cid, 1), {});
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return asked; });
  }
  source_->close(kSession);
  EXPECT_EQ(source_->stat().at(0).waiting, 0);
  source_.reset();
  EXPECT_TRUE(answers_.empty());
}

}  // namespace
}  // namespace timerose::exchange
