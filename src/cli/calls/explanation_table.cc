#include "cli/calls/explanation_table.h"

#include <fmt/format.h>

#include "base/units.h"

namespace timerose::cli {
namespace {

std::string time_of(float seconds) {
  if (seconds >= 1) return fmt::format("{:.2f} s", seconds);
  return fmt::format("{:.1f} ms", seconds * 1e3F);
}

std::string row(const scheduler::Explanation::Line& line, bool is_first) {
  const scheduler::Cost& cost = line.cost;
  const std::string verdict = !line.rejected.empty() ? line.rejected : is_first ? "cheapest" : "";
  return fmt::format("{:<52} {:<6} {:>10} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}  {}",
                     line.peer.to_string(), why_name(line.why), format_bytes(line.move_bytes),
                     time_of(cost.ask), time_of(cost.move), time_of(cost.burden),
                     time_of(cost.queue), time_of(cost.compile), time_of(cost.run),
                     time_of(cost.dislike), time_of(cost.total()), verdict);
}

}  // namespace

std::string explanation_table(const scheduler::Explanation& explanation) {
  std::string out = fmt::format(
      "{:<52} {:<6} {:>10} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}  {}", "NODE", "WHY",
      "TO MOVE", "ASK", "MOVE", "BURDEN", "QUEUE", "COMPILE", "RUN", "DISLIKE", "TOTAL", "VERDICT");
  bool is_first = true;
  for (const scheduler::Explanation::Line& line : explanation.lines) {
    out += "\n" + row(line, is_first);
    is_first = false;
  }
  return out;
}

}  // namespace timerose::cli
