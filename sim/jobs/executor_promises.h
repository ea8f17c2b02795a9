// The promises of an executor, watched from outside: what comes and goes over its links, and what
// its guests do. Nothing of the executor's own books is looked at.
//
// - No more guests run, inputs are fetched and questions are looked into at a time than may, for
//   all and for one requester.
// - No more calls of no more bytes wait for an answer than may, for all and for one requester.
// - No guest uses more fuel than the calls that it runs for have; none begins for a requester who
//   has used up what it may use in a minute.
// - What is worked on is wanted: by somebody heard of within the lease. Whatever is fetched or run
//   comes to an end when no such lease is left.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "scheduler/execute/executor_side.h"
#include "sim/event_queue.h"

namespace timerose::sim::jobs {

class ExecutorPromises {
 public:
  using Limits = scheduler::execute::ExecutorLimits;
  using ExecutionId = scheduler::execute::ExecutionId;
  using QuestionId = scheduler::execute::QuestionId;
  using Job = scheduler::execute::Job;
  using Message = scheduler::execute::Message;
  using Fail = std::function<void(const std::string& what)>;

  // After a lease has ended: executors look at time now and then.
  static constexpr uint64_t kLeaseSlackNs = kSecond;

  // `fail` is told of each promise that is broken.
  ExecutorPromises(const EventQueue& events, const Limits& limits, Fail fail)
      : events_(events), limits_(limits), fail_(std::move(fail)) {}

  // Of links.
  void opened(mesh::StreamId link, const PeerId& requester);
  void closed(mesh::StreamId link);
  void received(mesh::StreamId link, const Message& message);
  void sent(mesh::StreamId link, const Message& message);
  // Of work: what is handed over, and its end however it comes.
  void asked(QuestionId question);
  void told(QuestionId question) { questions_.erase(question); }
  void fetches(ExecutionId id, const Job& job);
  void fetched(ExecutionId id) { fetching_.erase(id); }
  void runs(ExecutionId id, const Job& job);
  void ran(ExecutionId id, uint64_t fuel_used);
  // It takes a moment until what is stopped has ended.
  void stops(ExecutionId id);

  // After each step of the executor.
  void check_limits();
  // Now and then, while anything is worked on.
  void check_leases();
  [[nodiscard]] bool is_at_work() const { return !running_.empty() || !fetching_.empty(); }

 private:
  using CallNumber = scheduler::execute::CallNumber;
  struct Link {
    PeerId requester;
    uint64_t heard_ns = 0;
    bool is_open = true;
  };
  // That has no answer yet.
  struct Call {
    Cid name;
    mesh::StreamId link{};
    uint64_t heard_ns = 0;  // once its link is closed
    uint64_t lease_ns = 0;
    uint64_t fuel = 0;
    uint64_t bytes = 0;
    bool lapsed = false;  // its lease was over before its link was heard of again: it may be gone
  };
  struct Work {
    Cid name;
    PeerId requester;
    uint64_t fuel = 0;
    bool stopping = false;
  };
  struct Spent {
    uint64_t since_ns = 0;
    double fuel = 0;
  };
  using Calls = std::map<std::pair<PeerId, CallNumber>, Call>;
  using Works = std::unordered_map<ExecutionId, Work>;

  void offered(const PeerId& requester, mesh::StreamId link,
               const scheduler::execute::Offer& offer);
  void check_at_a_time(const Works& works, uint64_t most, uint64_t of_requester_max,
                       const char* what);
  void check_calls();
  void check_wanted(const Works& works);
  void check_fuel(const PeerId& requester);
  // Whether somebody may still come back for it.
  [[nodiscard]] bool has_lease(const Call& call, uint64_t slack_ns) const;

  const EventQueue& events_;
  const Limits limits_;
  const Fail fail_;
  std::unordered_map<mesh::StreamId, Link> links_;
  Calls calls_;
  bool calls_grew_ = false;
  std::set<QuestionId> questions_;
  Works fetching_;
  Works running_;
  std::map<PeerId, Spent> spent_;
};

}  // namespace timerose::sim::jobs
