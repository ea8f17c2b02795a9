#include "node/records/call_history.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace timerose::node {
namespace {

namespace execute = scheduler::execute;

// Of a message that ends a call; empty for any other.
std::string ending(const execute::Finish& finish) { return finish.cached ? "known" : "result"; }
std::string ending(const execute::Failure& failure) {
  return fmt::format("failure {}", execute::failure_kind_name(failure.kind));
}
std::string ending(const execute::Refuse& refuse) {
  return fmt::format("refuse {}", execute::refuse_reason_name(refuse.reason));
}
std::string ending(const execute::Busy& /*busy*/) { return "busy"; }
std::string ending(const execute::Lost& /*lost*/) { return "lost"; }
std::string ending(const execute::Fault& /*fault*/) { return "fault"; }
template <typename Other>
std::string ending(const Other& /*message*/) {
  return {};
}

template <typename Variant>
std::string ending_of(const Variant& message) {
  return std::visit([](const auto& one) { return ending(one); }, message);
}

execute::CallNumber call_of(const execute::Message& message) {
  execute::CallNumber call = 0;
  std::visit(
      [&](const auto& one) {
        if constexpr (requires { one.call; }) call = one.call;
      },
      message);
  return call;
}

std::string offer_fields(const execute::Offer& offer, const PeerId& other) {
  return fmt::format(R"("call":{},"peer":"{}","invocation":"{}")", offer.call, other.to_string(),
                     Cid::of_sha256(Codec::kDagCbor, offer.invocation).to_string());
}

}  // namespace

Result<std::unique_ptr<CallHistory>> CallHistory::open(const std::filesystem::path& path,
                                                       Clock& clock, const PeerId& self) {
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (!file.valid()) return errno_error(errno, "opening " + path.string());
  std::unique_ptr<CallHistory> history(new CallHistory(std::move(file), clock));
  history->add("started", fmt::format(R"("peer":"{}")", self.to_string()));
  return history;
}

// A disk that is full takes nothing from the node but its history.
void CallHistory::add(const char* what, const std::string& fields) {
  const std::string line =
      fmt::format(R"({{"at":{},"what":"{}",{}}})", clock_.unix_ns(), what, fields) + '\n';
  [[maybe_unused]] const ssize_t written = ::write(file_.get(), line.data(), line.size());
}

void CallHistory::saw(const execute::ExecutorEvent& event) {
  if (const auto* opened = std::get_if<execute::LinkOpened>(&event)) {
    links_.insert_or_assign(opened->link, opened->peer);
  } else if (const auto* closed = std::get_if<execute::LinkClosed>(&event)) {
    links_.erase(closed->link);
  } else if (const auto* received = std::get_if<execute::Received>(&event)) {
    const auto link = links_.find(received->link);
    const auto* offer = std::get_if<execute::Offer>(&received->message);
    if (offer != nullptr && link != links_.end()) {
      add("offered", offer_fields(*offer, link->second));
    }
  } else if (const auto* over = std::get_if<execute::ExecutionEnded>(&event)) {
    ended(over->execution, ending_of(over->answer));
  }
}

void CallHistory::ended(execute::ExecutionId execution, const std::string& how) {
  const auto running = running_.find(execution);
  if (running == running_.end()) return;
  add("ended", fmt::format(R"("execution":{},"invocation":"{}","how":"{}")",
                           static_cast<uint64_t>(execution), running->second.to_string(), how));
  running_.erase(running);
}

void CallHistory::saw(const execute::ExecutorAction& action) {
  if (const auto* launch = std::get_if<execute::Launch>(&action)) {
    running_.insert_or_assign(launch->execution, launch->job->name);
    add("began",
        fmt::format(R"("execution":{},"invocation":"{}")", static_cast<uint64_t>(launch->execution),
                    launch->job->name.to_string()));
  } else if (const auto* send = std::get_if<execute::SendTo>(&action)) {
    const std::string how = ending_of(send->message);
    const auto link = links_.find(send->link);
    if (how.empty() || link == links_.end()) return;
    add("answered", fmt::format(R"("call":{},"peer":"{}","how":"{}")", call_of(send->message),
                                link->second.to_string(), how));
  }
}

void CallHistory::saw(const execute::RequesterEvent& event) {
  const auto* ask = std::get_if<execute::Ask>(&event);
  if (ask == nullptr) return;
  if (const auto* offer = std::get_if<execute::Offer>(&ask->question)) {
    asked_.insert(offer->call);
    add("asked", offer_fields(*offer, ask->executor));
  }
}

void CallHistory::saw(const execute::RequesterAction& action) {
  const auto* told = std::get_if<execute::Told>(&action);
  if (told == nullptr) return;
  const std::string how = ending_of(told->update);
  // Questions that are no calls end as well.
  if (how.empty() || asked_.erase(told->call) == 0) return;
  add("told", fmt::format(R"("call":{},"how":"{}")", told->call, how));
}

}  // namespace timerose::node
