// Links between requesters and executors: each keeps the order of its messages, waits for packets
// that were lost, and breaks when its other end is gone or cut off for too long.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "mesh/host.h"
#include "scheduler/execute/message.h"
#include "sim/jobs/geography.h"

namespace timerose::sim::jobs {

using scheduler::execute::Message;

// A node, as its links know it.
class LinkEnd {
 public:
  virtual ~LinkEnd() = default;
  // As a requester: of the link it has with that executor.
  virtual void link_ready(NodeNumber executor) = 0;
  virtual void link_lost(NodeNumber executor, const std::string& why) = 0;
  virtual void heard(NodeNumber executor, Message message) = 0;
  // As an executor.
  virtual void link_opened(mesh::StreamId link, NodeNumber requester) = 0;
  virtual void link_closed(mesh::StreamId link) = 0;
  virtual void received(mesh::StreamId link, Message message) = 0;
};

class Wires {
 public:
  // How long a link waits for what is on its way before it breaks.
  static constexpr uint64_t kPatienceNs = 10 * kSecond;
  static constexpr uint64_t kDialNs = 5 * kSecond;

  // `end_of` gives null for a node that is away.
  using EndOf = std::function<LinkEnd*(NodeNumber)>;
  Wires(EventQueue& events, const Geography& geography, double loss, uint64_t seed, EndOf end_of)
      : events_(events),
        geography_(geography),
        loss_(loss),
        dice_(seed),
        end_of_(std::move(end_of)) {}

  // Told by link_ready, or link_lost.
  void open(NodeNumber requester, NodeNumber executor);
  // Either end closes; the other is told.
  void close(NodeNumber requester, NodeNumber executor);
  void close(mesh::StreamId link);
  void say(NodeNumber requester, NodeNumber executor, Message message);
  void reply(mesh::StreamId link, Message message);

  // The node's process ended; `silently`: with its machine, so that nobody is told.
  void gone(NodeNumber node, bool silently);
  void break_one();
  [[nodiscard]] size_t links() const { return links_.size(); }
  [[nodiscard]] uint64_t messages() const { return messages_; }

  // How long a message takes now, lost packets included; 0 if none comes through any more.
  uint64_t delay_ns(NodeNumber from, NodeNumber to, uint64_t patience_ns);

 private:
  using LinkNumber = uint64_t;
  struct Link {
    NodeNumber requester;
    NodeNumber executor;
    bool requester_up = true;  // its end has not been closed
    bool executor_up = false;
    uint64_t arrives_ns[2] = {0, 0};  // the last message: at the executor, at the requester
  };
  static uint64_t key(NodeNumber requester, NodeNumber executor) {
    return static_cast<uint64_t>(requester) << 32 | executor;
  }
  Link* find(LinkNumber number);
  void tell_requester(LinkNumber number, uint64_t after_ns, std::string why);
  void tell_executor(LinkNumber number, uint64_t after_ns);
  void drop_if_down(LinkNumber number);
  // Sends over the link, or breaks it for want of an answer.
  void send(LinkNumber number, bool to_executor, Message message);
  void break_link(LinkNumber number, uint64_t after_ns, const std::string& why);

  EventQueue& events_;
  const Geography& geography_;
  const double loss_;
  Dice dice_;
  EndOf end_of_;
  std::unordered_map<LinkNumber, Link> links_;
  std::unordered_map<uint64_t, LinkNumber> by_ends_;  // whose requester's end is up
  std::unordered_map<NodeNumber, std::vector<LinkNumber>> of_node_;
  LinkNumber last_ = 0;
  uint64_t messages_ = 0;
};

}  // namespace timerose::sim::jobs
