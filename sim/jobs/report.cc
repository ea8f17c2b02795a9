#include "sim/jobs/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <variant>
#include <vector>

#include "base/units.h"

namespace timerose::sim::jobs {
namespace {

struct Figure {
  const char* name;
  std::variant<uint64_t, double> value;
  const char* unit;
};

double utilisation(const MeshResult& result) {
  double cores = 0;
  double busy = 0;
  for (const Second& second : result.seconds) {
    if (second.under_way == 0) continue;
    cores += second.cores;
    busy += second.busy;
  }
  return cores == 0 ? 0 : busy / cores;
}

std::vector<Figure> figures_of(const Scenario& scenario, const MeshResult& result) {
  const Totals& totals = result.totals;
  const double advert_bytes =
      static_cast<double>(totals.advert_bytes) / static_cast<double>(scenario.nodes);
  return {{"asked", totals.asked, "calls"},
          {"answered", totals.answered, "calls"},
          {"from_memo", totals.from_memo, "of them, which others knew already"},
          {"stopped", totals.stopped, "calls, by their own limits"},
          {"failed", totals.failed, "calls"},
          {"cancelled", totals.cancelled, "calls"},
          {"abandoned", totals.abandoned, "calls, whose asker went away"},
          {"latency_p50_ms", uint64_t{latency_ms(result.latencies, 0.5)}, "ms"},
          {"latency_p90_ms", uint64_t{latency_ms(result.latencies, 0.9)}, "ms"},
          {"latency_p99_ms", uint64_t{latency_ms(result.latencies, 0.99)}, "ms"},
          {"utilisation", utilisation(result), "of the cores that are here"},
          {"offers", totals.offers, ""},
          {"executions", totals.executions, ""},
          {"useless", totals.useless, "executions, stopped or lost"},
          {"bytes_moved", result.bytes_moved, "bytes"},
          {"fetches", totals.fetches, ""},
          {"moving", totals.moving, "executions whose data had to come"},
          {"moving_needlessly", totals.moving_needlessly, "of them, while a free node held all"},
          {"bytes_needlessly", totals.bytes_needlessly, "bytes"},
          {"moving_sooner", totals.moving_sooner, "of them, sooner than at such a node"},
          {"moving_too_late", totals.moving_too_late, "of them, as one was free too late"},
          {"wrong", totals.wrong, "wrong Outcomes believed, as the policy allows"},
          {"caught", totals.caught, "false answers found out"},
          {"killed", totals.killed, "processes, by calls that kill"},
          {"departures", totals.departures, ""},
          {"adverts", totals.adverts, ""},
          {"advert_bytes_s", advert_bytes / result.virtual_s, "bytes/s, received by a node"},
          {"messages", result.messages, ""},
          {"events", result.events, ""},
          {"virtual_s", result.virtual_s, "s"}};
}

std::string text_of(const Figure& figure) {
  if (const auto* number = std::get_if<double>(&figure.value))
    return fmt::format("{:.3f}", *number);
  const auto count = std::get<uint64_t>(figure.value);
  if (std::string_view(figure.unit) == "bytes") return format_bytes(count);
  return std::to_string(count);
}

}  // namespace

std::string line_of(uint64_t seed, const MeshResult& result) {
  const Totals& totals = result.totals;
  return fmt::format(
      "seed {}: {}  asked {} answered {} stopped {} failed {} cancelled {} abandoned {} wrong {} "
      "caught {} p50 {} ms p99 {} ms moved {} departures {} events {} fingerprint {:016x}",
      seed, result.failure.empty() ? "ok" : "FAILED", totals.asked, totals.answered, totals.stopped,
      totals.failed, totals.cancelled, totals.abandoned, totals.wrong, totals.caught,
      latency_ms(result.latencies, 0.5), latency_ms(result.latencies, 0.99),
      format_bytes(result.bytes_moved), totals.departures, result.events, result.fingerprint);
}

std::string table_of(const Scenario& scenario, const MeshResult& result) {
  std::string out;
  for (const Figure& figure : figures_of(scenario, result)) {
    out += fmt::format("  {:<20} {:>14}  {}\n", figure.name, text_of(figure), figure.unit);
  }
  return out;
}

std::string json_of(const Scenario& scenario, uint64_t seed, const MeshResult& result) {
  nlohmann::ordered_json json{{"scenario", scenario.name},
                              {"seed", seed},
                              {"ok", result.failure.empty()},
                              {"failure", result.failure},
                              {"fingerprint", fmt::format("{:016x}", result.fingerprint)}};
  for (const Figure& figure : figures_of(scenario, result)) {
    std::visit([&](auto value) { json[figure.name] = value; }, figure.value);
  }
  return json.dump();
}

}  // namespace timerose::sim::jobs
