// One job: a call that a user asked for, from the question whether its answer is known to the
// answer that is believed (docs/reference/jobs.md).
//
// Pure: step(now, event) gives actions; no I/O, no thread, no clock. Times are monotonic
// milliseconds. It ends by exactly one EndJob; whatever comes later changes nothing.
//
// A seat is a place for one run of the call: one, or one for each copy or member of a quorum. A
// seat is placed on a node (placement.h), bound to the first that takes it (binding.h), and placed
// again when that node is lost.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "scheduler/jobs/job_messages.h"
#include "scheduler/jobs/job_options.h"
#include "scheduler/jobs/run_times.h"
#include "scheduler/placement/binding.h"
#include "scheduler/placement/explanation.h"
#include "scheduler/verify/commit_round.h"

namespace timerose::scheduler::jobs {

// What is known of the mesh and of functions: read, and learned from how jobs end. All must outlive
// the jobs.
struct MeshKnowledge {
  NodeIndex& nodes;
  Placer& placer;
  WorkHistory& work;
  RunTimes& times;
  NodeRef self;
  PeerId self_peer;
};

enum class AttemptState : uint8_t {
  kProbed,
  kOffered,
  kTaken,
  kCommitted,
  kEstimated,
  kAnswered,
  kOccupied,
  kDeclined,
  kOutOfReach,
  kFailed,
  kWrong,
  kLost,
  kWithdrawn,
};
const char* attempt_state_name(AttemptState state);

enum class Stage : uint8_t { kAsksMemo, kPlacing, kRunning, kChecking, kEnded };
const char* stage_name(Stage stage);

struct Attempt {
  AttemptId id;
  PeerId peer;
  std::optional<NodeRef> node;  // absent: it sends no adverts
  uint32_t seat = 0;
  AttemptState state = AttemptState::kOffered;
  uint64_t begun_ms = 0;
  uint64_t taken_ms = 0;
  uint64_t ahead = 0;  // calls that went before it, when it was taken
  uint64_t ended_ms = 0;
  double given_s = 0;  // of work, that NodeIndex counts for the node
  bool commit = false;
  std::string why;  // of an end without an answer

  [[nodiscard]] bool is_open() const { return state <= AttemptState::kCommitted; }
};

class Job {
 public:
  // A call whose executors ended this often while they had it is not tried again: it may be what
  // ends them. Nor one that so many nodes were not heard of any more with, whose links still stood:
  // most of these could not be reached.
  static constexpr uint32_t kKilledMax = 3;
  static constexpr uint32_t kLostMax = 8;
  // A failure of the call itself is believed of a trusted node, or when a second one says so; any
  // other failure is tried so often.
  static constexpr uint32_t kFailuresMax = 3;
  static constexpr uint64_t kMemoWithin_ms = 300;
  // With as many bytes to read, a few are asked first what they really lack: those that may turn
  // out cheapest, and the cheapest by what is known. Else the call is offered directly, so that a
  // small one is one round trip.
  static constexpr uint64_t kProbeFromBytes = 1U << 20;
  static constexpr size_t kProbedAtOnce = 3;  // and one
  static constexpr uint64_t kProbeWithin_ms = 200;
  // So long a call without a deadline waits for nodes that are busy, or that fit and cannot be
  // reached.
  static constexpr uint64_t kPatience_ms = 30'000;
  // Then some of those that could not be reached are asked again; later after a share of the time
  // that it has waited, so that kAttemptsMax lasts for hours.
  static constexpr uint64_t kPlaceAgain_ms = 1'000;
  static constexpr uint64_t kPlaceAgainShare = 4;
  static constexpr size_t kAskedAgain = 4;
  // Of a wait the user is told after a while, and again when it is for something else.
  static constexpr uint64_t kTellWait_ms = 1'000;
  static constexpr uint64_t kTellWaitAgain_ms = 5'000;
  // A run is a straggler once it takes longer than this share of the runs before took.
  static constexpr double kStragglerQuantile = 0.95;
  static constexpr uint64_t kHedgeMin_ms = 20;
  static constexpr size_t kAttemptsMax = 256;
  // The only node that is asked may still say, at the deadline, why it has not taken the call.
  static constexpr uint64_t kLastWord_ms = 100;

  Job(const MeshKnowledge& mesh, JobCall call, JobOptions options);

  // The actions are valid until the next step.
  std::vector<JobAction>& start(uint64_t now_ms);
  std::vector<JobAction>& step(uint64_t now_ms, const JobEvent& event);
  // When TimeIsUp is due; null if nothing waits for time.
  [[nodiscard]] std::optional<uint64_t> next_ms() const;

  [[nodiscard]] Stage stage() const;
  // In the order of their numbers. Of a node that is busy the last one is kept, and of many that
  // could not be reached, those that were asked last.
  [[nodiscard]] const std::vector<Attempt>& attempts() const { return attempts_; }
  // One that has not been forgotten, as all that are open and all that gave an answer.
  [[nodiscard]] const Attempt& attempt(AttemptId id) const;
  [[nodiscard]] const JobOptions& options() const { return options_; }
  [[nodiscard]] const JobCall& call() const { return call_; }
  // All that came so far, whether it was believed or not.
  [[nodiscard]] const std::vector<verify::Answer>& answers() const { return answers_; }
  // Of the first decision if it was asked for, and of one by which no node fits.
  [[nodiscard]] const std::optional<Explanation>& explanation() const { return explanation_; }
  // Of the copies that were wanted, as it was told last.
  [[nodiscard]] const std::optional<Fewer>& fewer() const { return fewer_; }

 private:
  // kStandingBy: until others' probes let go of nodes. kWaiting: for nodes that are out of reach.
  enum class SeatState : uint8_t {
    kProbing,
    kStandingBy,
    kBinding,
    kBound,
    kWaiting,
    kDone,
    kVacant
  };
  struct Probed {
    Candidate candidate;
    AttemptId attempt;
    bool answered = false;
    bool out = false;
  };
  struct Seat {
    SeatState state = SeatState::kVacant;
    std::optional<PeerId> fixed;   // asked, and no other
    std::optional<uint32_t> twin;  // hedges this one, or is hedged by it
    bool is_hedge = false;
    std::optional<Binding> binding;
    std::vector<Probed> probed;
    std::vector<Candidate> order;  // to be asked, cheapest first
    uint64_t place_by_ms = 0;      // while nobody is only busy
    uint64_t probe_until_ms = 0;
    std::optional<uint64_t> hedge_ms;    // then its run is a straggler
    uint64_t again_ms = 0;               // while it is to be placed: when
    std::optional<uint64_t> unbound_ms;  // since when no node has taken it

    [[nodiscard]] bool is_to_be_placed() const {
      return state == SeatState::kStandingBy || state == SeatState::kWaiting;
    }
  };
  struct Given {
    AttemptId attempt;
    bool cached = false;
  };

  // job.cc: what is told, what is believed, the end.
  void on(const MemoSaid& event);
  void on(const Estimated& event);
  void on(const Declined& event);
  void on(const OutOfReach& event);
  void on(const Occupied& event);
  void on(const Taken& event);
  void on(const Committed& event);
  void on(const Answered& event);
  void on(const Failed& event);
  void on(const Wrong& event);
  void on(const Lost& event);
  void on(const CancelJob& event);
  void on(const TimeIsUp& event);
  void judge();
  void accept(const verify::Judgement& judgement);
  void reveal_if_all_committed();
  void learn(const verify::Judgement& judgement);
  void end(Ending ending);
  void fail(ErrorCode code, std::string why);
  void stop(execute::FailureKind kind, std::string why);
  [[nodiscard]] bool is_believed(const Attempt& attempt) const;
  [[nodiscard]] std::string what_nodes_said() const;
  [[nodiscard]] std::string what_is_under_way() const;

  // job_named.cc: nodes that were named, and explaining.
  [[nodiscard]] PeerId named_peer() const;
  [[nodiscard]] std::optional<NodeRef> named_node() const;
  [[nodiscard]] std::string why_named_does_not_fit() const;
  void explain_only();
  void explain_shortage(Explanation& explanation) const;

  // job_seats.cc: from a seat without a node to one that is bound.
  void open_seats(uint32_t wanted);
  uint32_t add_seat(std::optional<PeerId> fixed);
  void place(uint32_t seat);
  void offer_fixed(uint32_t seat);
  [[nodiscard]] CallToPlace call_to_place(std::span<const NodeRef> copies) const;
  // job_probing.cc
  void probe(uint32_t seat);
  void estimated(uint32_t seat, const Estimated& event);
  void probe_failed(uint32_t seat, AttemptId attempt);
  [[nodiscard]] float hoped_for(Candidate candidate) const;
  size_t order_for_probes(std::vector<Candidate>& order) const;
  void end_probing_if_decided(uint32_t seat);
  void end_probing(uint32_t seat);
  [[nodiscard]] bool is_any_probing() const;
  void stand_by(uint32_t seat);
  void place_those_standing_by();
  // job_binding.cc
  void bind(uint32_t seat);
  void tell_binding(uint32_t seat, const BindingEvent& event);
  void carry_out(uint32_t seat, const std::vector<BindingAction>& actions);
  void ask_node(uint32_t seat, NodeRef node);
  void given_up(uint32_t seat);
  void bound(uint32_t seat);
  void place_again(const Attempt& attempt);
  // job_seats.cc again: what is left of a seat, and time.
  void vacate(uint32_t seat, ErrorCode code, std::string why);
  [[nodiscard]] uint64_t patience_ms(const Seat& seat) const;
  [[nodiscard]] bool is_worth_waiting(const Seat& seat) const;
  void wait(Seat& seat);
  void ask_missed_again();
  void leave(uint32_t seat);
  void hedge(uint32_t seat);
  void on_time(uint32_t seat);
  [[nodiscard]] std::vector<NodeRef> nodes_in_use(uint32_t except_seat) const;

  Attempt& begin(uint32_t seat, const PeerId& peer, std::optional<NodeRef> node,
                 AttemptState state);
  void offer(uint32_t seat, const PeerId& peer, std::optional<NodeRef> node, const Cost& cost);
  void close(Attempt& attempt, AttemptState state, std::string why = {});
  void withdraw(Attempt& attempt, std::string why = {});
  Attempt* open(AttemptId id);  // null unless it is open
  void forget_when_busy_before(const Attempt& attempt);
  Attempt* open_at(uint32_t seat, NodeRef node);
  void avoid(const Attempt& attempt);
  void miss(const Attempt& attempt);
  [[nodiscard]] bool is_live(const Seat& seat) const { return seat.state < SeatState::kDone; }
  [[nodiscard]] uint32_t live_seats() const;
  [[nodiscard]] uint64_t deadline_ms() const;
  [[nodiscard]] uint64_t give_up_ms() const;  // for the deadline

  // job_waiting.cc: what the user is told while nobody has the call.
  [[nodiscard]] bool is_waiting() const;
  [[nodiscard]] Waiting waiting() const;
  void tell_waiting();
  void tell_fewer();

  const MeshKnowledge mesh_;
  const JobCall call_;
  JobOptions options_;
  uint64_t now_ms_ = 0;
  uint64_t started_ms_ = 0;
  std::optional<uint64_t> memo_until_ms_;
  bool ended_ = false;
  bool trusted_only_ = false;
  uint32_t answers_wanted_ = 1;
  uint32_t killed_ = 0;
  uint32_t lost_ = 0;  // these too
  uint32_t failures_ = 0;
  std::optional<Failed> last_failure_;
  // Whose answers the memo gave: another one of theirs adds nothing.
  std::vector<NodeRef> memo_nodes_;
  std::vector<NodeRef> avoided_;
  std::vector<NodeRef> missed_;  // of these, those that may be reached later; the latest last
  std::vector<Seat> seats_;
  uint32_t attempts_begun_ = 0;
  std::vector<Attempt> attempts_;
  std::vector<verify::Answer> answers_;
  std::vector<Given> given_;  // of each of answers_
  verify::CommitRound round_;
  std::optional<Explanation> explanation_;
  std::optional<uint64_t> tell_wait_ms_;  // then, if it still waits
  std::optional<Waiting> told_wait_;
  std::optional<Fewer> fewer_;
  bool tell_fewer_ = false;
  std::vector<JobAction> actions_;
};

}  // namespace timerose::scheduler::jobs
