// What this node has seen of others' answers, and does about it: whose are checked how often, whom
// it gives nothing to, and what it keeps as proof. Thread-safe.
#pragma once

#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "node/repository.h"
#include "scheduler/verify/evidence.h"
#include "scheduler/verify/scores.h"

namespace timerose::node {

class Verification {
 public:
  static constexpr size_t kAvoidedMax = 256;
  static constexpr uint64_t kAvoidedForNs = 10'000'000'000;

  // All must outlive it.
  static Result<std::unique_ptr<Verification>> open(Repository& repository, Clock& clock);

  // Of answers of this executor to calls of this function, how many should be checked: by its
  // record if the wish has spot checks or it was at fault lately, else none.
  double check_rate(const scheduler::verify::Wish& wish, const PeerId& executor,
                    const scheduler::ContentKey& function);
  bool is_avoided(const PeerId& executor);
  // The worst first, kAvoidedMax at most; up to kAvoidedForNs old.
  std::vector<PeerId> avoided();

  // Learns from the answers to a call that was decided, or cannot be; their receipts are in the
  // store. Where they contradict each other, keeps their receipts as evidence, and gives its name.
  Result<std::optional<Cid>> settled(const scheduler::ContentKey& function,
                                     const scheduler::verify::Judgement& judgement,
                                     std::span<const scheduler::verify::Answer> answers);
  // Keeps the receipts behind an answer that several gave, so that they count when it is asked for
  // again.
  Status witnessed(const Cid& invocation, const scheduler::verify::Judgement& judgement,
                   std::span<const scheduler::verify::Answer> answers);
  // What the executor sent was not the answer that it had committed to, or can be no answer at all:
  // of another call, or signed by another key.
  Status misbehaved(const PeerId& executor, const scheduler::ContentKey& function);

 private:
  Verification(Repository& repository, Clock& clock, scheduler::verify::Scores scores)
      : repository_(repository), clock_(clock), scores_(std::move(scores)) {}
  Status save(const std::vector<PeerId>& nodes, const scheduler::ContentKey& function);

  Repository& repository_;
  Clock& clock_;
  std::mutex mutex_;
  scheduler::verify::Scores scores_;
  // As it was found last.
  std::vector<PeerId> avoided_;
  uint64_t avoided_at_ns_ = 0;
  uint64_t avoided_changes_ = UINT64_MAX;
};

}  // namespace timerose::node
