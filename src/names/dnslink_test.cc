#include "names/dnslink.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <functional>
#include <thread>

#include "base/file.h"

namespace timerose::names {
namespace {

using ::testing::HasSubstr;

void append_number(Bytes& out, uint64_t value, size_t bytes) {
  for (size_t i = bytes; i-- > 0;) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

// "_dnslink.example.org" and a question for its TXT records.
Bytes question() {
  Bytes out;
  for (const std::string_view label : {"_dnslink", "example", "org"}) {
    out.push_back(static_cast<uint8_t>(label.size()));
    out.insert(out.end(), label.begin(), label.end());
  }
  out.push_back(0);
  append_number(out, 16, 2);  // TXT
  append_number(out, 1, 2);   // IN
  return out;
}

struct Record {
  uint16_t type = 16;
  uint32_t ttl = 60;
  Bytes data;
};

Bytes strings(const std::vector<std::string>& texts) {
  Bytes out;
  for (const std::string& text : texts) {
    out.push_back(static_cast<uint8_t>(text.size()));
    out.insert(out.end(), text.begin(), text.end());
  }
  return out;
}

Bytes answer(const std::vector<Record>& records, uint8_t code = 0, uint16_t id = 0x1234) {
  Bytes out;
  append_number(out, id, 2);
  append_number(out, 0x8180U | code, 2);
  append_number(out, 1, 2);
  append_number(out, records.size(), 2);
  append_number(out, 0, 4);
  const Bytes asked = question();
  out.insert(out.end(), asked.begin(), asked.end());
  for (const Record& record : records) {
    append_number(out, 0xc00c, 2);  // the name of the question
    append_number(out, record.type, 2);
    append_number(out, 1, 2);
    append_number(out, record.ttl, 4);
    append_number(out, record.data.size(), 2);
    out.insert(out.end(), record.data.begin(), record.data.end());
  }
  return out;
}

TEST(DnsLink, IsTheOnePathThatTheRecordsName) {
  EXPECT_EQ(dnslink_of({"v=spf1 -all", "dnslink=/ipfs/bafkqaaa/a"})->to_string(),
            "/ipfs/bafkqaaa/a");
  EXPECT_EQ(dnslink_of({"dnslink=/ipns/other.example"})->to_string(), "/ipns/other.example");
  EXPECT_EQ(dnslink_of({"dnslink=bafkqaaa"})->to_string(), "/ipfs/bafkqaaa");
  EXPECT_EQ(dnslink_of({"dnslink=/ipfs/bafkqaaa", "dnslink=/ipfs/bafkqaaa/"})->to_string(),
            "/ipfs/bafkqaaa");
}

TEST(DnsLink, IsNotFoundWhereNoRecordNamesAPath) {
  for (const std::vector<std::string>& texts : {std::vector<std::string>{},
                                                {""},
                                                {"dnslink="},
                                                {"dnslink=/ipfs/"},
                                                {"dnslink=/swarm/x"},
                                                {"DNSLINK=/ipfs/bafkqaaa"},
                                                {" dnslink=/ipfs/bafkqaaa"},
                                                {"/ipfs/bafkqaaa"}}) {
    const auto path = dnslink_of(texts);
    ASSERT_FALSE(path.ok());
    EXPECT_EQ(path.error().code, ErrorCode::kNotFound);
  }
}

TEST(DnsLink, OfSeveralPathsIsRefused) {
  const auto path = dnslink_of({"dnslink=/ipfs/bafkqaaa", "dnslink=/ipfs/bafkqaaa/b"});
  ASSERT_FALSE(path.ok());
  EXPECT_EQ(path.error().code, ErrorCode::kInvalidArgument);
}

TEST(TxtAnswer, JoinsTheStringsOfARecord) {
  const auto parsed = parse_txt_answer(
      answer({{16, 300, strings({"dnslink=/ipfs", "/bafkqaaa"})}, {16, 60, strings({"other"})}}));
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(*parsed, (TxtAnswer{{"dnslink=/ipfs/bafkqaaa", "other"}, 60'000'000'000}));
}

TEST(TxtAnswer, PassesOverRecordsOfOtherTypes) {
  const auto parsed = parse_txt_answer(answer({{5, 1, {0xc0, 0x15}}, {16, 60, strings({"text"})}}));
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(*parsed, (TxtAnswer{{"text"}, 60'000'000'000}));
}

TEST(TxtAnswer, SaysWhyThereIsNone) {
  EXPECT_EQ(parse_txt_answer(answer({})).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(parse_txt_answer(answer({}, 3)).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(parse_txt_answer(answer({}, 2)).error().code, ErrorCode::kBusy);
  EXPECT_EQ(parse_txt_answer(answer({}, 5)).error().code, ErrorCode::kBusy);
  EXPECT_EQ(parse_txt_answer(answer({}, 1)).error().code, ErrorCode::kMalformed);
}

TEST(TxtAnswer, RefusesStringsLongerThanTheirRecord) {
  const auto parsed = parse_txt_answer(answer({{16, 60, {5, 'a', 'b'}}}));
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().code, ErrorCode::kMalformed);
}

TEST(TxtAnswer, CutShortAnywhereIsRefused) {
  const Bytes message = answer({{16, 60, strings({"dnslink=/ipfs/bafkqaaa"})}});
  for (size_t length = 0; length < message.size(); ++length) {
    EXPECT_FALSE(parse_txt_answer(ByteView(message).first(length)).ok()) << length;
  }
}

TEST(TxtAnswer, HasALimitOfRecords) {
  std::vector<Record> records(kTxtRecordsMax, Record{16, 60, strings({"x"})});
  EXPECT_TRUE(parse_txt_answer(answer(records)).ok());
  records.push_back(records.front());
  EXPECT_EQ(parse_txt_answer(answer(records)).error().code, ErrorCode::kLimitExceeded);
}

// A name server on the loopback that answers each question with what `reply` makes of its id.
class LoopbackServer {
 public:
  explicit LoopbackServer(std::function<Bytes(uint16_t id)> reply)
      : socket_(socket(AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, reply = std::move(reply)] { serve(reply); });
  }
  ~LoopbackServer() {
    shutdown(socket_.get(), SHUT_RDWR);
    thread_.join();
  }
  [[nodiscard]] SystemTxtResolver::Server server() const { return {INADDR_LOOPBACK, port_}; }

 private:
  void serve(const std::function<Bytes(uint16_t)>& reply) {
    while (true) {
      Bytes message(512);
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t length = recvfrom(socket_.get(), message.data(), message.size(), 0,
                                      reinterpret_cast<sockaddr*>(&from), &size);
      if (length < 12) return;  // shut down
      const Bytes answer = reply(static_cast<uint16_t>(message[0] << 8 | message[1]));
      sendto(socket_.get(), answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from),
             size);
    }
  }
  FileDescriptor socket_;
  uint16_t port_ = 0;
  std::thread thread_;
};

TEST(SystemTxtResolver, AsksANameServer) {
  const LoopbackServer server(
      [](uint16_t id) { return answer({{16, 60, strings({"dnslink=/ipfs/bafkqaaa"})}}, 0, id); });
  const auto found = SystemTxtResolver(server.server()).lookup("_dnslink.example.org");
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_EQ(found->texts, (std::vector<std::string>{"dnslink=/ipfs/bafkqaaa"}));
}

TEST(SystemTxtResolver, SaysThatADomainDoesNotExist) {
  const LoopbackServer server([](uint16_t id) { return answer({}, 3, id); });
  const auto found = SystemTxtResolver(server.server()).lookup("_dnslink.example.org");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(found.error().message, HasSubstr("_dnslink.example.org"));
}

}  // namespace
}  // namespace timerose::names
