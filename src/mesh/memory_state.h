// What a MemoryNetwork holds, and how frames pass in it. For the memory_*.cc files only; every
// function needs the network's mutex.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "mesh/memory_network.h"

namespace timerose::mesh {

struct MemoryNode;

// A stream: two ends that send to each other.
struct MemoryStream {
  struct End {
    MemoryNode* node = nullptr;  // alive while this end is open
    PeerId self;
    StreamId id{};
    bool reading = true;
    bool open = true;      // takes frames
    bool blocked = false;  // its last send() gave kFull
    bool peer_ended = false;
    bool told_ended = false;
    std::deque<SharedBytes> waiting;  // frames for this end that are not events yet
    size_t unread_bytes = 0;          // of these, and of those that are events not yet taken
  };
  std::string protocol;
  std::array<End, 2> ends;  // [0] opened it
};

struct MemoryNode {
  MemoryNode(PeerId id, uint64_t number_, int event_fd)
      : self(std::move(id)), number(number_), descriptor(event_fd) {}
  const PeerId self;
  const uint64_t number;
  const int descriptor;

  struct StreamEnd {
    std::shared_ptr<MemoryStream> stream;
    size_t side = 0;
    [[nodiscard]] MemoryStream::End& here() const { return stream->ends[side]; }
    [[nodiscard]] MemoryStream::End& there() const { return stream->ends[1 - side]; }
  };

  std::deque<Event> events;
  std::vector<Address> listening;
  std::map<std::string, Protocol> protocols;
  std::map<PeerId, ConnectionId> connections;
  std::map<StreamId, StreamEnd> streams;
  std::set<PeerId> denied;
  std::set<std::string> topics;
  std::set<uint64_t> messages_seen;
  std::map<MessageId, uint64_t> messages_waiting;  // for a verdict
  std::map<QueryId, std::pair<Bytes, Bytes>> offers;
  std::map<Bytes, Bytes> records;  // that it keeps for others

  [[nodiscard]] Address address() const { return "/memory/" + std::to_string(number); }
  void tell(Event event);  // puts it into `events`
};

struct MemoryNetwork::State {
  using PeerPair = std::pair<PeerId, PeerId>;
  struct Message {
    std::string topic;
    PeerId publisher;
    SharedBytes data;
  };

  std::mutex mutex;
  uint64_t numbers = 0;  // for every id
  std::map<PeerId, MemoryNode*> nodes;
  std::set<PeerPair> cuts;  // the smaller first
  std::set<PeerPair> delays;
  std::set<PeerId> refusing;
  std::set<PeerId> ending;  // their side of every stream to them, at once
  bool routing_silent = false;
  std::map<Bytes, std::set<PeerId>> providers;
  std::map<uint64_t, Message> messages;

  template <typename Id>
  Id next_id() {
    return Id{++numbers};
  }
  static PeerPair pair_of(const PeerId& a, const PeerId& b) {
    return a < b ? PeerPair(a, b) : PeerPair(b, a);
  }
  [[nodiscard]] MemoryNode* find(const PeerId& peer) const;

  // Empty if `from` is connected to `to` now; else why not.
  std::string connect(MemoryNode& from, const PeerId& to);
  void disconnect(MemoryNode& a, const PeerId& b, const std::string& why);
  void reset_streams(MemoryNode& a, const PeerId& b, const std::string& why);

  void open_stream(MemoryNode& from, const PeerId& to, const std::vector<std::string>& protocols,
                   StreamId id);
  // Both ends, at once: what waits is lost.
  void reset(MemoryStream& stream, const std::string& why);
  // What may be delivered to that end now becomes events.
  void deliver(MemoryStream& stream, size_t side);
  void tell_peer_ended(MemoryStream& stream, size_t side);
  void forward(MemoryNode& from, uint64_t message);

 private:
  std::string choose_protocol(const MemoryNode& from, const MemoryNode& to,
                              const std::vector<std::string>& protocols, std::string& why) const;
};

}  // namespace timerose::mesh
