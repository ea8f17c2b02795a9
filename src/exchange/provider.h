// Announces to the DHT which blocks are here, by the plan of provide_plan.h. Of the loop's thread.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "exchange/provide_plan.h"
#include "mesh/host.h"
#include "multiformats/cid.h"

namespace timerose::exchange {

struct ProviderStat {
  uint64_t blocks = 0;     // that are announced again and again
  uint64_t waiting = 0;    // new ones that have not been announced yet
  uint64_t announced = 0;  // since the start
  uint64_t failed = 0;     // the latter were tried again
};

class Provider {
 public:
  // Announcements under way.
  static constexpr size_t kInFlightMax = 16;
  // One that failed (no peer, most often) is tried again after so long.
  static constexpr uint64_t kRetryNs = 60'000'000'000;
  // Of those; more are left to the next sweep.
  static constexpr size_t kRetriesMax = 4096;

  struct Parts {
    EventLoop& loop;
    mesh::Host& host;
    Clock& clock;
  };
  Provider(const Parts& parts, ProvidePlan plan);

  // Which blocks to add is the caller's choice: all, roots, pinned ones or none.
  void add(const Cid& cid, bool is_new);
  void remove(const Cid& cid);

  // Whether it was the end of one of these announcements.
  bool on_event(const mesh::Event& event);

  [[nodiscard]] ProviderStat stat() const;
  // To be kept, and handed to the next plan after a restart.
  [[nodiscard]] uint64_t swept_until_ns() const { return plan_.swept_until_ns(); }

 private:
  void pump();

  const Parts parts_;
  ProvidePlan plan_;
  std::map<mesh::QueryId, Bytes> in_flight_;
  std::deque<std::pair<uint64_t, Bytes>> retries_;  // when, by the monotonic clock
  uint64_t announced_ = 0;
  uint64_t failed_ = 0;
  std::unique_ptr<EventLoop::Timer> timer_;
};

}  // namespace timerose::exchange
