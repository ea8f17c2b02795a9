// Our Bitswap messages to other peers: one stream to each, opened when there is something to say
// and kept.
//
// A peer that reads slower than we send holds back its own messages and nobody else's; who sends
// blocks learns from `taken` when the host has taken them. Of the loop's thread.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>

#include "base/event_loop.h"
#include "exchange/bitswap/message.h"
#include "mesh/host.h"

namespace timerose::exchange {

class Outbox {
 public:
  // Wants that may wait for a peer; one that has more is not listening.
  static constexpr size_t kWantsWaitingMax = 65'536;
  // Streams to a peer that may fail in a row before what waits is dropped.
  static constexpr int kFailuresMax = 3;
  // Helia ends its side of each stream at once, and resets one on which nothing came for 10 s: what
  // is sent then would be lost. So one that has been ended is not used again after a pause.
  static constexpr uint64_t kEndedPauseMaxNs = 5'000'000'000;

  struct Listener {
    // The peer speaks Bitswap on our stream.
    std::function<void(const PeerId& peer, bitswap::Version version)> opened;
    // What was sent may not have reached it; false: nor can anything be sent any more.
    std::function<void(const PeerId& peer, bool again, const std::string& why)> lost;
    // The stream is no longer ours; what the peer sends on it is not read.
    std::function<void(mesh::StreamId stream)> left;
  };

  Outbox(EventLoop& loop, mesh::Host& host, Listener listener)
      : loop_(loop), host_(host), listener_(std::move(listener)) {}

  // Opens the stream before it is needed.
  void open(const PeerId& peer);
  // Wants go before blocks.
  void send_wants(const PeerId& peer, bitswap::Outgoing message);
  // `taken` is called once: when the host has taken the message, or it has been dropped.
  void send_blocks(const PeerId& peer, bitswap::Outgoing message, std::function<void()> taken);

  [[nodiscard]] bool is_ours(mesh::StreamId stream) const { return peers_.contains(stream); }
  // Whether the event was of one of our streams.
  bool on_opened(const mesh::StreamOpened& event);
  bool on_writable(const mesh::StreamWritable& event);
  bool on_ended(const mesh::StreamEnded& event);
  bool on_closed(const mesh::StreamClosed& event);
  // No connection any more.
  void forget(const PeerId& peer);

 private:
  struct Message {
    bitswap::Outgoing content;
    std::function<void()> taken;
  };
  struct Line {
    std::optional<mesh::StreamId> stream;
    bool is_open = false;
    bool is_full = false;
    bool peer_has_ended = false;  // its side
    uint64_t used_ns = 0;
    int failures = 0;  // in a row
    bitswap::Version version = bitswap::Version::k120;
    std::deque<Message> wants;
    size_t wants_waiting = 0;
    std::deque<Message> blocks;
    [[nodiscard]] bool empty() const { return wants.empty() && blocks.empty(); }
  };

  void pump(const PeerId& peer);
  mesh::Sent send_first(Line& line, std::deque<Message>& queue);
  void failed(const PeerId& peer, const std::string& why);
  void drop(const PeerId& peer);

  void leave(Line& line);

  EventLoop& loop_;
  mesh::Host& host_;
  const Listener listener_;
  std::map<PeerId, Line> lines_;
  std::map<mesh::StreamId, PeerId> peers_;  // by our stream
};

// The protocols, newest first; what each is called.
const std::vector<std::string>& bitswap_protocols();
std::optional<bitswap::Version> version_named(std::string_view protocol);

}  // namespace timerose::exchange
