// Plain sockets on loopback, for tests that play one side of HTTP by hand. No call waits longer
// than kSocketDeadlineSeconds.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/check.h"

namespace timerose::testing {

inline constexpr int kSocketDeadlineSeconds = 20;

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {
    const timeval deadline{kSocketDeadlineSeconds, 0};
    (void)setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline));
    (void)setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof(deadline));
  }
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  Socket& operator=(Socket&&) = delete;
  ~Socket() { close(); }

  static Socket connect(uint16_t port) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    return Socket(descriptor);
  }

  // False if the other side takes no more.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  // What has come; empty at the end, or after an error.
  std::string receive() {
    std::string bytes(64 << 10, '\0');
    const ssize_t received = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
    was_reset_ = received < 0;
    bytes.resize(received > 0 ? static_cast<size_t>(received) : 0);
    return bytes;
  }
  std::string receive_until(std::string_view mark) {
    std::string all;
    while (all.find(mark) == std::string::npos) {
      const std::string more = receive();
      if (more.empty()) break;
      all += more;
    }
    return all;
  }
  std::string receive_all() {
    std::string all;
    for (std::string more = receive(); !more.empty(); more = receive()) all += more;
    return all;
  }
  // Whether the last receive() ended by an error instead of in order.
  [[nodiscard]] bool was_reset() const { return was_reset_; }
  // Small buffers, so that a reader that does not read is felt at once.
  void shrink_receive_buffer() {
    const int bytes = 4096;
    (void)setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
  }
  // Wakes a thread that waits here.
  void shut_down() const { (void)::shutdown(descriptor_, SHUT_RDWR); }
  void close() {
    if (descriptor_ >= 0) (void)::close(std::exchange(descriptor_, -1));
  }

 private:
  int descriptor_;
  bool was_reset_ = false;
};

// A server that does as it is told: `serve` is called for each connection, on a thread of its own.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::function<void(Socket&)> serve) : serve_(std::move(serve)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) == 0);
    CHECK(::listen(listener_, 64) == 0);
    CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~ScriptedServer() {
    (void)::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (Served& served : served_) served.socket.shut_down();
    for (Served& served : served_) served.thread.join();
    (void)::close(listener_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  struct Served {
    Socket socket;
    std::thread thread;
  };

  void accept_all() {
    for (;;) {
      const int descriptor = ::accept(listener_, nullptr, nullptr);
      if (descriptor < 0) return;
      ++connections_;
      Served& served = served_.emplace_back(Served{Socket(descriptor), {}});
      served.thread = std::thread([this, &served] {
        serve_(served.socket);
        served.socket.shut_down();
      });
    }
  }

  const std::function<void(Socket&)> serve_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::list<Served> served_;  // of the acceptor's thread, until it has ended
  std::thread acceptor_;
};

}  // namespace timerose::testing
