#include "sim/jobs/jobs_command.h"

#include <fmt/format.h>

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
};

bool set_seeds(std::string_view word, std::string_view text, Command& command) {
  const auto seeds = SeedRange::parse(text);
  if (!seeds) return false;
  command.seeds = *seeds;
  const bool counts = word == "--seeds" && text.find("..") == std::string_view::npos;
  if (counts) command.seeds.first = 1;
  return true;
}

bool set(std::string_view word, std::string_view value, Command& command) {
  if (word == "--seeds" || word == "--seed") return set_seeds(word, value, command);
  if (word == "--nodes") {
    command.nodes = parse_number(value);
    return command.nodes && *command.nodes >= 2 && *command.nodes <= Scenario::kNodesMax;
  }
  if (word == "--lasts") {
    const auto span = parse_duration_ms(value);
    if (span.ok()) command.lasts_ms = *span;
    return span.ok();
  }
  if (word == "--placing") {
    command.placing = value == "omniscient" ? Placing::kOmniscient : Placing::kShipped;
    return value == "omniscient" || value == "shipped";
  }
  if (word == "--pictures") {
    command.pictures = value;
    return true;
  }
  command.json = value == "json";
  return word == "-o" && (value == "json" || value == "text");
}

std::optional<Command> parse(std::span<char*> words) {
  Command command;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--trace") {
      command.trace = true;
    } else if (word == "--table") {
      command.table = true;
    } else if (!word.starts_with("-")) {
      if (!command.scenario.empty()) return std::nullopt;
      command.scenario = word;
    } else if (++i == words.size() || !set(word, words[i], command)) {
      return std::nullopt;
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

Status draw_all(const std::string& folder, uint64_t seed, const MeshResult& result) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const auto write = [&](const char* name, const std::string& picture) {
    const auto path = std::filesystem::path(folder) / fmt::format("{}-{}.svg", name, seed);
    return write_file_atomically(path, as_bytes(picture), kPictureMode);
  };
  TR_TRY(write("use", picture_of_use(result)));
  TR_TRY(write("bytes", picture_of_bytes(result)));
  return write("latency", picture_of_latency(result));
}

int fail(const Error& error) {
  fmt::print(stderr, "timerose-sim: {}\n", error.message);
  return 2;
}

}  // namespace

int run_jobs(std::span<char*> words) {
  const auto command = parse(words);
  if (!command) {
    fmt::print(stderr, "usage:\n{}", kJobsUsage);
    return 2;
  }
  uint64_t failed = 0;
  uint64_t answered = 0;
  const auto began = std::chrono::steady_clock::now();
  for (uint64_t seed = command->seeds.first; seed <= command->seeds.last; ++seed) {
    const auto scenario = scenario_for(*command, seed);
    if (!scenario.ok()) return fail(scenario.error());
    const MeshResult result = run_mesh(*scenario, {.seed = seed, .trace = command->trace});
    answered += result.totals.answered;
    if (command->json) {
      fmt::print("{}\n", json_of(*scenario, seed, result));
    } else {
      fmt::print("{}\n", line_of(seed, result));
      if (command->table) fmt::print("{}", table_of(*scenario, result));
    }
    if (!command->pictures.empty()) {
      if (const Status drawn = draw_all(command->pictures, seed, result); !drawn.ok()) {
        return fail(drawn.error());
      }
    }
    std::fflush(stdout);
    if (result.failure.empty()) continue;
    ++failed;
    fmt::print(stderr, "  {}\n  again: {}\n", result.failure, replay_of(*command, seed));
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  if (!command->json) {
    fmt::print("{} seeds, {} failed; {} calls answered; {:.1f} s\n",
               command->seeds.last - command->seeds.first + 1, failed, answered, took.count());
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace timerose::sim::jobs
