// What a Service consists of: the decisions of both sides, the streams that carry them, and the
// worker that carries calls out. Included by its own sources alone.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "scheduler/execute/credentials.h"
#include "scheduler/execute/mailbox.h"
#include "scheduler/execute/outbox.h"
#include "scheduler/execute/service.h"
#include "scheduler/execute/service_view.h"

namespace timerose::scheduler::execute {

// All of it is of the loop's thread, but for the mailboxes and the numbers.
struct Service::State : std::enable_shared_from_this<Service::State> {
  State(const Parts& of, const ServiceOptions& options, GateRules rules);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void end();

  bool on_event(const mesh::Event& event);
  bool on(const mesh::StreamOpened& event);
  bool on(const mesh::StreamFrame& event);
  bool on(const mesh::StreamWritable& event);
  bool on(const mesh::StreamClosed& event);
  template <typename Other>
  bool on(const Other& /*event*/) {
    return false;
  }

  // The link of this node to itself: no stream of the host has its number.
  static constexpr mesh::StreamId kOwnLink{UINT64_MAX};

  struct Question {
    CallNumber call;
    Ask ask;
    OnUpdate on_update;
  };
  struct Stream {
    PeerId peer;
    mesh::Direction direction;
    Outbox outbox;
    bool is_waiting_to_send = false;  // in to_send
    bool is_held_back = false;        // not read while its outbox is full
  };

  void executor_step(ExecutorEvent event);
  void requester_step(RequesterEvent event);
  void carry_out(ExecutorAction& action);
  void carry_out(RequesterAction& action);
  void add_credentials(Ask& ask) const;
  void open(const PeerId& executor);
  void open_to_self();
  void later(std::function<void(State&)> task);
  void put(mesh::StreamId stream, const Message& message);
  void send_all();
  void send(mesh::StreamId id, Stream& stream);
  void close(mesh::StreamId stream, const std::string& why, bool broke_protocol = false);
  void ended(mesh::StreamId id, const std::string& why, bool broke_protocol = false);
  void tell(Told& told);
  static void tell_stopped(CallNumber call, const OnUpdate& on_update);
  void set_timer() {
    timer->set(std::min(executor_side.next_tick_ns(), requester_side.next_tick_ns()));
  }

  const Parts parts;
  const PeerId self;
  SystemClock own_clock;
  Clock& clock;
  ServiceView view;
  Credentials credentials;
  ExecutorSide executor_side;
  RequesterSide requester_side;
  std::atomic<CallNumber> numbers;
  bool stopped = false;

  std::unordered_map<mesh::StreamId, Stream> streams;
  std::map<PeerId, mesh::StreamId> to_executors;
  std::vector<mesh::StreamId> to_send;
  std::unordered_map<CallNumber, OnUpdate> askers;

  std::shared_ptr<Mailbox<ExecutorEvent>> from_worker;
  std::shared_ptr<Mailbox<Question>> questions;
  std::unique_ptr<EventLoop::Timer> timer;
  std::optional<Worker> worker;
};

}  // namespace timerose::scheduler::execute
