// Announces to the DHT which blocks are here, by the plan of provide_plan.h. Of the loop's thread.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "exchange/provide_plan.h"
#include "mesh/host.h"

namespace timerose::exchange {

struct ProviderStat {
  uint64_t waiting = 0;   // new ones that have not been announced yet
  uint64_t left_out = 0;  // new ones that did not fit, and wait for the sweep
  uint64_t in_flight = 0;
  uint64_t announced = 0;       // since the start
  uint64_t failed = 0;          // the latter were tried again
  uint64_t blocks = 0;          // that the sweep goes over, when last listed
  uint64_t regions = 0;         // listed since the start
  uint64_t swept_until_ns = 0;  // of the Unix clock: how far behind the sweep is
  bool needs_peer = false;      // nobody could be asked; waits for a peer of the DHT
  std::string failure;          // why the blocks could not be listed, if so
};

class Provider {
 public:
  // Announcements under way; of the sweep, while it is far behind.
  static constexpr size_t kInFlightMax = 16;
  static constexpr size_t kInFlightBehindMax = 64;
  // Behind by this part of the interval is far.
  static constexpr uint64_t kBehindPart = 64;
  // One that failed is tried again after so long; so is the listing of blocks.
  static constexpr uint64_t kRetryNs = 60'000'000'000;
  // Of those; more are left to the next sweep.
  static constexpr size_t kRetriesMax = 4096;
  // While others need the network more, only urgent ones are announced; so often it is looked at.
  static constexpr uint64_t kBusyNs = 500'000'000;

  // Answers on the loop, some time later.
  using OnListed = std::function<void(Result<RegionBlocks>)>;
  struct Parts {
    EventLoop& loop;
    mesh::Host& host;
    Clock& clock;
    // Lists the blocks of a region that are announced again and again. Empty: there are none.
    std::function<void(const KeyRegion&, OnListed)> list;
    // Whether others need the network more. Empty: never.
    std::function<bool()> busy;
  };
  Provider(Parts parts, ProvidePlan plan);
  ~Provider();

  // Begins with the sweep.
  void start();
  void announce(ByteView multihash, bool urgent);
  // Announces everything again, from now on.
  void sweep_again();

  // Whether it was the end of one of these announcements.
  bool on_event(const mesh::Event& event);

  [[nodiscard]] ProviderStat stat() const;
  [[nodiscard]] const ProvidePlan& plan() const { return plan_; }
  // What a node that ends is to announce when it runs again: what is urgent, and what was begun and
  // has not succeeded.
  [[nodiscard]] std::vector<Bytes> unfinished() const;

 private:
  void pump();
  void send(Bytes multihash);
  void list_region(uint64_t unix_ns);
  void listed(Result<RegionBlocks> blocks);
  void ended(const mesh::QueryEnded& event, Bytes multihash);
  void set_timer(uint64_t unix_ns);
  [[nodiscard]] size_t in_flight_max(uint64_t unix_ns) const;

  const Parts parts_;
  ProvidePlan plan_;
  bool started_ = false;
  bool listing_ = false;
  bool waits_for_others_ = false;
  uint64_t list_again_ns_ = 0;    // by the monotonic clock
  uint64_t nobody_until_ns_ = 0;  // the same
  std::map<mesh::QueryId, Bytes> in_flight_;
  std::deque<Bytes> unsent_;                        // nobody could be asked
  std::deque<std::pair<uint64_t, Bytes>> retries_;  // when, by the monotonic clock
  uint64_t announced_ = 0;
  uint64_t failed_ = 0;
  std::string failure_;
  std::unique_ptr<EventLoop::Timer> timer_;
  std::shared_ptr<Provider*> self_;  // null once it is gone: for what is listed
};

}  // namespace timerose::exchange
