// Many hosts that connect to one node and stay: what connections cost it is seen from outside.
//
//   crowd COUNT PEER ADDRESS...   prints "connected N" once all are (or what failed), and ends with
//                                 its standard input
#include <poll.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <iostream>

#include "mesh/bridge_host.h"

namespace timerose::mesh {
namespace {

constexpr int kWaitMs = 60'000;

struct Member {
  std::unique_ptr<Host> host;
  bool connected = false;
};

Member start(uint32_t number) {
  std::array<uint8_t, 32> seed{0xc0};
  for (size_t i = 0; i < 4; ++i) seed.at(1 + i) = static_cast<uint8_t>(number >> (8 * i));
  HostOptions options;
  options.agent = "crowd";
  options.mdns = false;
  options.dht = DhtMode::kClient;
  auto host = start_bridge_host(PrivateKey::from_seed(seed), options);
  if (!host.ok()) {
    std::cerr << host.error().message << '\n';
    std::exit(1);
  }
  return {.host = std::move(host).value()};
}

// Takes what it has to tell; false: its dial failed.
bool listen_to(Member& member) {
  std::vector<Event> events;
  member.host->take_events(events, 1000);
  for (const Event& event : events) {
    if (std::holds_alternative<Identified>(event)) member.connected = true;
    if (const auto* failed = std::get_if<DialFailed>(&event)) {
      std::cerr << failed->why << '\n';
      return false;
    }
  }
  return true;
}

bool connect(Member& member, const PeerAddresses& target) {
  if (!member.host->connect(target).ok()) return false;
  while (!member.connected) {
    pollfd descriptor{member.host->event_descriptor(), POLLIN, 0};
    if (::poll(&descriptor, 1, kWaitMs) == 0 || !listen_to(member)) return false;
  }
  return true;
}

// Until the end of the standard input.
void stay(std::vector<Member>& members) {
  while (true) {
    std::vector<pollfd> descriptors{{STDIN_FILENO, POLLIN, 0}};
    for (const Member& member : members) {
      descriptors.push_back({member.host->event_descriptor(), POLLIN, 0});
    }
    ::poll(descriptors.data(), descriptors.size(), -1);
    if (descriptors[0].revents != 0) return;
    for (Member& member : members) listen_to(member);
  }
}

int run(uint32_t count, const PeerAddresses& target) {
  std::vector<Member> members;
  for (uint32_t i = 0; i < count; ++i) {
    members.push_back(start(i));
    if (!connect(members.back(), target)) return 1;
  }
  std::cout << "connected " << members.size() << std::endl;
  stay(members);
  return 0;
}

}  // namespace
}  // namespace timerose::mesh

int main(int argc, char** argv) {
  using namespace timerose;  // NOLINT(google-build-using-namespace)
  const std::vector<std::string> words(argv + 1, argv + argc);
  uint32_t count = 0;
  auto peer = words.size() < 3 ? Result<PeerId>(Error{ErrorCode::kInvalidArgument, "too few words"})
                               : PeerId::parse(words[1]);
  if (!peer.ok() ||
      std::from_chars(words[0].c_str(), words[0].c_str() + words[0].size(), count).ec !=
          std::errc()) {
    std::cerr << "usage: crowd COUNT PEER ADDRESS...\n";
    return 2;
  }
  return mesh::run(count, {.peer = *peer, .addresses = {words.begin() + 2, words.end()}});
}
