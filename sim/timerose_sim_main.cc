// timerose-sim bitswap|node --nodes 1000 --seeds 1..200: runs made-up worlds, one for each seed,
// and says which of them broke a promise. timerose-sim adverts --nodes 1000: what adverts cost.
// timerose-sim jobs: compute meshes (docs/reference/simulator.md).
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "sim/advert_gossip.h"
#include "sim/bitswap_scenario.h"
#include "sim/jobs/jobs_command.h"
#include "sim/seed_range.h"

namespace timerose::sim {
namespace {

constexpr uint64_t kNodesMax = 10'000;
constexpr uint64_t kAdvertNodesMax = 100'000;
constexpr const char* kUsage =
    "usage: timerose-sim jobs [SCENARIO.json] [--seeds A..B] ...   (see timerose-sim jobs --help)\n"
    "       timerose-sim bitswap|node [--nodes N] [--seeds A..B | --seed N] [--trace]\n"
    "       timerose-sim adverts [--nodes N] [--seeds A..B | --seed N]\n";
constexpr const char* kHelp = R"(
Runs the code that ships over a made-up network in virtual time, one world for each seed, and says
which of them broke a promise. What one seed shows it shows again.

  jobs      compute meshes: calls that are placed, run, lost, placed again and checked
  bitswap   blocks exchanged between nodes, some of which lie
  node      the same with routing policy: provider search, announcing, connections, gateways
  adverts   what adverts cost each node

  --nodes N      so many nodes
  --seeds A..B   those seeds; --seed N: that one. 1..20 unless given
  --trace        everything that happens, step by step

The exit code is 1 if a promise was broken, and 2 if the command is wrong. sim/README.md says what is
promised.
)";

struct Command {
  BitswapOptions options;
  bool adverts = false;  // and nothing of Bitswap
  uint64_t first_seed = 1;
  uint64_t last_seed = 20;
};

bool set_seeds(std::string_view text, Command& command) {
  const auto seeds = SeedRange::parse(text);
  if (!seeds) return false;
  command.first_seed = seeds->first;
  command.last_seed = seeds->last;
  return true;
}

std::optional<Command> parse(int count, char** words) {
  if (count < 2) return std::nullopt;
  const std::string_view kind = words[1];
  if (kind != "bitswap" && kind != "node" && kind != "adverts") return std::nullopt;
  Command command;
  command.adverts = kind == "adverts";
  const uint64_t nodes_max = command.adverts ? kAdvertNodesMax : kNodesMax;
  command.options.kind = kind == "node" ? NodeKind::kWhole : NodeKind::kBitswap;
  for (int i = 2; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--trace") {
      command.options.trace = true;
      continue;
    }
    if (++i == count) return std::nullopt;
    if (word == "--nodes") {
      const auto nodes = parse_number(words[i]);
      if (!nodes || *nodes < 2 || *nodes > nodes_max) return std::nullopt;
      command.options.nodes = *nodes;
    } else if ((word != "--seeds" && word != "--seed") || !set_seeds(words[i], command)) {
      return std::nullopt;
    }
  }
  return command;
}

void print(uint64_t seed, const BitswapResult& result) {
  const Counts& counts = result.counts;
  std::printf(
      "seed %llu: %s  wanted %llu accepted %llu given up %llu dropped %llu duplicates %llu avoided "
      "%llu searches %llu lent %llu announced %llu trimmed %llu dialed again %llu messages %llu "
      "events %llu virtual %.1f s fingerprint %016llx\n",
      static_cast<unsigned long long>(seed), result.failure.empty() ? "ok" : "FAILED",
      static_cast<unsigned long long>(counts.wanted),
      static_cast<unsigned long long>(counts.accepted),
      static_cast<unsigned long long>(counts.given_up),
      static_cast<unsigned long long>(counts.dropped),
      static_cast<unsigned long long>(counts.duplicates),
      static_cast<unsigned long long>(counts.avoided),
      static_cast<unsigned long long>(counts.searches),
      static_cast<unsigned long long>(counts.lent),
      static_cast<unsigned long long>(counts.announced),
      static_cast<unsigned long long>(counts.trimmed),
      static_cast<unsigned long long>(counts.dialed_again),
      static_cast<unsigned long long>(counts.messages),
      static_cast<unsigned long long>(counts.events),
      static_cast<double>(counts.virtual_ns) / static_cast<double>(kSecond),
      static_cast<unsigned long long>(result.fingerprint));
  std::fflush(stdout);
}

int run_adverts(const Command& command) {
  for (uint64_t seed = command.first_seed; seed <= command.last_seed; ++seed) {
    AdvertGossipOptions options;
    options.nodes = command.options.nodes;
    options.seed = seed;
    const AdvertGossipResult result = run_advert_gossip(options);
    std::printf(
        "seed %llu: adverts %llu  every %.0f s (%.0f s at most, %.0f s promised)  age %.0f s  "
        "copies %.2f  reach %.4f  received %.0f B/s a node, %.0f B/s by the busiest\n",
        static_cast<unsigned long long>(seed), static_cast<unsigned long long>(result.adverts),
        result.spacing_s, result.spacing_max_s, result.promised_s, result.age_s, result.copies,
        result.reach, result.received_bytes_s, result.busiest_bytes_s);
  }
  return 0;
}

int run(Command command) {
  if (command.adverts) return run_adverts(command);
  uint64_t failed = 0;
  Counts sum;
  for (uint64_t seed = command.first_seed; seed <= command.last_seed; ++seed) {
    command.options.seed = seed;
    const BitswapResult result = run_bitswap(command.options);
    print(seed, result);
    sum.wanted += result.counts.wanted;
    sum.accepted += result.counts.accepted;
    sum.duplicates += result.counts.duplicates;
    if (result.failure.empty()) continue;
    ++failed;
    std::printf("  %s\n  again: timerose-sim %s --nodes %llu --seed %llu --trace\n",
                result.failure.c_str(),
                command.options.kind == NodeKind::kWhole ? "node" : "bitswap",
                static_cast<unsigned long long>(command.options.nodes),
                static_cast<unsigned long long>(seed));
  }
  const uint64_t seeds = command.last_seed - command.first_seed + 1;
  std::printf("%llu seeds, %llu failed; %llu wants, %llu accepted, %llu duplicates\n",
              static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(failed),
              static_cast<unsigned long long>(sum.wanted),
              static_cast<unsigned long long>(sum.accepted),
              static_cast<unsigned long long>(sum.duplicates));
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace timerose::sim

int main(int count, char** words) {
  using timerose::sim::jobs::run_jobs;
  if (count >= 2 && std::string_view(words[1]) == "jobs") {
    return run_jobs({words + 2, words + count});
  }
  const std::string_view last = words[count - 1];
  if (last == "--help" || last == "-h") {
    std::fputs(timerose::sim::kUsage, stdout);
    std::fputs(timerose::sim::kHelp, stdout);
    return 0;
  }
  const auto command = timerose::sim::parse(count, words);
  if (!command) {
    std::fputs(timerose::sim::kUsage, stderr);
    return 2;
  }
  return timerose::sim::run(*command);
}
