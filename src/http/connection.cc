#include "http/connection.h"

#include <fmt/format.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_prefix.hpp>
#include <boost/beast/core/buffers_suffix.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/status.hpp>
#include <chrono>
#include <ctime>

#include "http/await.h"

namespace timerose::http {
namespace {

namespace beast = boost::beast;
using std::chrono::milliseconds;

// What a client may still send while its connection ends, and for how long.
constexpr size_t kLingerBytes = 64U << 10;
constexpr milliseconds kLinger{1000};

// RFC 9110 section 5.6.7.
std::string date_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[parts.tm_wday], parts.tm_mday,
                     kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
                     parts.tm_sec);
}

// No byte of a header's value may end its line.
std::string on_one_line(std::string_view value) {
  std::string text(value);
  for (char& c : text) {
    if (static_cast<uint8_t>(c) < ' ' || c == 0x7f) c = ' ';
  }
  return text;
}

Method method_of(beast::http::verb verb) {
  if (verb == beast::http::verb::get) return Method::kGet;
  return verb == beast::http::verb::head ? Method::kHead : Method::kOther;
}

bool has_body(uint32_t status) { return status != 304 && status != 204; }

// Whether the bytes that came are at fault, and not their absence.
bool is_bad_request(const beast::error_code& code) {
  using beast::http::error;
  return code && code.category() == make_error_code(error::end_of_stream).category() &&
         code != error::end_of_stream && code != error::partial_message;
}

net::const_buffer buffer_of(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

// Runs `work` on the pool and goes on with its result on this thread.
template <typename T>
net::awaitable<T> Connection::on_pool(std::function<T()> work) {
  ++shared_.tasks;
  auto start = [this](auto handler, std::function<T()> task) {
    auto done = std::make_shared<decltype(handler)>(std::move(handler));
    shared_.pool.submit([done = std::move(done), task = std::move(task),
                         work = net::make_work_guard(stream_.get_executor())]() mutable {
      auto result = std::make_shared<T>(task());
      net::post(work.get_executor(),
                [done = std::move(done), result = std::move(result)]() mutable {
                  auto resume = std::move(*done);
                  resume(std::move(*result));
                });
    });
  };
  T result = co_await net::async_initiate<const net::use_awaitable_t<>&, void(T)>(
      start, net::use_awaitable, std::move(work));
  --shared_.tasks;
  co_return std::move(result);
}

net::awaitable<void> Connection::serve() {
  beast::error_code ignored;
  ignored = stream_.socket().set_option(net::ip::tcp::no_delay(true), ignored);
  while (!stopping_) {
    const Next next = co_await read_request();
    if (next == Next::kEnd) break;
    if (shared_.tasks >= shared_.limits.handlers_waiting_max) {
      Response busy = text_response(429, "too many requests wait to be answered; try again");
      busy.headers.add("Retry-After", "1");
      const bool sent = co_await send(std::move(busy));
      if (!sent || !keep_alive_) break;
      continue;
    }
    std::function<Response()> work = [this] { return shared_.handler(request_); };
    Response response = co_await on_pool(std::move(work));
    const bool sent = co_await send(std::move(response));
    if (!sent) co_return;
    if (!keep_alive_) break;
  }
  co_await linger();
}

net::awaitable<void> Connection::turn_away() {
  keep_alive_ = false;
  Response response = text_response(429, "too many connections from this address");
  response.headers.add("Retry-After", "10");
  const bool sent = co_await send(std::move(response));
  if (sent) co_await linger();
}

void Connection::stop() {
  stopping_ = true;
  keep_alive_ = false;
  if (idle_) cut();
}

void Connection::cut() {
  beast::error_code ignored;
  ignored = stream_.socket().close(ignored);
}

// The client sees that what it has got is not all.
void Connection::reset() {
  beast::error_code ignored;
  ignored = stream_.socket().set_option(net::socket_base::linger(true, 0), ignored);
  cut();
}

// Waits for the first bytes of the next request. False if none come.
net::awaitable<bool> Connection::await_bytes() {
  if (buffer_.size() > 0) co_return true;
  const ServerLimits& limits = shared_.limits;
  stream_.expires_after(milliseconds(first_ ? limits.header_timeout_ms : limits.idle_timeout_ms));
  const auto [error, bytes] = co_await stream_.async_read_some(buffer_.prepare(kReadBytes), kAwait);
  if (error) co_return false;
  buffer_.commit(bytes);
  co_return true;
}

net::awaitable<Connection::Next> Connection::read_request() {
  idle_ = true;
  const bool came = co_await await_bytes();
  if (!came) co_return Next::kEnd;
  first_ = false;
  beast::http::request_parser<beast::http::empty_body> parser;
  parser.header_limit(shared_.limits.header_bytes_max);
  stream_.expires_after(milliseconds(shared_.limits.header_timeout_ms));
  const auto [error, bytes] =
      co_await beast::http::async_read_header(stream_, buffer_, parser, kAwait);
  idle_ = false;
  if (error == beast::http::error::header_limit || error == beast::http::error::buffer_overflow) {
    co_await refuse(431, fmt::format("the request line and headers are longer than {} bytes",
                                     shared_.limits.header_bytes_max));
    co_return Next::kEnd;
  }
  if (is_bad_request(error)) {
    co_await refuse(400, "this is no HTTP/1.1 request: " + error.message());
    co_return Next::kEnd;
  }
  if (error) co_return Next::kEnd;

  const auto& message = parser.get();
  request_ = Request();
  request_.method = method_of(message.method());
  request_.target = std::string(message.target());
  for (const auto& field : message) {
    request_.headers.add({field.name_string().data(), field.name_string().size()},
                         {field.value().data(), field.value().size()});
  }
  keep_alive_ = message.keep_alive() && !stopping_;
  chunked_ = message.version() >= 11;
  if (chunked_ && !request_.headers.has("Host")) {
    co_await refuse(400, "an HTTP/1.1 request must have a Host header");
    co_return Next::kEnd;
  }
  // Nothing here takes a body, and one that is not read would be taken for the next request.
  if (parser.chunked() || parser.content_length().value_or(0) > 0) {
    co_await refuse(request_.method == Method::kOther ? 405 : 413,
                    "requests with a body are not taken here");
    co_return Next::kEnd;
  }
  co_return Next::kAnswer;
}

// An answer to a request that is not taken, and the end of the connection.
net::awaitable<void> Connection::refuse(uint32_t status, std::string message) {
  keep_alive_ = false;
  request_.method = Method::kGet;
  Response response = text_response(status, message);
  if (status == 405) response.headers.add("Allow", "GET, HEAD");
  co_await send(std::move(response));
}

std::string Connection::head_of(const Response& response) const {
  const auto status = beast::http::int_to_status(response.status);
  const beast::string_view reason = beast::http::obsolete_reason(status);
  std::string head =
      fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\nServer: timerose\r\n", response.status,
                  std::string_view(reason.data(), reason.size()), date_now());
  for (const auto& [name, value] : response.headers.fields()) {
    head += fmt::format("{}: {}\r\n", name, on_one_line(value));
  }
  if (response.stream) {
    if (chunked_) head += "Transfer-Encoding: chunked\r\n";
  } else if (has_body(response.status)) {
    const bool is_head = request_.method == Method::kHead && response.body.empty();
    // The length of a HEAD's stream is not known, and 0 would be a lie.
    if (!is_head || response.head_bytes > 0) {
      head += fmt::format("Content-Length: {}\r\n",
                          is_head ? response.head_bytes : response.body.size());
    }
  }
  head += keep_alive_ ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return head;
}

// False if the connection can serve no more.
net::awaitable<bool> Connection::send(Response response) {
  if (response.stream && !chunked_) keep_alive_ = false;
  const std::string head = head_of(response);
  if (response.stream && request_.method != Method::kHead) {
    const bool sent = co_await send_stream(head, *response.stream);
    co_return sent;
  }
  std::vector<net::const_buffer> buffers = {buffer_of(head)};
  if (request_.method != Method::kHead && has_body(response.status)) {
    buffers.emplace_back(response.body.data(), response.body.size());
  }
  const bool sent = co_await write(std::move(buffers));
  co_return sent;
}

net::awaitable<bool> Connection::send_stream(const std::string& head, BodyStream& body) {
  using Pieces = Result<std::vector<SharedBytes>>;
  std::string before = head;  // of the next pieces
  for (;;) {
    std::function<Pieces()> work = [&body] { return body.next(); };
    const Pieces pieces = co_await on_pool(std::move(work));
    if (!pieces.ok()) {
      // The head goes out even if nothing follows: then the client can tell this from a network
      // that does not work.
      std::vector<net::const_buffer> rest = {buffer_of(before)};
      co_await write(std::move(rest));
      reset();
      co_return false;
    }
    size_t size = 0;
    for (const SharedBytes& piece : *pieces) size += piece.size();
    if (chunked_) before += fmt::format("{:x}\r\n", size);
    std::vector<net::const_buffer> buffers = {buffer_of(before)};
    for (const SharedBytes& piece : *pieces) buffers.emplace_back(piece.data(), piece.size());
    if (chunked_) buffers.push_back(buffer_of("\r\n"));
    const bool sent = co_await write(std::move(buffers));
    if (!sent) co_return false;
    if (pieces->empty()) co_return true;
    before.clear();
  }
}

// In parts, so that a client that reads slowly but reads is not cut off.
net::awaitable<bool> Connection::write(std::vector<net::const_buffer> buffers) {
  beast::buffers_suffix<std::vector<net::const_buffer>> rest(buffers);
  while (beast::buffer_bytes(rest) > 0) {
    stream_.expires_after(milliseconds(shared_.limits.write_timeout_ms));
    const auto [error, bytes] = co_await net::async_write(
        stream_, beast::buffers_prefix(Server::kWriteBytes, rest), kAwait);
    if (error) {
      cut();
      co_return false;
    }
    rest.consume(bytes);
  }
  co_return true;
}

// Closing a socket with bytes unread would make the kernel throw away the answer as well.
net::awaitable<void> Connection::linger() {
  beast::error_code error;
  error = stream_.socket().shutdown(net::ip::tcp::socket::shutdown_send, error);
  if (error || stopping_) {
    cut();
    co_return;
  }
  stream_.expires_after(kLinger);
  buffer_.clear();
  idle_ = true;
  for (size_t read = 0; read < kLingerBytes;) {
    const auto [failed, bytes] =
        co_await stream_.async_read_some(buffer_.prepare(kReadBytes), kAwait);
    if (failed) break;
    read += bytes;
  }
  idle_ = false;
  cut();
}

}  // namespace timerose::http
