#include "names/name_network.h"

#include <chrono>

namespace timerose::names {
namespace {

// How soon a wait notices that it was cancelled.
constexpr std::chrono::milliseconds kLookEvery{50};

}  // namespace

struct LoopNameNetwork::State {
  State(EventLoop& loop, mesh::Host& host, Clock& clock, KnownRecords& known)
      : router(host, clock, known), timer(loop.timer([this] {
          router.on_time();
          set_timer();
        })) {}

  void set_timer() { timer->set(router.wake_at_ns()); }

  RecordRouter router;  // on the loop alone
  std::unique_ptr<EventLoop::Timer> timer;

  std::mutex mutex;  // of what follows, and of every answer
  std::condition_variable changed;
  bool stopped = false;
};

LoopNameNetwork::LoopNameNetwork(EventLoop& loop, mesh::Host& host, Clock& clock)
    : loop_(loop), clock_(clock), state_(std::make_shared<State>(loop, host, clock, known_)) {}

LoopNameNetwork::~LoopNameNetwork() {
  stop();
  state_->router.end_all("the node stops");
}

void LoopNameNetwork::on_peer(std::function<void()> call) {
  const std::lock_guard lock(on_peer_mutex_);
  on_peer_ = std::move(call);
}

void LoopNameNetwork::stop() {
  const std::lock_guard lock(state_->mutex);
  state_->stopped = true;
  state_->changed.notify_all();
}

bool LoopNameNetwork::on_event(const mesh::Event& event) {
  if (std::holds_alternative<mesh::Identified>(event)) {
    const std::lock_guard lock(on_peer_mutex_);
    if (on_peer_) on_peer_();
    return false;
  }
  const bool taken = state_->router.on_event(event);
  if (taken) state_->set_timer();
  return taken;
}

std::optional<SignedRecord> LoopNameNetwork::known(const PeerId& name) {
  return known_.find(name, clock_.unix_ns());
}

// `ask` is called on the loop with the router and what takes the answer. The answer of one that
// was given up comes to a place that nobody looks at any more.
template <typename Answer, typename Ask>
Answer LoopNameNetwork::wait_for(const CancelFlag* cancel, Ask ask) {
  const auto answer = std::make_shared<std::optional<Answer>>();
  const std::weak_ptr<State> weak = state_;
  loop_.post([weak, answer, ask = std::move(ask)] {
    const auto state = weak.lock();
    if (!state) return;
    ask(state->router, [weak, answer](Answer given) {
      const auto asker = weak.lock();
      if (!asker) return;
      const std::lock_guard lock(asker->mutex);
      *answer = std::move(given);
      asker->changed.notify_all();
    });
    state->set_timer();
  });
  const auto cancelled = [&] { return cancel != nullptr && cancel->load(); };
  std::unique_lock lock(state_->mutex);
  while (!*answer && !state_->stopped && !cancelled()) {
    state_->changed.wait_for(lock, kLookEvery);
  }
  if (*answer) return std::move(**answer);
  Answer none;
  none.why = state_->stopped ? "the node stops" : "cancelled";
  return none;
}

Found LoopNameNetwork::find(const PeerId& name, const FindOptions& options,
                            const CancelFlag* cancel) {
  return wait_for<Found>(cancel, [name, options](RecordRouter& router, auto done) {
    router.find(name, options, std::move(done));
  });
}

Delivered LoopNameNetwork::deliver(const PeerId& name, const SignedRecord& record,
                                   uint64_t timeout_ms, const CancelFlag* cancel) {
  return wait_for<Delivered>(cancel, [name, record, timeout_ms](RecordRouter& router, auto done) {
    router.deliver(name, record, timeout_ms, std::move(done));
  });
}

}  // namespace timerose::names
