#include "exchange/outbox.h"

#include <utility>

namespace timerose::exchange {

const std::vector<std::string>& bitswap_protocols() {
  static const std::vector<std::string> names = {std::string(bitswap::kProtocol120),
                                                 std::string(bitswap::kProtocol110),
                                                 std::string(bitswap::kProtocol100)};
  return names;
}

std::optional<bitswap::Version> version_named(std::string_view protocol) {
  if (protocol == bitswap::kProtocol120) return bitswap::Version::k120;
  if (protocol == bitswap::kProtocol110) return bitswap::Version::k110;
  if (protocol == bitswap::kProtocol100) return bitswap::Version::k100;
  return std::nullopt;
}

void Outbox::open(const PeerId& peer) {
  Line& line = lines_[peer];
  const bool is_stale = line.is_open && !line.is_full && line.peer_has_ended &&
                        loop_.now_ns() - line.used_ns > kEndedPauseMaxNs;
  if (is_stale) leave(line);
  if (line.stream) return;
  line.stream = host_.open_stream(peer, bitswap_protocols());
  peers_.emplace(*line.stream, peer);
}

// What was sent on it still arrives.
void Outbox::leave(Line& line) {
  const mesh::StreamId stream = *line.stream;
  host_.close_stream(stream);
  peers_.erase(stream);
  line.stream.reset();
  line.is_open = false;
  line.is_full = false;
  line.peer_has_ended = false;
  listener_.left(stream);
}

void Outbox::send_wants(const PeerId& peer, bitswap::Outgoing message) {
  Line& line = lines_[peer];
  line.wants_waiting += message.wants.size();
  line.wants.push_back({std::move(message), nullptr});
  if (line.wants_waiting > kWantsWaitingMax) {
    return failed(peer, "it does not take what it is asked");
  }
  pump(peer);
}

void Outbox::send_blocks(const PeerId& peer, bitswap::Outgoing message,
                         std::function<void()> taken) {
  lines_[peer].blocks.push_back({std::move(message), std::move(taken)});
  pump(peer);
}

void Outbox::pump(const PeerId& peer) {
  open(peer);
  Line& line = lines_[peer];
  std::vector<std::function<void()>> taken;
  while (line.is_open && !line.is_full && !line.empty()) {
    std::deque<Message>& queue = line.wants.empty() ? line.blocks : line.wants;
    const mesh::Sent sent = send_first(line, queue);
    // When it is closed, StreamClosed follows, and what waits is sent on another stream.
    line.is_full = sent == mesh::Sent::kFull;
    if (sent != mesh::Sent::kTaken) break;
    line.used_ns = loop_.now_ns();
    if (queue.front().taken) taken.push_back(std::move(queue.front().taken));
    line.wants_waiting -= &queue == &line.wants ? queue.front().content.wants.size() : 0;
    queue.pop_front();
    line.failures = 0;
  }
  for (const auto& call : taken) call();
}

mesh::Sent Outbox::send_first(Line& line, std::deque<Message>& queue) {
  const bitswap::Encoded encoded = bitswap::encode(queue.front().content, line.version);
  return host_.send(*line.stream, encoded.pieces);
}

bool Outbox::on_opened(const mesh::StreamOpened& event) {
  const auto known = peers_.find(event.stream);
  if (known == peers_.end()) return false;
  const PeerId peer = known->second;
  Line& line = lines_[peer];
  line.is_open = true;
  line.is_full = false;
  line.used_ns = loop_.now_ns();
  line.version = version_named(event.protocol).value_or(bitswap::Version::k100);
  listener_.opened(peer, line.version);
  if (lines_.contains(peer)) pump(peer);
  return true;
}

bool Outbox::on_writable(const mesh::StreamWritable& event) {
  const auto known = peers_.find(event.stream);
  if (known == peers_.end()) return false;
  const PeerId peer = known->second;
  lines_[peer].is_full = false;
  pump(peer);
  return true;
}

bool Outbox::on_ended(const mesh::StreamEnded& event) {
  const auto known = peers_.find(event.stream);
  if (known == peers_.end()) return false;
  lines_[known->second].peer_has_ended = true;
  return true;
}

bool Outbox::on_closed(const mesh::StreamClosed& event) {
  const auto known = peers_.find(event.stream);
  if (known == peers_.end()) return false;
  const PeerId peer = known->second;
  failed(peer, event.why);
  return true;
}

void Outbox::failed(const PeerId& peer, const std::string& why) {
  Line& line = lines_[peer];
  const bool was_open = line.is_open;
  if (line.stream) leave(line);
  const bool again =
      was_open && ++line.failures < kFailuresMax && line.wants_waiting <= kWantsWaitingMax;
  if (!again) {
    const int failures = line.failures;
    drop(peer);
    lines_[peer].failures = failures;
  }
  listener_.lost(peer, again, why);
  const auto still = lines_.find(peer);
  if (still != lines_.end() && !still->second.empty()) pump(peer);
}

void Outbox::drop(const PeerId& peer) {
  const auto found = lines_.find(peer);
  if (found == lines_.end()) return;
  Line line = std::move(found->second);
  lines_.erase(found);
  if (line.stream) leave(line);
  for (const Message& message : line.blocks) message.taken();
}

void Outbox::forget(const PeerId& peer) { drop(peer); }

}  // namespace timerose::exchange
