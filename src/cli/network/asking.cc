#include "cli/network/asking.h"

#include "base/units.h"
#include "cli/program/grammar.h"

namespace timerose::cli {

void add_ask_options(CLI::App& command, std::string& timeout) {
  add_text(command, "--timeout", timeout, "Give up after this long (default: 30s)")
      ->type_name("TIME");
}

Result<node::Ask> ask_of(const Session& session, const std::string& timeout) {
  node::Ask ask;
  ask.cancel = session.streams().cancelled;
  if (!timeout.empty()) {
    auto parsed = parse_duration_ms(timeout);
    if (!parsed.ok()) return std::move(parsed).error().within("--timeout");
    ask.timeout_ms = *parsed;
  }
  return ask;
}

}  // namespace timerose::cli
