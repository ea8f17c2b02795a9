// One connection of the server, from its first request to its last. For this folder only.
//
// Everything but handlers and bodies runs on the thread of the io_context.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "http/server.h"

namespace timerose::http {

namespace net = boost::asio;

// What the connections of a server share. `tasks` are those given to the pool and not yet back.
struct Shared {
  const Server::Handler handler;
  const ServerLimits limits;
  ThreadPool& pool;
  uint32_t tasks = 0;
};

class Connection {
 public:
  // `shared` must outlive it.
  Connection(net::ip::tcp::socket socket, Shared& shared)
      : shared_(shared),
        stream_(std::move(socket)),
        // Room for what a client sends ahead, its next request.
        buffer_(size_t{shared.limits.header_bytes_max} + kReadBytes) {}

  // Until the connection ends. It must live as long as this runs.
  net::awaitable<void> serve();
  // Says 429 and ends.
  net::awaitable<void> turn_away();

  // Ends once the answer under way is sent; at once if there is none.
  void stop();
  // Ends now.
  void cut();

 private:
  static constexpr size_t kReadBytes = 4096;
  enum class Next { kAnswer, kEnd };

  net::awaitable<Next> read_request();
  net::awaitable<bool> await_bytes();
  net::awaitable<void> refuse(uint32_t status, std::string message);
  net::awaitable<bool> send(Response response);
  net::awaitable<bool> send_stream(const std::string& head, BodyStream& body);
  net::awaitable<bool> write(std::vector<net::const_buffer> buffers);
  net::awaitable<void> linger();
  template <typename T>
  net::awaitable<T> on_pool(std::function<T()> work);
  [[nodiscard]] std::string head_of(const Response& response) const;
  void reset();

  Shared& shared_;
  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  Request request_;
  bool keep_alive_ = true;
  bool chunked_ = true;  // false for a client of HTTP/1.0
  bool first_ = true;
  bool idle_ = false;  // no request has come that is to be answered
  bool stopping_ = false;
};

}  // namespace timerose::http
