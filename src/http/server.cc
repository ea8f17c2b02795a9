#include "http/server.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_set>

#include "exchange/http_address.h"
#include "http/await.h"
#include "http/connection.h"

namespace timerose::http {
namespace {

using boost::system::error_code;
using net::ip::tcp;
using std::chrono::milliseconds;

// How long to wait when the system has no socket to give.
constexpr milliseconds kAcceptPause{100};

Error listen_error(const std::string& address, const error_code& why) {
  const std::string message = fmt::format("listening on {}: {}", address, why.message());
  if (why == net::error::address_in_use) return Error{ErrorCode::kBusy, message};
  if (why == net::error::access_denied) return Error{ErrorCode::kPermission, message};
  if (why == boost::system::errc::address_not_available) {
    return Error{ErrorCode::kInvalidArgument, message + "; name an address of this machine"};
  }
  return Error{ErrorCode::kIo, message};
}

}  // namespace

struct Server::Parts {
  Parts(Handler handler, const ServerLimits& limits)
      : pool(limits.threads, limits.connections_max),
        shared{.handler = std::move(handler), .limits = limits, .pool = pool} {}

  Status listen(const std::string& text);
  net::awaitable<void> accept_all();
  net::awaitable<void> serve(std::shared_ptr<Connection> connection, net::ip::address from);
  void begin_stop();

  std::string address;
  std::string url;
  // The pool's tasks come back to the context, so it goes last.
  net::io_context io{1};
  tcp::acceptor acceptor{io};
  net::steady_timer pause{io};  // ends early when a connection ends
  net::steady_timer grace{io};
  ThreadPool pool;
  Shared shared;
  std::unordered_set<std::shared_ptr<Connection>> open;
  std::map<net::ip::address, uint32_t> of_address;
  std::thread thread;
  std::once_flag stopped;
};

Status Server::Parts::listen(const std::string& text) {
  TR_ASSIGN(exchange::HttpAddress parsed, exchange::parse_listen_address(text));
  error_code error;
  const tcp::endpoint endpoint(net::ip::make_address(parsed.host, error), parsed.port);
  if (!error) error = acceptor.open(endpoint.protocol(), error);
  if (!error) error = acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint.address().is_v6())
    error = acceptor.set_option(net::ip::v6_only(true), error);
  if (!error) error = acceptor.bind(endpoint, error);
  if (!error) error = acceptor.listen(net::socket_base::max_listen_connections, error);
  if (!error) parsed.port = acceptor.local_endpoint(error).port();
  if (error) return listen_error(text, error);
  address = parsed.listen_address();
  url = parsed.url();
  return success();
}

net::awaitable<void> Server::Parts::accept_all() {
  while (acceptor.is_open()) {
    if (open.size() >= shared.limits.connections_max) {
      pause.expires_at(net::steady_timer::time_point::max());
      co_await pause.async_wait(kAwait);
      continue;
    }
    tcp::socket socket(io);
    const auto [error] = co_await acceptor.async_accept(socket, kAwait);
    if (!acceptor.is_open()) co_return;
    if (error) {
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(kAwait);
      continue;
    }
    error_code gone;
    const net::ip::address from = socket.remote_endpoint(gone).address();
    if (gone) continue;
    // Those that are turned away politely are bounded as well.
    if (of_address[from] >= 2 * shared.limits.connections_of_address_max) continue;
    auto connection = std::make_shared<Connection>(std::move(socket), shared);
    open.insert(connection);
    ++of_address[from];
    net::co_spawn(io, serve(std::move(connection), from), net::detached);
  }
}

net::awaitable<void> Server::Parts::serve(std::shared_ptr<Connection> connection,
                                          net::ip::address from) {
  // Whatever ends it, also an exception for want of memory, the place is free again.
  const std::shared_ptr<void> leave(nullptr, [this, connection, from](void*) {
    if (--of_address[from] == 0) of_address.erase(from);
    open.erase(connection);
    pause.cancel();
    if (open.empty()) grace.cancel();
  });
  if (of_address[from] > shared.limits.connections_of_address_max) {
    co_await connection->turn_away();
  } else {
    co_await connection->serve();
  }
}

void Server::Parts::begin_stop() {
  error_code ignored;
  ignored = acceptor.close(ignored);
  pause.cancel();
  // Copies: a connection that ends takes itself out.
  for (const auto& connection : std::vector(open.begin(), open.end())) connection->stop();
  if (open.empty()) return;
  grace.expires_after(milliseconds(shared.limits.stop_grace_ms));
  grace.async_wait([this](const error_code& cancelled) {
    if (cancelled) return;
    for (const auto& connection : open) connection->cut();
  });
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() { stop(); }

Result<std::unique_ptr<Server>> Server::start(const std::string& address, Handler handler,
                                              const ServerLimits& limits) {
  auto parts = std::make_unique<Parts>(std::move(handler), limits);
  TR_TRY(parts->listen(address));
  net::co_spawn(parts->io, parts->accept_all(), net::detached);
  // Runs until nothing is left to wait for: no acceptor and no connection.
  parts->thread = std::thread([raw = parts.get()] { raw->io.run(); });
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

const std::string& Server::address() const { return parts_->address; }
const std::string& Server::url() const { return parts_->url; }

void Server::stop() {
  std::call_once(parts_->stopped, [this] {
    net::post(parts_->io, [this] { parts_->begin_stop(); });
    parts_->thread.join();
  });
}

}  // namespace timerose::http
