// One search for the answer to a call among other nodes (scheduler/memo/memo_search.h), carried out
// over the network. Of the loop's thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "node/jobs/job_service.h"
#include "scheduler/memo/memo_search.h"

namespace timerose::node {

// An Outcome that nodes knew, checked: its receipts are of this call, and its blocks are here.
struct MemoFound {
  std::vector<scheduler::verify::Answer> answers;  // their executors are those who signed
  compute::Answer known;                           // the first of these
  PeerId told_by;                                  // the same
};

class MemoAsking : public std::enable_shared_from_this<MemoAsking> {
 public:
  using OnEnd = std::function<void(std::optional<MemoFound>)>;
  // A call of a function that was never seen is taken to last so long.
  static constexpr double kUnknownRun_s = 1.0;

  // `on_end` is called once, later, unless all owners of it are gone by then.
  MemoAsking(std::shared_ptr<const JobService::Parts> parts, std::shared_ptr<const JobAsk> ask,
             OnEnd on_end);
  ~MemoAsking();
  MemoAsking(const MemoAsking&) = delete;
  MemoAsking& operator=(const MemoAsking&) = delete;

  void start();

 private:
  void carry_out_all(std::vector<scheduler::memo::SearchAction> actions);
  void carry_out(const scheduler::memo::FindHolders& action);
  void carry_out(const scheduler::memo::AskPeer& action);
  void carry_out(const scheduler::memo::LeavePeer& action);
  void carry_out(const scheduler::memo::EndSearch& action);
  void step(const scheduler::memo::SearchEvent& event);
  void ask(const PeerId& peer);
  void updated(const PeerId& peer, scheduler::execute::Update update);
  void checked(const PeerId& peer, Result<compute::Answer> answer);
  [[nodiscard]] std::vector<scheduler::memo::Likely> likely() const;
  [[nodiscard]] double expected_run_s() const;
  [[nodiscard]] uint64_t now_ms() const { return parts_.loop.now_ns() / 1'000'000; }

  const std::shared_ptr<const JobService::Parts> held_parts_;
  const JobService::Parts& parts_;
  const std::shared_ptr<const JobAsk> ask_;
  OnEnd on_end_;
  scheduler::memo::MemoSearch search_;
  std::map<PeerId, std::optional<scheduler::execute::CallNumber>> asked_;
  std::map<PeerId, compute::Answer> found_;
  std::unique_ptr<EventLoop::Timer> timer_;
};

}  // namespace timerose::node
