// The execution protocol of a real node: carries both sides' decisions out over the streams of a
// host, on the loop's thread.
#pragma once

#include <functional>
#include <memory>

#include "base/event_loop.h"
#include "base/random.h"
#include "mesh/host.h"
#include "scheduler/execute/executor_side.h"
#include "scheduler/execute/observer.h"
#include "scheduler/execute/requester_side.h"
#include "scheduler/execute/trust.h"
#include "scheduler/execute/worker.h"

namespace timerose::scheduler::execute {

struct ServiceOptions {
  ExecutorLimits executor;
  RequesterLimits requester;
};

class Service {
 public:
  // What it stands on; all must outlive it.
  struct Parts {
    EventLoop& loop;
    mesh::Host& host;
    Random& random;
    std::function<Result<compute::Executor*>()> executor;  // from any thread
    GuardedBlockstore& store;
    exchange::Exchange& exchange;
    PublicKey key;
    size_t run_threads = 0;        // 0: one for each processor, 32 at most
    RunnerOf runner_of;            // absent: all guests run in this process
    Observer* observer = nullptr;  // sees all that is decided, if there is one
    Clock* clock = nullptr;        // for tokens; null: the machine's
  };

  // On the loop, or before it runs. Tells the host of the protocol.
  Service(const Parts& parts, const ServiceOptions& options, GateRules rules);
  // On the loop, or after it has ended.
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // --- Of the loop's thread ---
  // Every event of the host, in order. False for one that is of no concern here.
  bool on_event(const mesh::Event& event);
  // Refuses what comes, hands back what waits, ends what we asked of others or ask from then on.
  void stop();
  [[nodiscard]] ExecutorSide::Load load() const;
  [[nodiscard]] std::vector<ExecutorSide::Queued> queue() const;

  // --- Of any thread ---
  void set_rules(GateRules rules);
  void set_trust(TrustList trust);  // of the rules
  // What this node shows to those whom it asks, beside what an offer itself brings.
  void set_credentials(std::vector<authority::TokenRef> tokens);
  // On the loop, until it is none of Accept, Log and Commit.
  using OnUpdate = std::function<void(Update)>;
  // Asks another node, to which there is a connection, or this one; the offer's call number is
  // filled in, and given.
  CallNumber ask(const PeerId& executor, Offer offer, OnUpdate on_update,
                 Patience patience = Patience::kWhileBusy);
  // Ends by Estimate, Refuse, Busy or Lost.
  CallNumber ask(const PeerId& executor, Probe probe, OnUpdate on_update);
  // Ends by Finish, Unknown, Refuse, Busy, Lost or Fault. The receipt may be of any key: what it is
  // worth is the asker's to judge.
  CallNumber ask(const PeerId& executor, Known known, OnUpdate on_update);
  // Of calls that were offered to be committed to, and have been.
  void reveal(std::vector<CallNumber> calls);
  void give_up(CallNumber call);

 private:
  struct State;
  template <typename Question>
  CallNumber ask_any(const PeerId& executor, Question question, OnUpdate on_update,
                     Patience patience = Patience::kNone);

  std::shared_ptr<State> state_;
};

}  // namespace timerose::scheduler::execute
