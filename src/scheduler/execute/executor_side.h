// What an executor decides: which offers it takes, in which order their calls run, who is told
// what, and when a call is given up (docs/reference/execute.md).
//
// Pure: step(now, event) gives actions; no I/O, no thread, no clock. Calls for one Invocation share
// one execution; each asker has its own number, lease and deadline.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "scheduler/execute/executor_limits.h"
#include "scheduler/execute/executor_messages.h"
#include "scheduler/execute/fair_queue.h"
#include "scheduler/execute/gate.h"

namespace timerose::scheduler::execute {

// What the decisions rest on beside the events.
class ExecutorView {
 public:
  virtual ~ExecutorView() = default;
  // Whether we execute for this key, without tokens.
  [[nodiscard]] virtual bool may_ask(const PeerId& requester) const = 0;
  // Whether we do what it asks for, and as whom we take it; this default looks at the key alone.
  [[nodiscard]] virtual Admission admit(const Asked& asked) const;
  // Whether the function and all its data are known to be here.
  [[nodiscard]] virtual bool has_inputs(const Job& job) const = 0;
  // Whether the answers of this requester's executions may be given to others too; else they are
  // his alone.
  [[nodiscard]] virtual bool shares_answers(const PeerId& /*requester*/) const { return true; }
};

class ExecutorSide {
 public:
  // How often time is looked at: leases, deadlines and what is kept end so much late.
  static constexpr uint64_t kSweepNs = 50'000'000;
  // A link whose requester waits is not silent for longer: the shortest lease is three times this.
  static constexpr uint64_t kBeatNs = 300'000'000;

  // `view` must outlive it.
  ExecutorSide(const ExecutorView& view, const ExecutorLimits& limits)
      : view_(view), limits_(limits) {}

  // The actions are valid until the next step.
  std::vector<ExecutorAction>& step(uint64_t now_ns, ExecutorEvent event);
  // When the next Tick is due; UINT64_MAX if nothing waits.
  [[nodiscard]] uint64_t next_tick_ns() const;

  struct Load {
    size_t waiting = 0;
    size_t running = 0;
    size_t kept = 0;  // answers not acknowledged
  };
  [[nodiscard]] Load load() const;
  // One execution, as a person sees it.
  struct Queued {
    Cid invocation;
    Cid function;
    std::vector<PeerId> requesters;  // each once
    const char* stage = "";          // "fetching", "waiting", "running", ...
    uint64_t since_ns = 0;           // when it was asked for
  };
  // Those that wait, in no order, and those that run.
  [[nodiscard]] std::vector<Queued> queue() const;
  // Whether nothing is waited for by anyone.
  [[nodiscard]] bool is_idle() const { return executions_.empty(); }

 private:
  using Answer = std::variant<Finish, Failure>;
  enum class Stage { kWaitsToFetch, kFetching, kWaitsToRun, kRunning };

  struct Call {
    explicit Call(Cid name) : invocation(std::move(name)) {}
    mesh::StreamId link{};
    Cid invocation;
    ExecutionId execution{};  // while it has no answer
    std::shared_ptr<const Answer> answer;
    std::shared_ptr<const Answer> held;  // the answer, while it must not be told
    mesh::StreamId answered_to{};        // where it was sent; none: nowhere yet
    uint64_t lease_ns = 0;
    uint64_t heard_ns = 0;  // kept up to the link's while there is one
    uint64_t deadline_ns = UINT64_MAX;
    uint64_t answered_ns = 0;
    uint64_t bytes = 0;
    uint64_t fuel = 0;
    bool logs = false;
    bool receipt = false;
    bool fresh = false;
    bool commit = false;  // until it is revealed
    bool accepted = false;
    uint32_t priority = 0;
    Standing standing = Standing::kTrusted;
  };
  struct Fuel {
    uint64_t left = 0;
    uint64_t owed = 0;   // by guests that used more than was left
    uint64_t at_ns = 0;  // when that was right
    // It comes back evenly: first what is owed, then up to a minute's worth.
    void refill(uint64_t now_ns, uint64_t a_minute);
    void use(uint64_t fuel);
  };
  struct Requester {
    std::unordered_map<CallNumber, Call> calls;
    uint64_t bytes = 0;
    Fuel fuel;
    size_t links = 0;
    size_t questions = 0;
  };
  struct Asker {
    PeerId peer;
    CallNumber call;
  };
  struct Execution {
    std::shared_ptr<Job> job;  // changed only while it waits
    std::string flight;        // its name in by_name_
    Stage stage = Stage::kWaitsToFetch;
    bool stopping = false;
    Standing standing = Standing::kTrusted;  // of who began it
    uint64_t since_ns = 0;
    FairQueue::Ticket ticket;  // of the queue it waits in, or came from
    std::vector<Asker> askers;
  };
  struct Question {
    PeerId peer;
    mesh::StreamId link;
    CallNumber call;
    Cid invocation;
    Standing standing;
    uint64_t bytes;
  };
  // The answer to an Invocation that somebody wants committed to: told to no other meanwhile.
  struct Secret {
    size_t calls = 0;                // not revealed yet
    uint64_t until_ns = UINT64_MAX;  // set by the first Commit
    std::vector<Asker> waiting;      // others whose answer is held
  };
  struct Link {
    PeerId peer;
    uint64_t heard_ns = 0;
    uint64_t sent_ns = 0;
    size_t calls = 0;  // without an answer
    size_t turned_away = 0;
  };
  using Requesters = std::map<PeerId, Requester>;

  void on(LinkOpened& event);
  void on(LinkClosed& event);
  void on(Received& event);
  void on(InputsFetched& event);
  void on(LogWritten& event);
  void on(ExecutionEnded& event);
  void on(Surveyed& event);
  void on(LookedUp& event);
  void on(Drain& event);
  void on(Tick& event);

  // Of a message of `link`.
  void take(mesh::StreamId link, Link& from, Offer& offer);
  void take(mesh::StreamId link, Link& from, const Cancel& cancel);
  void take(mesh::StreamId link, Link& from, const Acknowledge& acknowledge);
  void take(mesh::StreamId link, Link& from, const Heartbeat& heartbeat);
  void take(mesh::StreamId link, Link& from, const Reveal& reveal);
  void take(mesh::StreamId link, Link& from, const Probe& probe);
  void take(mesh::StreamId link, Link& from, const Known& known);
  template <typename Other>
  void take(mesh::StreamId link, Link& from, const Other& message);

  // The standing in which it is heard. Nothing if it is not; then that was said.
  std::optional<Standing> hear(mesh::StreamId link, Link& from, CallNumber call,
                               const Asked& asked);
  void turn_away(mesh::StreamId link, Link& from, CallNumber call, Refusal refusal);
  // `bytes`: of the offer.
  std::optional<Message> why_not_taken(Standing standing, Requester& requester, const Offer& offer,
                                       uint64_t bytes);
  [[nodiscard]] uint64_t bytes_of_each_max(Standing standing) const;
  [[nodiscard]] std::optional<std::string> what_is_used_up(Standing standing,
                                                           const Requester& requester,
                                                           uint64_t more_bytes) const;
  [[nodiscard]] bool has_room(Standing standing, const Requester& requester, uint64_t bytes) const;
  void rejoin(mesh::StreamId link, Call& call, const Offer& offer, const Cid& invocation);
  void take_new(mesh::StreamId link, Link& from, Standing standing, Offer& offer, Cid name,
                compute::Invocation invocation);
  void join_or_begin(const Asker& asker, Call& call, std::shared_ptr<Job> job);
  void begin(const Asker& asker, Call& call, std::shared_ptr<Job> job);
  // Jobs with one name share one execution: those for one Invocation, if its answer may be shared.
  [[nodiscard]] std::string flight_name(const Job& job) const;

  // executor_executions.cc
  void launch();
  [[nodiscard]] bool has_fuel(const PeerId& line);
  void add_wishes(Execution& execution);
  [[nodiscard]] FairQueue::Ticket put_into(FairQueue& queue, const Execution& execution,
                                           uint32_t priority, ExecutionId id) const;
  void charge(const Execution& execution, uint64_t fuel);
  void set_bytes(Requester& requester, Call& call, uint64_t bytes);
  // `more` may be a negative number, by the rules of unsigned ones.
  void count_bytes(Requester& requester, Standing standing, uint64_t more);
  void hand_back(ExecutionId id);
  void hand_back(const Asker& asker);
  void answer_all(Execution& execution, const std::shared_ptr<const Answer>& answer);
  [[nodiscard]] static bool satisfies(const Answer& answer, const Execution& execution,
                                      const Call& call);
  void answer(const Asker& asker, Call& call, std::shared_ptr<const Answer> answer);
  void send_answer(const Asker& asker, Call& call);
  void leave(const Asker& asker, Call& call);
  std::shared_ptr<const Answer> fit(const Asker& asker, Call& call,
                                    std::shared_ptr<const Answer> answer);
  void account(Requester& requester, Call& call, const Answer& answer);
  [[nodiscard]] bool is_over(const Requester& requester, Standing standing) const;

  // executor_commits.cc
  [[nodiscard]] bool is_secret(const Cid& invocation) const;
  void hold(const Asker& asker, Call& call, std::shared_ptr<const Answer> answer);
  void send_commit(const Asker& asker, const Call& call);
  void end_secret(const Asker& asker, Call& call);
  void tell_waiting(std::vector<Asker> waiting);
  void hand_back_held();
  // executor_questions.cc
  std::optional<QuestionId> begin_question(Question question);
  std::optional<Question> end_question(QuestionId id);
  [[nodiscard]] uint64_t wait_ms() const;

  void send(mesh::StreamId link, Message message);
  Call* find(const Asker& asker);

  // executor_time.cc
  void forget(const PeerId& peer, CallNumber number);
  void drop_if_idle(const PeerId& peer);
  void accept_due();
  void sweep();
  void sweep(const PeerId& peer, Requester& requester);
  void beat();

  const ExecutorView& view_;
  const ExecutorLimits limits_;
  uint64_t now_ns_ = 0;
  uint64_t next_sweep_ns_ = UINT64_MAX;
  bool draining_ = false;
  uint64_t ids_ = 0;
  size_t calls_ = 0;
  uint64_t bytes_ = 0;  // of all requesters
  size_t unanswered_ = 0;
  uint32_t fetching_ = 0;
  uint32_t running_ = 0;
  uint64_t mean_run_ns_ = 0;
  Requesters requesters_;
  struct Strangers {
    size_t calls = 0;
    uint64_t bytes = 0;
    Fuel fuel;
  };
  Strangers strangers_;  // all of them
  std::unordered_map<mesh::StreamId, Link> links_;
  std::unordered_map<ExecutionId, Execution> executions_;
  std::unordered_map<std::string, ExecutionId> by_name_;  // flight_name()
  std::unordered_map<Cid, Secret> secrets_;
  std::unordered_map<QuestionId, Question> questions_;
  FairQueue to_fetch_;
  FairQueue to_run_;
  struct Due {
    uint64_t at_ns;
    Asker asker;
  };
  std::deque<Due> accepts_;
  std::vector<ExecutorAction> actions_;
};

}  // namespace timerose::scheduler::execute
