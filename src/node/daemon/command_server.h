// The daemon's side of the local socket: a thread for each command that a client asks for.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>

#include "base/file.h"
#include "node/daemon/local_socket.h"

namespace timerose::node {

class CommandServer {
 public:
  // Carried out at once; one more is refused.
  static constexpr size_t kCommandsMax = 64;
  // How long commands may take to end once they are cancelled because the daemon stops.
  static constexpr int kEndMs = 10'000;

  // Carries out one command, on a thread whose current folder and file mode mask are the client's.
  // The flag is set once the client has gone or the daemon stops.
  using CarryOut = std::function<LocalReply(const LocalRequest&, const std::atomic<bool>&)>;

  // `listener` must outlive it. Clients of another `version` are refused.
  static Result<std::unique_ptr<CommandServer>> create(LocalListener& listener, std::string version,
                                                       CarryOut carry_out);
  ~CommandServer();

  // Until stop() is called or `stop_descriptor` is readable; then cancels all commands and waits
  // for them. False if some did not end: what they use must not be taken away.
  bool serve(int stop_descriptor);
  // From any thread, a command's own too.
  void stop();
  [[nodiscard]] size_t running() const { return running_count_; }

 private:
  struct Running {
    FileDescriptor connection;
    std::atomic<bool> cancelled{false};
    std::atomic<bool> ended{false};
    std::thread thread;
  };

  CommandServer(LocalListener& listener, std::string version, CarryOut carry_out,
                FileDescriptor wake)
      : listener_(listener),
        version_(std::move(version)),
        carry_out_(std::move(carry_out)),
        wake_(std::move(wake)) {}

  void accept();
  void carry_out(Running& running);
  LocalReply answer(const Running& running);
  void wait_for_events(int stop_descriptor, int timeout_ms);
  void join_ended();
  bool end_all();
  void wake();

  LocalListener& listener_;
  const std::string version_;
  const CarryOut carry_out_;
  FileDescriptor wake_;
  std::atomic<bool> stopping_{false};
  std::atomic<size_t> running_count_{0};
  std::list<std::shared_ptr<Running>> running_;
};

}  // namespace timerose::node
