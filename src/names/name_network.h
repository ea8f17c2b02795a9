// Records of other nodes, for code that waits for them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/event_loop.h"
#include "mesh/host.h"
#include "names/known_records.h"
#include "names/record_router.h"

namespace timerose::names {

// Set by another thread to end a wait.
using CancelFlag = std::atomic<bool>;

// Thread-safe; blocks, so none may be called on the loop.
class NameNetwork {
 public:
  virtual ~NameNetwork() = default;
  virtual Found find(const PeerId& name, const FindOptions& options, const CancelFlag* cancel) = 0;
  virtual Delivered deliver(const PeerId& name, const SignedRecord& record, uint64_t timeout_ms,
                            const CancelFlag* cancel) = 0;
  // The newest that is known without asking, still valid.
  virtual std::optional<SignedRecord> known(const PeerId& name) = 0;
};

// Over a host whose events the loop's thread hands on.
class LoopNameNetwork final : public NameNetwork {
 public:
  // To be made, and destroyed, on the loop's thread or while it does not run. All must outlive it.
  LoopNameNetwork(EventLoop& loop, mesh::Host& host, Clock& clock);
  ~LoopNameNetwork() override;

  // On the loop: whether the event was one of names.
  bool on_event(const mesh::Event& event);
  // From any thread: `call` is called on the loop when a peer has made itself known; not any more
  // once another one was set.
  void on_peer(std::function<void()> call);
  // From any thread: every wait ends now, and none begins.
  void stop();

  Found find(const PeerId& name, const FindOptions& options, const CancelFlag* cancel) override;
  Delivered deliver(const PeerId& name, const SignedRecord& record, uint64_t timeout_ms,
                    const CancelFlag* cancel) override;
  std::optional<SignedRecord> known(const PeerId& name) override;

 private:
  // Lives as long as a task that was posted may run.
  struct State;
  template <typename Answer, typename Ask>
  Answer wait_for(const CancelFlag* cancel, Ask ask);

  EventLoop& loop_;
  Clock& clock_;
  KnownRecords known_;
  std::mutex on_peer_mutex_;
  std::function<void()> on_peer_;
  std::shared_ptr<State> state_;
};

}  // namespace timerose::names
