// A made-up compute mesh, as a person writes it (docs/reference/simulator.md): machines and where
// they stand, what goes wrong, what is asked of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "scheduler/verify/quorum.h"

namespace timerose::sim::jobs {

// Round trips between two nodes: the distance of their points, and the height of each.
struct Region {
  std::string name = "here";
  double share = 1;
  double x_ms = 0;
  double y_ms = 0;
  double radius_ms = 4;
};

struct Machine {
  double share = 1;
  uint64_t cores = 4;
  uint64_t memory_bytes = 8ULL << 30;
  uint64_t fuel_per_s = 1'000'000'000;
  uint64_t up_bytes_s = 12'500'000;
  uint64_t down_bytes_s = 12'500'000;
};

// Who is cut off from the others, for how long: a region, or a share of all nodes.
struct Partition {
  uint64_t at_ms = 0;
  uint64_t lasts_ms = 0;
  std::string region;
  double share = 0.3;
};

struct FunctionKind {
  std::string name = "call";
  double share = 1;
  uint64_t count = 4;  // functions of this kind
  uint64_t module_bytes = 1U << 20;
  uint64_t fuel = 200'000'000;
  double fuel_per_byte = 0;
  uint64_t output_bytes = 4096;
  uint64_t memory_bytes = 64U << 20;
  double kills = 0;  // share of its calls that end the executor's process
};

struct Data {
  uint64_t objects = 200;
  uint64_t bytes_min = 1U << 20;
  uint64_t bytes_max = 64U << 20;
  double zipf = 1;      // popularity: the nth object is asked for n^-zipf as often
  uint64_t copies = 2;  // of each, at the start
};

struct Faults {
  double loss = 0;               // of packets: a stream waits for them, gossip does without
  double breaks_per_minute = 0;  // of all links together
  double churning = 0;           // share of the nodes that come and go
  uint64_t stays_ms = 60'000;    // the mean, of these
  uint64_t away_ms = 20'000;
  double slow = 0;  // share of the nodes that take `slower` times as long
  double slower = 10;
  double never_runs = 0;  // share that accepts, and does nothing
  double lies_alone = 0;
  double lies_together = 0;  // share that gives the same wrong Outcome
  bool praise = false;       // liars say that they are fast, idle, and lack nothing
  uint64_t skew_ms = 0;      // of clocks, either way
  std::vector<Partition> partitions;
};

// What each executor gives, beside what its machine has; as a node's settings say.
struct Limits {
  uint64_t running_of_requester = UINT32_MAX;
  uint64_t fetching = 8;
  uint64_t calls = 65'536;
  uint64_t calls_of_requester = 8192;
  uint64_t bytes_of_requester = 64ULL << 20;
  uint64_t fuel_a_minute = UINT64_MAX;  // of a requester
};

enum class Placing { kShipped, kOmniscient };

struct Work {
  double jobs_per_s = 5;
  double askers = 1;  // share of the nodes that ask
  uint64_t askers_max = 1'000'000;
  double follow = 0;     // share of the calls that read what an earlier call wrote
  double repeated = 0;   // share of the calls that were asked before, by this node or another
  double starved = 0;    // share of the calls with less fuel than they need
  double cancelled = 0;  // share of the calls whose asker changes its mind
  uint64_t deadline_ms = 60'000;
  scheduler::verify::Wish verify;  // how answers are checked
  double verified = 1;             // share of the calls that are checked so; others are believed
  double hedged = 0;
  bool receipts = false;  // of all calls, not only of those that are compared
  Placing placing = Placing::kShipped;
  std::vector<FunctionKind> functions{FunctionKind()};
  Data data;
};

struct Scenario {
  static constexpr size_t kTextBytesMax = 1U << 20;
  static constexpr uint64_t kNodesMax = 1'000'000;

  std::string name = "mesh";
  uint64_t nodes = 30;
  uint64_t lasts_ms = 60'000;  // while calls are asked; then all of them are waited for
  std::vector<Region> regions{Region()};
  double height_ms = 0.3;  // of a node, the mean
  std::vector<Machine> machines{Machine()};
  Faults faults;
  Limits limits;
  Work work;

  // The JSON of docs/reference/simulator.md, with // comments. An error names the line.
  static Result<Scenario> parse(std::string_view text);
  // What cannot be: shares that are none, a region that is not there.
  [[nodiscard]] Status check() const;
};

}  // namespace timerose::sim::jobs
