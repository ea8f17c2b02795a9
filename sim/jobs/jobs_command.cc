#include "sim/jobs/jobs_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>

#include "base/file.h"
#include "base/units.h"
#include "sim/jobs/picture.h"
#include "sim/jobs/report.h"
#include "sim/jobs/storm.h"
#include "sim/seed_range.h"

namespace timerose::sim::jobs {
namespace {

constexpr unsigned kPictureMode = 0644;

constexpr const char* kHelp = R"(
Runs compute meshes that are made up from a seed, in virtual time: jobs, leases, adverts and
verification as they ship, over a modelled network and modelled guests. One line for each seed.

  SCENARIO.json      the mesh to run: nodes, machines, faults, work (docs/reference/simulator.md;
                     examples in sim/scenarios). Without it each seed makes up a small mesh with
                     everything wrong that can be.
  --seeds A..B       those seeds; --seeds COUNT: 1..COUNT; --seed N: that one. Seed 1 unless given.
  --nodes N          as many nodes, whatever the scenario says
  --lasts SPAN       calls are asked for so long: 90s, 10m
  --placing WHO      shipped: the real placement; omniscient: by one who knows everything at once
  --table            every figure, below the line of each seed
  --pictures FOLDER  draws use-SEED.svg, bytes-SEED.svg and latency-SEED.svg there
  -o json            one JSON object a seed instead of text
  --trace            everything that happens, step by step

The exit code is 1 if a promise was broken (it says which, when, at which node, and the command that
shows it again), and 2 if the command or the scenario is wrong.

  timerose-sim jobs --seeds 20
  timerose-sim jobs sim/scenarios/continents.json --table --pictures out
)";

struct Command {
  std::string scenario;  // its file; empty: made up
  SeedRange seeds;
  std::optional<uint64_t> nodes;
  std::optional<uint64_t> lasts_ms;
  std::optional<Placing> placing;
  bool table = false;
  bool json = false;
  bool trace = false;
  std::string pictures;
  bool help = false;
};

Error wrong(std::string_view word, std::string_view expected, std::string_view found) {
  return {ErrorCode::kInvalidArgument,
          fmt::format("{}: expected {}, found '{}'", word, expected, found)};
}

Status set_seeds(std::string_view word, std::string_view text, Command& command) {
  const auto seeds = SeedRange::parse(text);
  const bool is_range = text.find("..") != std::string_view::npos;
  if (!seeds || (word == "--seed" && is_range)) {
    return wrong(word, word == "--seed" ? "a number, such as 17" : "such as 1..200, or 200", text);
  }
  command.seeds = *seeds;
  if (word == "--seeds" && !is_range) command.seeds.first = 1;
  return success();
}

Status set(std::string_view word, std::string_view value, Command& command) {
  if (word == "--seeds" || word == "--seed") return set_seeds(word, value, command);
  if (word == "--nodes") {
    command.nodes = parse_number(value);
    if (command.nodes && *command.nodes >= 2 && *command.nodes <= Scenario::kNodesMax) {
      return success();
    }
    return wrong(word, fmt::format("a number from 2 to {}, such as 100", Scenario::kNodesMax),
                 value);
  }
  if (word == "--lasts") {
    const auto span = parse_duration_ms(value);
    if (!span.ok()) return wrong(word, "a time, such as 90s or 10m", value);
    command.lasts_ms = *span;
    return success();
  }
  if (word == "--placing") {
    if (value != "omniscient" && value != "shipped") {
      return wrong(word, "shipped or omniscient", value);
    }
    command.placing = value == "omniscient" ? Placing::kOmniscient : Placing::kShipped;
    return success();
  }
  if (word == "--pictures") {
    command.pictures = value;
    return success();
  }
  if (value != "json" && value != "text") return wrong(word, "text or json", value);
  command.json = value == "json";
  return success();
}

bool takes_value(std::string_view word) {
  static constexpr std::array<std::string_view, 7> kWords{
      "--seeds", "--seed", "--nodes", "--lasts", "--placing", "--pictures", "-o"};
  return std::ranges::find(kWords, word) != kWords.end();
}

Result<Command> parse(std::span<char*> words) {
  Command command;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--help" || word == "-h") {
      command.help = true;
    } else if (word == "--trace") {
      command.trace = true;
    } else if (word == "--table") {
      command.table = true;
    } else if (!word.starts_with("-")) {
      if (!command.scenario.empty()) return wrong("jobs", "one scenario", word);
      command.scenario = word;
    } else if (!takes_value(word)) {
      return Error{ErrorCode::kInvalidArgument, fmt::format("there is no option {}", word)};
    } else if (i + 1 == words.size()) {
      return Error{ErrorCode::kInvalidArgument, fmt::format("{} needs a value", word)};
    } else {
      TR_TRY(set(word, words[++i], command));
    }
  }
  return command;
}

Result<Scenario> scenario_for(const Command& command, uint64_t seed) {
  Scenario out = make_storm(seed);
  if (!command.scenario.empty()) {
    TR_ASSIGN(const Bytes text, read_file(command.scenario, Scenario::kTextBytesMax));
    auto scenario = Scenario::parse(as_text(text));
    if (!scenario.ok()) return std::move(scenario).error().within(command.scenario);
    out = *std::move(scenario);
  }
  if (command.nodes) out.nodes = *command.nodes;
  if (command.lasts_ms) out.lasts_ms = *command.lasts_ms;
  if (command.placing) out.work.placing = *command.placing;
  return out;
}

std::string replay_of(const Command& command, uint64_t seed) {
  std::string out = "timerose-sim jobs ";
  if (!command.scenario.empty()) out += command.scenario + " ";
  if (command.nodes) out += fmt::format("--nodes {} ", *command.nodes);
  if (command.lasts_ms) out += fmt::format("--lasts {}ms ", *command.lasts_ms);
  if (command.placing == Placing::kOmniscient) out += "--placing omniscient ";
  return out + fmt::format("--seed {} --trace", seed);
}

Status draw_all(const std::string& folder, uint64_t seed, const Scenario& scenario,
                const MeshResult& result) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const auto write = [&](const char* name, const std::string& picture) {
    const auto path = std::filesystem::path(folder) / fmt::format("{}-{}.svg", name, seed);
    return write_file_atomically(path, as_bytes(picture), kPictureMode);
  };
  TR_TRY(write("use", picture_of_use(scenario, result)));
  TR_TRY(write("bytes", picture_of_bytes(scenario, result)));
  return write("latency", picture_of_latency(scenario, result));
}

int fail(const Error& error) {
  fmt::print(stderr, "timerose-sim: {}\n", error.message);
  return 2;
}

// What came of one seed, as the command wants it told.
Status tell(const Command& command, const Scenario& scenario, uint64_t seed,
            const MeshResult& result) {
  if (command.json) {
    fmt::print("{}\n", json_of(scenario, seed, result));
  } else {
    fmt::print("{}\n", line_of(seed, result));
    if (command.table) fmt::print("{}", table_of(scenario, result));
  }
  std::fflush(stdout);
  if (!result.failure.empty()) {
    fmt::print(stderr, "  {}\n  again: {}\n", result.failure, replay_of(command, seed));
  }
  if (command.pictures.empty()) return success();
  return draw_all(command.pictures, seed, scenario, result);
}

int run_all(const Command& command) {
  uint64_t failed = 0;
  uint64_t answered = 0;
  const auto began = std::chrono::steady_clock::now();
  for (uint64_t seed = command.seeds.first; seed <= command.seeds.last; ++seed) {
    const auto scenario = scenario_for(command, seed);
    if (!scenario.ok()) return fail(scenario.error());
    const MeshResult result =
        run_mesh(*scenario, {.seed = seed, .trace = command.trace, .sabotage = {}});
    answered += result.totals.answered;
    if (!result.failure.empty()) ++failed;
    if (const Status told = tell(command, *scenario, seed, result); !told.ok()) {
      return fail(told.error());
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  if (!command.json) {
    fmt::print("{} seeds, {} failed; {} calls answered; {:.1f} s\n",
               command.seeds.last - command.seeds.first + 1, failed, answered, took.count());
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace

int run_jobs(std::span<char*> words) {
  const auto parsed = parse(words);
  if (!parsed.ok()) {
    fmt::print(stderr, "timerose-sim: {}\nusage: {}", parsed.error().message, kJobsUsage);
    return 2;
  }
  if (parsed->help) {
    fmt::print("usage: {}{}", kJobsUsage, kHelp);
    return 0;
  }
  return run_all(*parsed);
}

}  // namespace timerose::sim::jobs
