#include "http/server.h"

#include <gmock/gmock.h>

#include <condition_variable>
#include <deque>
#include <future>

#include "exchange/socket_testing.h"
#include "http/content_testing.h"
#include "http/gateway_server.h"

namespace timerose::http {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using timerose::testing::Socket;

uint16_t port_of(const std::string& url) {
  return static_cast<uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
}

std::string get(const std::string& target, const std::string& more = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: x\r\n" + more + "\r\n";
}

// Whatever was asked for, as text.
Response echo(const Request& request) {
  Response response;
  response.body = SharedBytes::copy_of(as_bytes("you asked for " + request.target));
  return response;
}

class ServerTest : public ::testing::Test {
 protected:
  Socket start(Server::Handler handler) {
    auto server = Server::start("/ip4/127.0.0.1/tcp/0", std::move(handler), limits_);
    EXPECT_TRUE(server.ok()) << server.error().message;
    server_ = std::move(*server);
    return connect();
  }
  Socket connect() { return Socket::connect(port_of(server_->url())); }

  ServerLimits limits_;
  std::unique_ptr<Server> server_;
};

// Gives the pieces that it is told, then ends or fails.
class Pieces final : public BodyStream {
 public:
  Pieces(std::deque<std::string> pieces, std::optional<Error> error)
      : pieces_(std::move(pieces)), error_(std::move(error)) {}
  Result<std::vector<SharedBytes>> next() override {
    if (pieces_.empty() && error_) return *error_;
    if (pieces_.empty()) return std::vector<SharedBytes>();
    std::vector<SharedBytes> next = {SharedBytes::copy_of(as_bytes(pieces_.front()))};
    pieces_.pop_front();
    return next;
  }

 private:
  std::deque<std::string> pieces_;
  const std::optional<Error> error_;
};

Server::Handler streaming(std::deque<std::string> pieces, std::optional<Error> error = {}) {
  return [pieces = std::move(pieces), error = std::move(error)](const Request&) {
    Response response;
    response.stream = std::make_unique<Pieces>(pieces, error);
    return response;
  };
}

// A mebibyte, again and again, which is more than what sockets hold.
Server::Handler much() {
  struct Mebibytes final : BodyStream {
    Result<std::vector<SharedBytes>> next() override {
      return left-- == 0 ? std::vector<SharedBytes>() : std::vector<SharedBytes>{one};
    }
    SharedBytes one{Bytes(1 << 20, 'x')};
    size_t left = 64;
  };
  return [](const Request&) {
    Response response;
    response.stream = std::make_unique<Mebibytes>();
    return response;
  };
}

// Tells of its end.
class Watched final : public BodyStream {
 public:
  Watched(std::unique_ptr<BodyStream> stream, std::promise<void>& ended)
      : stream_(std::move(stream)), ended_(ended) {}
  ~Watched() override { ended_.set_value(); }
  Result<std::vector<SharedBytes>> next() override { return stream_->next(); }

 private:
  std::unique_ptr<BodyStream> stream_;
  std::promise<void>& ended_;
};

TEST_F(ServerTest, SaysWhereItListens) {
  start(echo);
  EXPECT_THAT(server_->address(), StartsWith("/ip4/127.0.0.1/tcp/"));
  EXPECT_THAT(server_->address(), Not(EndsWith("/0")));
  EXPECT_THAT(server_->url(), StartsWith("http://127.0.0.1:"));
}

TEST_F(ServerTest, SaysWhyItCannotListen) {
  start(echo);
  EXPECT_EQ(Server::start(server_->address(), echo, limits_).error().code, ErrorCode::kBusy);
  EXPECT_EQ(Server::start("127.0.0.1:80", echo, limits_).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(Server::start("/ip4/192.0.2.1/tcp/0", echo, limits_).error().code,
            ErrorCode::kInvalidArgument);
}

TEST_F(ServerTest, ListensOnIp6) {
  auto server = Server::start("/ip6/::1/tcp/0", echo, limits_);
  if (!server.ok()) GTEST_SKIP() << "no IPv6 here: " << server.error().message;
  EXPECT_THAT((*server)->url(), StartsWith("http://[::1]:"));
}

TEST_F(ServerTest, AnswersSeveralRequestsOnOneConnection) {
  Socket client = start(echo);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.send(get("/" + std::to_string(i))));
    const std::string answer = client.receive_until("asked for /" + std::to_string(i));
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("Content-Length: 16\r\n"));
    EXPECT_THAT(answer, HasSubstr("Connection: keep-alive\r\n"));
    EXPECT_THAT(answer, HasSubstr(" GMT\r\n"));
  }
}

TEST_F(ServerTest, AnswersRequestsThatWereSentAhead) {
  Socket client = start(echo);
  ASSERT_TRUE(client.send(get("/a") + get("/b") + get("/c", "Connection: close\r\n")));
  const std::string all = client.receive_all();
  EXPECT_LT(all.find("for /a"), all.find("for /b"));
  EXPECT_THAT(all, EndsWith("for /c"));
}

TEST_F(ServerTest, ClosesWhenAsked) {
  Socket client = start(echo);
  ASSERT_TRUE(client.send(get("/", "Connection: close\r\n")));
  EXPECT_THAT(client.receive_all(), HasSubstr("Connection: close\r\n"));
  EXPECT_FALSE(client.was_reset());
}

TEST_F(ServerTest, LeavesOutTheBodyOfAHead) {
  Socket client = start([](const Request& request) {
    EXPECT_EQ(request.method, Method::kHead);
    Response response;
    response.head_bytes = 12345;
    return response;
  });
  ASSERT_TRUE(client.send("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  const std::string answer = client.receive_all();
  EXPECT_THAT(answer, HasSubstr("Content-Length: 12345\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(ServerTest, SendsAStreamInChunks) {
  Socket client = start(streaming({"hello", "world!"}));
  ASSERT_TRUE(client.send(get("/")));
  const std::string answer = client.receive_until("\r\n0\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n5\r\nhello\r\n6\r\nworld!\r\n0\r\n\r\n"));
  ASSERT_TRUE(client.send(get("/")));  // the connection goes on
  EXPECT_THAT(client.receive_until("\r\n0\r\n\r\n"), HasSubstr("world!"));
}

TEST_F(ServerTest, EndsAStreamToAnOldClientByClosing) {
  Socket client = start(streaming({"hello", "world"}));
  ASSERT_TRUE(client.send("GET / HTTP/1.0\r\n\r\n"));
  const std::string answer = client.receive_all();
  EXPECT_THAT(answer, Not(HasSubstr("chunked")));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nhelloworld"));
}

TEST_F(ServerTest, CutsTheConnectionIfAStreamFails) {
  Socket client = start(streaming({"hello"}, Error{ErrorCode::kNotFound, "no more"}));
  ASSERT_TRUE(client.send(get("/")));
  EXPECT_THAT(client.receive_all(), Not(HasSubstr("\r\n0\r\n")));
  EXPECT_TRUE(client.was_reset());
}

TEST_F(ServerTest, KeepsBytesOfHeadersOnTheirLine) {
  Socket client = start([](const Request&) {
    Response response;
    response.headers.add("X-Evil", "a\r\nSet-Cookie: b");
    return response;
  });
  ASSERT_TRUE(client.send(get("/", "Connection: close\r\n")));
  EXPECT_THAT(client.receive_all(), HasSubstr("X-Evil: a  Set-Cookie: b\r\n"));
}

// --- Bad clients ---

TEST_F(ServerTest, RefusesWhatIsNoRequest) {
  Socket client = start(echo);
  ASSERT_TRUE(client.send("\x16\x03\x01 this is TLS\r\n\r\n"));
  EXPECT_THAT(client.receive_all(), StartsWith("HTTP/1.1 400 "));
  Socket no_host = connect();
  ASSERT_TRUE(no_host.send("GET / HTTP/1.1\r\n\r\n"));
  EXPECT_THAT(no_host.receive_all(), StartsWith("HTTP/1.1 400 "));
}

TEST_F(ServerTest, RefusesBodies) {
  Socket client = start(echo);
  ASSERT_TRUE(client.send(get("/", "Content-Length: 5\r\n") + "hello"));
  EXPECT_THAT(client.receive_all(), StartsWith("HTTP/1.1 413 "));
  Socket post = connect();
  ASSERT_TRUE(
      post.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello"));
  EXPECT_THAT(post.receive_all(), StartsWith("HTTP/1.1 405 "));
}

TEST_F(ServerTest, RefusesHeadersOverTheirLimit) {
  limits_.header_bytes_max = 1024;
  Socket client = start(echo);
  ASSERT_TRUE(client.send(get("/", "X-Long: " + std::string(2000, 'x') + "\r\n")));
  EXPECT_THAT(client.receive_all(), StartsWith("HTTP/1.1 431 "));
  Socket endless = connect();
  const std::string line = "X-More: " + std::string(100, 'y') + "\r\n";
  ASSERT_TRUE(endless.send("GET / HTTP/1.1\r\n"));
  for (int i = 0; i < 10'000 && endless.send(line); ++i) continue;  // until it is cut off
  EXPECT_THAT(connect().send(get("/")), true);                      // others are served
}

TEST_F(ServerTest, CutsOffAClientThatSendsItsHeadersSlowly) {
  limits_.header_timeout_ms = 50;
  Socket client = start(echo);
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHo"));
  EXPECT_EQ(client.receive_all(), "");
  Socket silent = connect();
  EXPECT_EQ(silent.receive_all(), "");
}

TEST_F(ServerTest, ClosesAConnectionThatIsIdle) {
  limits_.idle_timeout_ms = 50;
  Socket client = start(echo);
  ASSERT_TRUE(client.send(get("/")));
  EXPECT_THAT(client.receive_all(), EndsWith("for /"));
}

TEST_F(ServerTest, CutsOffAClientThatDoesNotRead) {
  limits_.write_timeout_ms = 50;
  std::promise<void> ended;
  Socket client = start([&](const Request& request) {
    Response response = much()(request);
    response.stream = std::make_unique<Watched>(std::move(response.stream), ended);
    return response;
  });
  ASSERT_TRUE(client.send(get("/")));
  EXPECT_EQ(ended.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

// Clients that do not read hold no thread: with two threads, sixteen of them leave room for others.
TEST_F(ServerTest, ServesOthersWhileClientsDoNotRead) {
  limits_.threads = 2;
  Socket client = start([](const Request& request) {
    return request.target == "/much" ? much()(request) : echo(request);
  });
  std::vector<Socket> slow;
  for (int i = 0; i < 16; ++i) {
    slow.push_back(connect());
    ASSERT_TRUE(slow.back().send(get("/much")));
    EXPECT_FALSE(slow.back().receive().empty());  // its answer has begun
  }
  ASSERT_TRUE(client.send(get("/small")));
  EXPECT_THAT(client.receive_until("for /small"), EndsWith("for /small"));
}

TEST_F(ServerTest, TurnsAwayConnectionsOfOneAddressOverItsLimit) {
  limits_.connections_of_address_max = 2;
  Socket first = start(echo);
  Socket second = connect();
  for (Socket* socket : {&first, &second}) {
    ASSERT_TRUE(socket->send(get("/")));
    EXPECT_THAT(socket->receive_until("for /"), EndsWith("for /"));
  }
  const std::string answer = connect().receive_all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 429 "));
  EXPECT_THAT(answer, HasSubstr("Retry-After: "));
  ASSERT_TRUE(first.send(get("/again")));
  EXPECT_THAT(first.receive_until("for /again"), EndsWith("for /again"));
}

TEST_F(ServerTest, TakesNoMoreConnectionsThanItsLimitUntilOneEnds) {
  limits_.connections_max = 1;
  Socket first = start(echo);
  ASSERT_TRUE(first.send(get("/1")));
  EXPECT_THAT(first.receive_until("for /1"), EndsWith("for /1"));
  Socket second = connect();  // waits in the kernel
  ASSERT_TRUE(second.send(get("/2")));
  first.close();
  EXPECT_THAT(second.receive_until("for /2"), EndsWith("for /2"));
}

// Lets handlers begin and holds them until they are let go.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  void await_waiting(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= count; });
  }
  void open() {
    const std::scoped_lock lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

TEST_F(ServerTest, TurnsAwayRequestsThatWouldWaitTooLong) {
  limits_.threads = 1;
  limits_.handlers_waiting_max = 1;
  Gate gate;
  Socket first = start([&](const Request& request) {
    gate.pass();
    return echo(request);
  });
  ASSERT_TRUE(first.send(get("/1")));
  gate.await_waiting(1);
  Socket second = connect();
  ASSERT_TRUE(second.send(get("/2")));
  EXPECT_THAT(second.receive_until("\r\n\r\n"), StartsWith("HTTP/1.1 429 "));
  gate.open();
  EXPECT_THAT(first.receive_until("for /1"), EndsWith("for /1"));
}

// --- The end ---

TEST_F(ServerTest, SendsAnswersUnderWayBeforeItStops) {
  Gate gate;
  Socket client = start([&](const Request& request) {
    gate.pass();
    return echo(request);
  });
  Socket idle = connect();
  ASSERT_TRUE(idle.send("GET"));
  ASSERT_TRUE(client.send(get("/last")));
  gate.await_waiting(1);
  std::thread stopper([&] { server_->stop(); });
  gate.open();
  EXPECT_THAT(client.receive_all(), EndsWith("for /last"));
  stopper.join();
}

TEST_F(ServerTest, CutsOffWhatIsNotDoneWhenItsGraceEnds) {
  limits_.stop_grace_ms = 50;
  Socket client = start(much());
  ASSERT_TRUE(client.send(get("/")));
  EXPECT_FALSE(client.receive().empty());
  server_->stop();  // returns though the client does not read
  server_->stop();
  EXPECT_THAT(client.receive_all(), Not(HasSubstr("\r\n0\r\n\r\n")));
}

// --- As a gateway ---

TEST(GatewayServer, GivesACarThatReadsBack) {
  MemoryBlockstore store;
  const auto file = testing_support::add_file(store, testing_support::varied(100'000));
  auto server = GatewayServer::start("/ip4/127.0.0.1/tcp/0", store);
  ASSERT_TRUE(server.ok());
  Socket client = Socket::connect(port_of((*server)->url()));
  // HTTP/1.0 spares us the chunks.
  ASSERT_TRUE(client.send("GET /ipfs/" + file.cid.to_string() + "?format=car HTTP/1.0\r\n\r\n"));
  const std::string answer = client.receive_all();
  const size_t body = answer.find("\r\n\r\n") + 4;
  const auto cids = testing_support::cids_in_car(as_bytes(std::string_view(answer).substr(body)));
  ASSERT_TRUE(cids.ok()) << cids.error().message;
  EXPECT_GT(cids->size(), 391);
}

TEST(GatewayServer, CutsACarWhoseBlocksAreNotAllThere) {
  MemoryBlockstore store;
  const auto file = testing_support::add_file(store, testing_support::varied(1024));
  ASSERT_TRUE(store
                  .remove(Cid::of_sha256(Codec::kRaw,
                                         as_bytes(testing_support::varied(1024).substr(512, 256))))
                  .ok());
  auto server = GatewayServer::start("/ip4/127.0.0.1/tcp/0", store);
  ASSERT_TRUE(server.ok());
  Socket client = Socket::connect(port_of((*server)->url()));
  ASSERT_TRUE(client.send(get("/ipfs/" + file.cid.to_string() + "?format=car")));
  EXPECT_THAT(client.receive_all(), Not(HasSubstr("\r\n0\r\n\r\n")));
  EXPECT_TRUE(client.was_reset());
}

}  // namespace
}  // namespace timerose::http
