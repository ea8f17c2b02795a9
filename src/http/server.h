// An HTTP/1.1 server: one thread for the sockets, a pool for handlers and bodies, which may block.
//
// A client that reads slowly holds a connection and the pieces of one BodyStream::next(), never a
// thread: the next pieces are made when those have been sent.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "http/message.h"

namespace timerose::http {

struct ServerLimits {
  uint32_t connections_max = 512;            // then new ones wait in the kernel
  uint32_t connections_of_address_max = 64;  // one more gets 429 and is closed
  uint32_t handlers_waiting_max = 256;       // requests that wait for a thread; one more gets 429
  uint32_t threads = 4;                      // of the pool
  uint32_t header_bytes_max = 16U << 10;     // request line and headers; more gets 431
  uint64_t header_timeout_ms = 10'000;       // from the first byte of a request to its last header
  uint64_t idle_timeout_ms = 60'000;         // between two requests of a connection
  uint64_t write_timeout_ms = 30'000;        // for kWriteBytes of an answer, or its rest
  uint64_t stop_grace_ms = 3'000;            // for answers under way when the server stops
};

class Server {
 public:
  // A client that takes less than this in write_timeout_ms is cut off.
  static constexpr size_t kWriteBytes = 128U << 10;

  // Called on the pool, by several threads at once.
  using Handler = std::function<Response(const Request&)>;

  // `address` is "/ip4/A.B.C.D/tcp/PORT" or "/ip6/.../tcp/PORT". kInvalidArgument for another,
  // kBusy if it is in use, kPermission if it may not be opened.
  static Result<std::unique_ptr<Server>> start(const std::string& address, Handler handler,
                                               const ServerLimits& limits);
  ~Server();  // stop()

  [[nodiscard]] const std::string& address() const;  // with the port that was chosen
  [[nodiscard]] const std::string& url() const;      // "http://127.0.0.1:40123"

  // See GatewayServer::stop(). Any thread but the pool's; a second call does nothing.
  void stop();

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace timerose::http
