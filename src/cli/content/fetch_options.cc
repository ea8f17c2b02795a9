#include <fmt/format.h>

#include "base/units.h"
#include "cli/program/grammar.h"
#include "node/network/peer_address.h"

namespace timerose::cli {

void add_fetch_options(Grammar& grammar, CLI::App& command) {
  add_text(command, "--timeout", grammar.fetch.timeout,
           "Give up after this long without a new block from other nodes (default: 60s)")
      ->type_name("TIME");
  add_repeated(command, "--providers", grammar.fetch.providers,
               "A peer to ask first: PeerID or multiaddr; may be repeated")
      ->type_name("PEER");
}

Result<Fetching> fetching_of(const FetchTexts& texts) {
  Fetching fetching;
  fetching.offline = texts.offline;
  if (!texts.timeout.empty()) {
    auto timeout = parse_duration_ms(texts.timeout);
    if (!timeout.ok()) return std::move(timeout).error().within("--timeout");
    fetching.timeout_ms = *timeout;
  }
  for (const std::string& text : texts.providers) {
    auto peer = node::parse_peer(text);
    if (!peer.ok()) return std::move(peer).error().within("--providers");
    fetching.providers.push_back(*std::move(peer));
  }
  return fetching;
}

}  // namespace timerose::cli
