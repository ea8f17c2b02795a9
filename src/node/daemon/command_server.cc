#include "node/daemon/command_server.h"

#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <vector>

namespace timerose::node {
namespace {

LocalReply refusal(std::string why) { return {true, 1, std::move(why)}; }

// The current folder and the mask are the process's; this thread gets its own.
Status take_place_of_client(const LocalRequest& request) {
  if (unshare(CLONE_FS) != 0) {
    return errno_error(errno, "giving a command its own current folder (unshare(CLONE_FS))");
  }
  if (fchdir(request.descriptors.folder.get()) != 0) {
    return errno_error(errno, "entering the current folder");
  }
  umask(request.mode_mask);
  return success();
}

}  // namespace

Result<std::unique_ptr<CommandServer>> CommandServer::create(LocalListener& listener,
                                                             std::string version,
                                                             CarryOut carry_out) {
  FileDescriptor wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return errno_error(errno, "making an eventfd");
  return std::unique_ptr<CommandServer>(
      new CommandServer(listener, std::move(version), std::move(carry_out), std::move(wake)));
}

CommandServer::~CommandServer() { CHECK(running_.empty()); }

void CommandServer::stop() {
  stopping_ = true;
  wake();
}

void CommandServer::wake() {
  const uint64_t one = 1;
  (void)!write(wake_.get(), &one, sizeof one);
}

bool CommandServer::serve(int stop_descriptor) {
  while (!stopping_) {
    wait_for_events(stop_descriptor, -1);
    join_ended();
  }
  return end_all();
}

// Waits for clients that come or go, for commands that end, and for the wish to stop.
void CommandServer::wait_for_events(int stop_descriptor, int timeout_ms) {
  std::vector<pollfd> waited{{wake_.get(), POLLIN, 0}, {stop_descriptor, POLLIN, 0}};
  const bool accepting = !stopping_;
  waited.push_back({accepting ? listener_.descriptor() : -1, POLLIN, 0});
  const size_t first = waited.size();
  for (const auto& one : running_) {
    // One that is cancelled already would be reported again and again.
    waited.push_back({one->cancelled ? -1 : one->connection.get(), POLLRDHUP, 0});
  }
  if (poll(waited.data(), waited.size(), timeout_ms) <= 0) return;
  uint64_t count = 0;
  (void)!read(wake_.get(), &count, sizeof count);
  if (waited[1].revents != 0) stopping_ = true;
  size_t at = first;
  for (const auto& one : running_) {
    if (waited[at++].revents != 0) one->cancelled = true;
  }
  if (waited[2].revents != 0) accept();
}

void CommandServer::accept() {
  FileDescriptor connection = listener_.accept();
  if (!connection.valid()) return;
  if (running_.size() >= kCommandsMax) {
    (void)send_reply(connection.get(),
                     refusal(fmt::format("the node carries out {} commands already, as many as it "
                                         "may; try again once some have ended",
                                         kCommandsMax)));
    return;
  }
  const auto& running = running_.emplace_back(std::make_shared<Running>());
  running->connection = std::move(connection);
  ++running_count_;
  running->thread = std::thread([this, running] { carry_out(*running); });
}

void CommandServer::carry_out(Running& running) {
  // A client that has gone hears nothing.
  (void)send_reply(running.connection.get(), answer(running));
  running.ended = true;
  wake();
}

LocalReply CommandServer::answer(const Running& running) {
  auto request = receive_request(running.connection.get());
  if (!request.ok()) return refusal(request.error().message);
  if (request->version != version_) {
    return refusal(
        fmt::format("the node runs timerose {}, this is timerose {}; restart it: "
                    "`timerose node stop`, then `timerose node start`",
                    version_, request->version));
  }
  if (auto placed = take_place_of_client(*request); !placed.ok()) {
    return refusal(placed.error().message);
  }
  return carry_out_(*request, running.cancelled);
}

void CommandServer::join_ended() {
  running_count_ -= std::erase_if(running_, [](const std::shared_ptr<Running>& one) {
    if (!one->ended) return false;
    one->thread.join();
    return true;
  });
}

bool CommandServer::end_all() {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kEndMs);
  for (const auto& one : running_) one->cancelled = true;
  while (true) {
    join_ended();
    if (running_.empty()) return true;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    wait_for_events(-1, static_cast<int>(left.count()));
  }
  for (const auto& one : running_) one->thread.detach();
  running_.clear();
  return false;
}

}  // namespace timerose::node
