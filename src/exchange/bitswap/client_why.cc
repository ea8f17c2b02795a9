#include <string>

#include "exchange/bitswap/client_state.h"

namespace timerose::bitswap {
namespace {

constexpr size_t kPeersNamedMax = 8;

std::string seconds(uint64_t ns) {
  const uint64_t tenths = ns / 100'000'000;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

std::string said(const Ask& ask, uint64_t now_ns) {
  switch (ask.state) {
    case AskState::kBlock:
    case AskState::kLate:
    case AskState::kPresence:
      return (ask.refused ? "did not have it; asked again, no answer in " : "no answer in ") +
             seconds(now_ns - ask.asked_ns);
    case AskState::kHas:
      if (ask.peer->avoided) return "sent wrong bytes too often";
      if (!ask.peer->connected) return "is named as a provider, but could not be reached";
      return ask.sent ? "has it, but has not sent it" : "is named as a provider";
    case AskState::kHasNot:
      return "does not have it";
    case AskState::kGone:
      return ask.peer->avoided ? "sent wrong bytes too often" : "disconnected before it answered";
    case AskState::kNothing:
      return "was not asked";
  }
  return "";
}

}  // namespace

std::string why_given_up(const SoughtBlock& want, const SessionRecord& session, uint64_t now_ns) {
  std::string text =
      "asked " + std::to_string(want.asks.size()) + (want.asks.size() == 1 ? " peer" : " peers");
  size_t named = 0;
  for (const auto& ask : want.asks) {
    if (named == kPeersNamedMax) {
      text += "; and " + std::to_string(want.asks.size() - named) + " more";
      break;
    }
    text += (named++ == 0 ? ": " : "; ") + ask->peer->id.to_string() + ": " + said(*ask, now_ns);
    if (ask->peer->bad > 0 && !ask->peer->avoided) text += " (and has sent wrong bytes)";
  }
  text += want.searches == 0 ? "; providers were not looked for"
                             : "; looked for providers " + std::to_string(want.searches) +
                                   (want.searches == 1 ? " time" : " times") + ", found " +
                                   std::to_string(want.providers_found);
  if (!session.awaited.empty()) {
    text += "; " + std::to_string(session.awaited.size()) + " known providers are not connected";
  }
  return text + "; connect to a peer that has it, or allow more time";
}

}  // namespace timerose::bitswap
