// The requester's half of a simulated node: what it has heard of the mesh, the real RequesterSide,
// and a real Job for each call; this file carries their decisions out.
//
// Promises: a call ends once, by its deadline (Books); no wrong Outcome is believed while fewer
// liars than its quorum wants stand behind it; no more calls wait for others than may.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "scheduler/adverts/advert_table.h"
#include "scheduler/execute/requester_side.h"
#include "scheduler/jobs/job.h"
#include "scheduler/memo/memo_search.h"
#include "scheduler/verify/scores.h"
#include "sim/jobs/mesh_world.h"

namespace timerose::sim::jobs {

struct KeptAdvert {
  uint64_t heard_unix_ms = 0;
  Bytes bytes;
};

// One call, as it is asked for.
struct Question {
  std::shared_ptr<const compute::Invocation> call;
  scheduler::verify::Wish wish;
  bool hedge = false;
  bool starved = false;  // with half the fuel that it needs
};

class Asker {
 public:
  static constexpr size_t kAvoidedMax = 64;

  Asker(MeshWorld& world, NodeNumber self);
  ~Asker();
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  void ask(const Question& question);
  void cancel_one(uint64_t dice);
  // Its process ends.
  void abandon_all();
  void hear(ByteView advert);
  // What it has on its disk of other nodes, for the next run of its process. What was heard last
  // was not written yet, if it is `killed`.
  [[nodiscard]] std::vector<KeptAdvert> kept(bool killed) const;
  void hear_kept(const std::vector<KeptAdvert>& kept);
  [[nodiscard]] size_t nodes_known() const { return table_.size(); }

  // What came from there, to this node's store.
  void measured_rate(NodeNumber from, double bytes_per_s);

  void link_ready(NodeNumber executor);
  void link_lost(NodeNumber executor, const std::string& why);
  void heard(NodeNumber executor, Message message);

  void check_at_rest();

 private:
  using CallNumber = scheduler::execute::CallNumber;
  using AttemptId = scheduler::jobs::AttemptId;
  struct Given {
    NodeNumber node;
    Cid outcome;
  };
  struct Active {
    Active(JobNumber of, Question what, Bytes bytes, Cid cid)
        : number(of), question(std::move(what)), block(std::move(bytes)), name(std::move(cid)) {}
    JobNumber number;
    Question question;
    Bytes block;  // of the Invocation
    Cid name;
    std::unique_ptr<scheduler::jobs::Job> job;
    std::map<AttemptId, CallNumber> calls;
    std::map<AttemptId, Given> answers;
    std::unique_ptr<scheduler::memo::MemoSearch> search;
    std::map<NodeNumber, CallNumber> asked;  // whether they know the answer
    std::vector<Given> known;                // answers of the memo
    uint64_t begun_ms = 0;
    uint64_t wakes_ms = UINT64_MAX;
  };
  struct Placed {
    JobNumber job{};
    AttemptId attempt{};
    NodeNumber executor = 0;
  };

  void look_up(const compute::Invocation& call);
  void begin(JobNumber number);
  [[nodiscard]] scheduler::jobs::JobCall call_for(const Active& active);
  void tell(JobNumber number, const scheduler::jobs::JobEvent& event);
  void carry_out(const std::shared_ptr<Active>& active,
                 std::vector<scheduler::jobs::JobAction> actions);
  CallNumber number_of(Active& active, AttemptId attempt, const PeerId& executor);
  // asker_memo.cc
  void on(Active& active, const scheduler::jobs::AskMemo& action);
  void search(Active& active);
  void search_step(JobNumber number, const scheduler::memo::SearchEvent& event);
  void search_carry_out(JobNumber number, std::vector<scheduler::memo::SearchAction> actions);
  void search_on(Active& active, const scheduler::memo::FindHolders& action);
  void search_on(Active& active, const scheduler::memo::AskPeer& action);
  void search_on(Active& active, const scheduler::memo::LeavePeer& action);
  void search_on(Active& active, const scheduler::memo::EndSearch& action);
  void said(CallNumber call, const scheduler::execute::Update& update);
  void leave_search(Active& active);
  [[nodiscard]] double expected_run_s(const scheduler::jobs::JobCall& call);
  [[nodiscard]] std::vector<scheduler::memo::Likely> likely(const scheduler::jobs::JobCall& call,
                                                            const scheduler::verify::Wish& wish);

  void on(Active& active, const scheduler::jobs::ProbeNode& action);
  void on(Active& active, const scheduler::jobs::OfferCall& action);
  void on(Active& active, const scheduler::jobs::Withdraw& action);
  void on(Active& active, const scheduler::jobs::RevealAnswers& action);
  void on(Active& active, const scheduler::jobs::TellWaiting& action);
  void on(Active& active, const scheduler::jobs::TellFewer& action);
  void on(Active& active, const scheduler::jobs::EndJob& action);
  void wake(const std::shared_ptr<Active>& active);
  void check_answer(const Active& active, const scheduler::jobs::Ending& ending);
  void learn(const Active& active, const scheduler::jobs::Ending& ending);

  void side(scheduler::execute::RequesterEvent event);
  void wake_side();
  void told(CallNumber call, scheduler::execute::Update& update);
  void finished(const Placed& placed, const scheduler::execute::Finish& finish);
  [[nodiscard]] scheduler::verify::Answer answer_of(NodeNumber node,
                                                    const scheduler::execute::Finish& finish) const;
  [[nodiscard]] std::optional<scheduler::NodeRef> ref_of(NodeNumber node) const;
  [[nodiscard]] scheduler::verify::Standing standing_of(NodeNumber node) const;
  void hold(ObjectNumber object, NodeNumber holder);
  void note(const scheduler::AdvertTable::Outcome& outcome);
  void forget(scheduler::NodeSlot slot);
  void expire();

  MeshWorld& world_;
  const NodeNumber self_;
  SeededRandom random_;
  scheduler::AdvertTable table_;
  scheduler::NodeIndex nodes_;
  scheduler::Holders holders_;
  scheduler::WorkHistory work_;
  scheduler::jobs::RunTimes times_;
  scheduler::memo::MemoYield memo_yield_;
  scheduler::verify::Scores scores_;
  scheduler::NodeRef self_ref_;
  std::unique_ptr<scheduler::Placer> placer_;
  std::unordered_map<NodeNumber, scheduler::NodeRef> refs_;
  std::unordered_map<scheduler::NodeSlot, NodeNumber> node_at_;
  scheduler::execute::RequesterSide side_;
  std::map<JobNumber, std::shared_ptr<Active>> active_;
  std::unordered_map<CallNumber, Placed> placed_;
  std::unordered_map<CallNumber, std::pair<JobNumber, NodeNumber>> memo_calls_;
  CallNumber last_call_;
  uint64_t side_wakes_ns_ = UINT64_MAX;
};

}  // namespace timerose::sim::jobs
