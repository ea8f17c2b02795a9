// One job under way: its Job, what it has asked of which node, and who watches it. Of the loop's
// thread.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/jobs/job_service.h"
#include "node/jobs/memo_asking.h"

namespace timerose::node {

class RunningJob : public std::enable_shared_from_this<RunningJob> {
 public:
  using OnEnd = std::function<void(const std::string& id)>;

  RunningJob(std::shared_ptr<const JobService::Parts> parts, std::string id,
             std::shared_ptr<const JobAsk> ask, OnEnd on_end);

  void start();
  void watch(const std::shared_ptr<JobChannel>& watcher);  // while someone else holds it
  void cancel();
  [[nodiscard]] JobRecord record() const;
  // As far as it has come.
  [[nodiscard]] KeptJob kept() const;

 private:
  using Update = scheduler::execute::Update;
  using AttemptId = scheduler::jobs::AttemptId;
  struct Written {
    Bytes kept;          // its first bytes
    uint64_t total = 0;  // told
  };
  struct Asked {
    PeerId peer;
    std::optional<scheduler::execute::CallNumber> call;  // none while it is being reached
  };

  void find_holders();
  void begin();
  void step(const scheduler::jobs::JobEvent& event);
  void carry_out_all(std::vector<scheduler::jobs::JobAction> actions);
  void carry_out(const scheduler::jobs::AskMemo& action);
  void carry_out(const scheduler::jobs::ProbeNode& action);
  void carry_out(const scheduler::jobs::OfferCall& action);
  void carry_out(const scheduler::jobs::Withdraw& action);
  void carry_out(const scheduler::jobs::RevealAnswers& action);
  void carry_out(const scheduler::jobs::TellWaiting& action);
  void carry_out(const scheduler::jobs::TellFewer& action);
  void carry_out(const scheduler::jobs::EndJob& action);
  template <typename Ask>
  void reach_and(const PeerId& peer, AttemptId attempt, Ask ask);
  [[nodiscard]] scheduler::jobs::MemoSaid memo_said() const;
  void tell(const JobNews& news);
  void tell_explanation();
  void set_timer();
  void on_time();

  void updated(AttemptId attempt, Update update);
  void heard(AttemptId attempt, const Asked& asked, const scheduler::execute::Accept& update);
  void heard(AttemptId attempt, const Asked& asked, const scheduler::execute::Log& update);
  void heard(AttemptId attempt, const Asked& asked, const scheduler::execute::Commit& update);
  void heard(AttemptId attempt, const Asked& asked, const scheduler::execute::Finish& update);
  void heard(AttemptId attempt, const Asked& asked, const scheduler::execute::Failure& update);
  void heard(AttemptId attempt, const Asked& asked, const scheduler::execute::Refuse& update);
  void heard(AttemptId attempt, const Asked& asked, const scheduler::execute::Busy& update);
  void heard(AttemptId attempt, const Asked& asked, const scheduler::execute::Estimate& update);
  void heard(AttemptId attempt, const Asked& asked, const scheduler::execute::Unknown& update);
  void heard(AttemptId attempt, const Asked& asked, const scheduler::execute::Lost& update);
  void heard(AttemptId attempt, const Asked& asked, const scheduler::execute::Fault& update);
  void answered(AttemptId attempt, Result<compute::Answer> answer);

  [[nodiscard]] std::shared_ptr<JobEnd> end_of(const scheduler::jobs::Ending& ending) const;
  [[nodiscard]] bool counts(const PeerId& executor) const;
  [[nodiscard]] std::vector<scheduler::NodeRef> avoided() const;
  [[nodiscard]] double check_rate(const PeerId& executor) const;
  [[nodiscard]] bool is_to_be_checked(const PeerId& executor) const;
  // What its guest writes may be shown while it runs.
  [[nodiscard]] bool is_believed_at_once(const PeerId& executor) const;
  void note_fault(const PeerId& executor) const;
  void learn_of(const std::vector<scheduler::verify::Answer>& answers,
                const scheduler::verify::Wish& wish, JobEnd& end) const;
  void conclude(std::shared_ptr<const JobEnd> end);
  [[nodiscard]] uint64_t now_ms() const { return parts_.loop.now_ns() / 1'000'000; }

  const std::shared_ptr<const JobService::Parts> held_parts_;
  const JobService::Parts& parts_;
  const std::string id_;
  const std::shared_ptr<const JobAsk> ask_;
  const OnEnd on_end_;
  const uint64_t started_unix_ms_;
  uint64_t started_ms_ = 0;
  uint64_t ended_ms_ = 0;
  std::optional<GuardedBlockstore::Hold> hold_;
  size_t holders_waited_ = 0;
  bool explained_ = false;  // to those who watch
  std::optional<scheduler::jobs::Job> job_;
  std::map<AttemptId, Asked> asked_;
  std::map<AttemptId, compute::Answer> answers_;
  std::shared_ptr<MemoAsking> memo_asking_;
  std::optional<MemoFound> memo_found_;
  std::array<Written, 2> written_;
  std::vector<std::weak_ptr<JobChannel>> watchers_;
  std::unique_ptr<EventLoop::Timer> timer_;
  std::shared_ptr<const JobEnd> end_;
  std::vector<JobStep> steps_;  // once it has ended
  std::string note_;
};

}  // namespace timerose::node
