// What a requester decides: when to open a link to an executor, to offer again, to give up, and
// what the asker of a call is told (docs/reference/execute.md).
//
// Pure: step(now, event) gives actions; no I/O, no thread, no clock. Every call that is asked is
// answered by exactly one Told with an end.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "multiformats/peer_id.h"
#include "scheduler/execute/message.h"

namespace timerose::scheduler::execute {

struct RequesterLimits {
  uint64_t lease_ms = 5'000;  // asked of executors
  // How long an executor that is busy is asked again, if the call has no deadline.
  uint64_t patience_ns = 30'000'000'000;
  uint64_t reopen_ns = 200'000'000;  // after a link was lost
  // Links to one executor that are lost one after the other within a lease of their opening. Then
  // the executor is as good as lost, whatever it says on each.
  uint32_t short_links_max = 100;
  uint64_t question_ns = 5'000'000'000;  // a Probe or a Known that is not answered
  size_t calls_max = 65'536;
  // Of what a guest writes; an executor sends half as much. The rest is passed over.
  uint64_t log_bytes_of_call_max = 2U << 20;
};

// What becomes of an offer that finds its executor busy.
enum class Patience : uint8_t {
  kWhileBusy,  // it is made again for as long as the limits say
  kNone,       // its asker is told at once
};

// --- Events ---
struct Ask {
  PeerId executor;
  // Its call number is the caller's; the lease of an offer is filled in.
  std::variant<Offer, Probe, Known> question;
  Patience patience = Patience::kWhileBusy;
};
// Calls that have told of a Commit. Others are passed over.
struct RevealCalls {
  std::vector<CallNumber> calls;
};
struct GiveUp {
  CallNumber call = 0;
};
struct LinkReady {
  PeerId executor;
};
struct LinkLost {  // also one that could not be opened
  PeerId executor;
  std::string why;
  bool final = false;  // trying again cannot help: it does not speak the protocol
};
struct Heard {
  PeerId executor;
  Message message;
};
struct RequesterTick {};
using RequesterEvent =
    std::variant<Ask, RevealCalls, GiveUp, LinkReady, LinkLost, Heard, RequesterTick>;

// --- Actions ---
struct OpenLink {
  PeerId executor;
};
struct Say {
  PeerId executor;
  Message message;
};
struct EndLink {
  PeerId executor;
  std::string why;
};
// The executor was not heard of for the lease, or could not be reached.
struct Lost {
  std::string message;
  bool ended = false;  // the link to it did, and there was no other within the lease
};
// The executor said what it must not: an answer that is not the one it committed to, or one to what
// was not asked.
struct Fault {
  std::string message;
};
// For the asker. Log, Accept and Commit may come any number of times, then one of the others.
using Update = std::variant<Accept, Log, Commit, Finish, Failure, Refuse, Busy, Estimate, Unknown,
                            Lost, Fault>;
struct Told {
  CallNumber call = 0;
  Update update;
};
using RequesterAction = std::variant<OpenLink, Say, EndLink, Told>;

class RequesterSide {
 public:
  static constexpr uint64_t kSweepNs = 50'000'000;

  explicit RequesterSide(const RequesterLimits& limits) : limits_(limits) {}

  // The actions are valid until the next step.
  std::vector<RequesterAction>& step(uint64_t now_ns, RequesterEvent event);
  [[nodiscard]] uint64_t next_tick_ns() const { return next_sweep_ns_; }
  [[nodiscard]] size_t calls() const { return calls_.size(); }

 private:
  enum class Stage { kWaitsForLink, kOffered, kAccepted, kWaitsToRetry };
  struct Call {
    PeerId executor;
    std::variant<Offer, Probe, Known> question;
    Patience patience = Patience::kWhileBusy;
    Stage stage = Stage::kWaitsForLink;
    uint64_t asked_ns = 0;
    uint64_t deadline_ns = UINT64_MAX;
    uint64_t retry_ns = 0;
    uint64_t log_bytes = 0;
    Busy busy{};  // the last one
    std::optional<Sha256Digest> commit{};
    bool revealed = false;

    [[nodiscard]] Offer* offer() { return std::get_if<Offer>(&question); }
    [[nodiscard]] bool is_there() const {  // the executor may be at work for it
      return stage == Stage::kOffered || stage == Stage::kAccepted;
    }
  };
  enum class LinkState { kClosed, kOpening, kOpen };
  struct Executor {
    LinkState state = LinkState::kClosed;
    uint64_t heard_ns = 0;  // or when it was first needed
    uint64_t said_ns = 0;
    uint64_t opened_ns = 0;
    uint64_t reopen_ns = 0;
    uint32_t short_links = 0;  // one after the other
    std::string why_lost;
    size_t calls = 0;
    std::vector<CallNumber> to_acknowledge;
  };

  void on(Ask& event);
  void on(RevealCalls& event);
  void on(GiveUp& event);
  void on(LinkReady& event);
  void on(LinkLost& event);
  void on(Heard& event);
  void on(RequesterTick& event);

  void take(const PeerId& from, Accept& accept);
  void take(const PeerId& from, Busy& busy);
  void take(const PeerId& from, Refuse& refuse);
  void take(const PeerId& from, Log& log);
  void take(const PeerId& from, Finish& finish);
  void take(const PeerId& from, Failure& failure);
  void take(const PeerId& from, Commit& commit);
  void take(const PeerId& from, Estimate& estimate);
  void take(const PeerId& from, Unknown& unknown);
  void take(const PeerId& from, Heartbeat& heartbeat);
  template <typename Other>
  void take(const PeerId& from, Other& message);

  void put(Call& call);
  void say(const PeerId& to, Message message);
  void open(const PeerId& peer, Executor& executor);
  // The call of this number if it is one of that executor.
  Call* find(const PeerId& executor, CallNumber number);
  Call* find_offered(const PeerId& executor, CallNumber number);
  [[nodiscard]] static std::optional<std::string> fault_of(const Finish& finish, Call& call);
  void end(CallNumber number, Update update);
  void acknowledge(const PeerId& peer, CallNumber number);
  void lose_all(const PeerId& peer, const std::string& why, bool ended);
  void sweep_calls();
  void sweep_executors();

  const RequesterLimits limits_;
  uint64_t now_ns_ = 0;
  uint64_t next_sweep_ns_ = UINT64_MAX;
  std::unordered_map<CallNumber, Call> calls_;
  std::map<PeerId, Executor> executors_;
  std::vector<RequesterAction> actions_;
};

}  // namespace timerose::scheduler::execute
