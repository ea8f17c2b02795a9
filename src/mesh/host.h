// The libp2p host as C++ sees it: connections, framed streams, the DHT and pub/sub of one node.
//
// Two implementations: the bridge to rust-libp2p (bridge_host.h), and a made-up network in memory
// for tests and the simulator (memory_network.h). The host only carries out: which peers, which
// limits and what to answer is decided by those who call it.
//
// One thread owns a host: it calls every method and takes the events. No method blocks. Questions
// return an id at once, and their answers come as events.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "multiformats/peer_id.h"

namespace timerose::mesh {

enum class ConnectionId : uint64_t {};
enum class StreamId : uint64_t {};
enum class QueryId : uint64_t {};
enum class MessageId : uint64_t {};  // a pub/sub message that waits for a verdict

// A multiaddr as text: "/ip4/127.0.0.1/tcp/4001".
using Address = std::string;

struct PeerAddresses {
  PeerId peer;
  std::vector<Address> addresses;
};

// A protocol whose streams carry frames: an unsigned varint length, then as many bytes.
struct Protocol {
  std::string name;                  // "/ipfs/bitswap/1.2.0"
  uint32_t frame_bytes_max = 0;      // a longer frame ends its stream
  uint32_t inbound_streams_max = 4;  // open at once, of one peer; one more is refused
  // A peer that ends its side of a stream that we opened is sent to as before: StreamEnded instead
  // of StreamClosed. For protocols whose streams carry messages one way.
  bool sends_after_end = false;
};

enum class Direction { kOutbound, kInbound };

// --- Events ---

struct Listening {
  Address address;
};
struct ListenEnded {
  Address address;
  std::string why;
};
struct ConnectionOpened {
  ConnectionId connection;
  PeerId peer;
  Direction direction;
  Address address;  // the remote one
  bool relayed = false;
};
struct ConnectionClosed {
  ConnectionId connection;
  PeerId peer;
  std::string why;
};
struct DialFailed {
  std::optional<PeerId> peer;
  std::string why;  // each address tried, and what it said
};
// What a peer says of itself: to be believed as far as any peer is.
struct Identified {
  PeerId peer;
  std::string agent;
  std::vector<std::string> protocols;
  std::vector<Address> addresses;
  Address observed;  // ours, as it sees us
};
struct LocalPeerSeen {  // mDNS
  PeerAddresses found;
};
struct StreamOpened {
  StreamId stream;
  PeerId peer;
  Direction direction;
  std::string protocol;
};
struct StreamFrame {
  StreamId stream;
  SharedBytes frame;
};
struct StreamWritable {  // after send() gave kFull
  StreamId stream;
};
// The peer sends no more on a stream that we opened, of a protocol with `sends_after_end`. If it
// resets the stream later, that is noticed when something is sent.
struct StreamEnded {
  StreamId stream;
};
// Also the end of an open_stream() that failed.
struct StreamClosed {
  StreamId stream;
  PeerId peer;
  std::string why;  // empty: the peer closed it in order
};
struct Pinged {
  QueryId query;
  std::optional<uint64_t> round_trip_ns;
  std::string why;
};
// Any number of these, then QueryEnded.
struct ProvidersFound {
  QueryId query;
  std::vector<PeerAddresses> providers;
};
struct PeerFound {
  QueryId query;
  PeerAddresses found;
};
struct ValueFound {
  QueryId query;
  Bytes value;
  std::optional<PeerId> from;
};
struct QueryEnded {
  QueryId query;
  uint32_t peers_asked = 0;
  std::string why;  // empty: it went well
};
// Another peer asks us to keep a record; it is kept once accept_record() is called.
struct RecordOffered {
  QueryId offer;
  PeerId from;
  Bytes key;
  Bytes value;
};
// Waits for judge() and is passed on only then.
struct MessageReceived {
  MessageId message;
  std::string topic;
  PeerId from;                      // who handed it to us
  std::optional<PeerId> publisher;  // who signed it
  SharedBytes data;
};
struct ReachabilityChanged {
  bool public_address = false;
  Address address;
};

using Event = std::variant<Listening, ListenEnded, ConnectionOpened, ConnectionClosed, DialFailed,
                           Identified, LocalPeerSeen, StreamOpened, StreamFrame, StreamWritable,
                           StreamEnded, StreamClosed, Pinged, ProvidersFound, PeerFound, ValueFound,
                           QueryEnded, RecordOffered, MessageReceived, ReachabilityChanged>;

enum class Sent {
  kTaken,   // on its way
  kFull,    // not taken: wait for StreamWritable
  kClosed,  // not taken: the stream has ended, or never was
};
enum class Verdict { kAccept, kReject, kIgnore };

class Host {
 public:
  // Bytes of frames that a stream holds for its peer before send() gives kFull. One frame is always
  // taken by an idle stream.
  static constexpr size_t kSendQueueBytes = 4U << 20;

  virtual ~Host() = default;

  [[nodiscard]] virtual const PeerId& self() const = 0;

  // --- Events ---
  // Readable while there are events to take; -1 for a host that is driven by its owner.
  [[nodiscard]] virtual int event_descriptor() const = 0;
  // Appends what has happened, `max` events at most, oldest first. What is not taken is held back
  // at the peers, not piled up.
  virtual void take_events(std::vector<Event>& out, size_t max) = 0;

  // --- Connections ---
  // kInvalidArgument for an address that is none. Listening follows, or ListenEnded.
  virtual Status listen(const Address& address) = 0;
  // ConnectionOpened or DialFailed follows, unless there is a connection already. No addresses: the
  // ones the host knows.
  virtual Status connect(const PeerAddresses& target) = 0;
  virtual void disconnect(const PeerId& peer) = 0;
  // No connection to or from it any more.
  virtual void deny(const PeerId& peer, bool denied) = 0;
  [[nodiscard]] virtual std::vector<Address> listen_addresses() const = 0;
  virtual QueryId ping(const PeerId& peer) = 0;

  // --- Streams ---
  virtual void handle_protocol(const Protocol& protocol) = 0;
  // The first of `protocols` that the peer speaks. StreamOpened or StreamClosed follows. Needs a
  // connection: dials what it knows if there is none. The protocols were named to
  // handle_protocol() before.
  virtual StreamId open_stream(const PeerId& peer, const std::vector<std::string>& protocols) = 0;
  // One frame, made of `pieces`, whose bytes are copied. Frames of one stream keep their order.
  virtual Sent send(StreamId stream, const std::vector<ByteView>& pieces) = 0;
  // While false, no frame of the stream is read: the peer is held back.
  virtual void set_reading(StreamId stream, bool reading) = 0;
  // Our side ends after what was sent; the peer's is no longer read.
  virtual void close_stream(StreamId stream) = 0;

  // --- Routing: Kademlia, wide-area and local. Keys as the DHT has them: a multihash for
  // providers, "/ipns/" and the PeerID's bytes for names. ---
  virtual QueryId find_providers(ByteView multihash, uint32_t count_max) = 0;
  virtual QueryId provide(ByteView multihash) = 0;  // once; repeating it is the caller's business
  virtual QueryId find_peer(const PeerId& peer) = 0;
  virtual QueryId get_value(ByteView key) = 0;
  virtual QueryId put_value(ByteView key, ByteView value) = 0;
  virtual void accept_record(QueryId offer) = 0;
  virtual void cancel_query(QueryId query) = 0;

  // --- Pub/sub ---
  virtual void subscribe(const std::string& topic) = 0;
  virtual void unsubscribe(const std::string& topic) = 0;
  // kLimitExceeded for a message that is too long; kNotFound while no peer listens to the topic.
  virtual Status publish(const std::string& topic, ByteView data) = 0;
  virtual void judge(MessageId message, Verdict verdict) = 0;
};

}  // namespace timerose::mesh
