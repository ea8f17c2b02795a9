// What became of every call, and of the mesh second by second: for the promises that are kept of
// calls, and for the tables and pictures at the end.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/chronicle.h"

namespace timerose::sim::jobs {

enum class JobNumber : uint32_t {};

// How a call ended, for its asker.
enum class Fate : uint8_t { kAnswered, kStopped, kFailed, kCancelled };

struct Totals {
  uint64_t asked = 0;
  uint64_t answered = 0;
  uint64_t from_memo = 0;  // of the answered
  uint64_t stopped = 0;    // by limits of the call itself
  uint64_t failed = 0;
  uint64_t cancelled = 0;
  uint64_t abandoned = 0;  // their asker went away
  uint64_t wrong = 0;      // believed, where enough liars met or one answer was enough
  uint64_t caught = 0;     // liars whose answer lost
  uint64_t offers = 0;
  uint64_t executions = 0;  // begun
  uint64_t useless = 0;     // stopped, or lost with their node
  uint64_t killed = 0;      // processes, by calls that kill
  uint64_t moving = 0;      // executions whose data had to come
  // Of these (free_holders.h), there being a free node that held all when the call was placed: it
  // would have begun sooner there, with the bytes that moved, or later; or there was no such node
  // then, and is one now.
  uint64_t moving_needlessly = 0;
  uint64_t bytes_needlessly = 0;
  uint64_t moving_sooner = 0;
  uint64_t moving_too_late = 0;
  uint64_t fetches = 0;
  uint64_t adverts = 0;
  uint64_t advert_bytes = 0;  // received, over all nodes: copies and envelopes included
  uint64_t departures = 0;
};

// One second of the mesh.
struct Second {
  uint32_t cores = 0;  // of the nodes that are here
  uint32_t busy = 0;
  uint32_t waiting = 0;  // executions
  uint64_t bytes = 0;    // moved in it
  uint32_t answered = 0;
  uint32_t failed = 0;     // and stopped
  uint32_t under_way = 0;  // calls
};

class Books {
 public:
  // A call may take so much longer than its deadline.
  static constexpr uint64_t kSlackNs = 2 * kSecond;

  Books(EventQueue& events, Chronicle& chronicle) : events_(events), chronicle_(chronicle) {}

  // From here on the call must end, once, at its deadline at the latest; or its asker goes away.
  JobNumber begin(NodeNumber asker, uint64_t deadline_ms);
  void end(JobNumber job, Fate fate);
  void abandon(JobNumber job);

  // At the end of the run.
  void check_all_ended();

  Totals totals;
  std::vector<Second> seconds;
  [[nodiscard]] uint64_t under_way() const { return under_way_; }
  // Of answered calls: when they were answered, and after how long.
  struct Latency {
    uint32_t at_ms;
    uint32_t took_ms;
  };
  [[nodiscard]] const std::vector<Latency>& latencies() const { return latencies_; }

 private:
  struct Record {
    NodeNumber asker = 0;
    bool ended = false;
    bool abandoned = false;
    uint64_t begun_ns = 0;
  };
  EventQueue& events_;
  Chronicle& chronicle_;
  std::vector<Record> records_;
  std::vector<Latency> latencies_;
  uint64_t under_way_ = 0;
};

}  // namespace timerose::sim::jobs
