// The C face of the libp2p host: mirrors bridge/src/host/ffi.rs. C++ sees it as mesh::Host.
//
// One thread owns a host and makes every call; no call blocks but timerose_host_stop. Peers are the
// bytes of their PeerID (a multihash), addresses are multiaddrs as text.
//
// Lists and records cross as "fields": each field is its length as a little-endian uint32_t, then
// its bytes; a list within a field is fields again. "[a, b, {c}]" below is two fields and a list.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct timerose_host;

// Borrowed bytes, not terminated.
struct timerose_view {
  const uint8_t* data;
  size_t size;
};

// Owned bytes: given back with timerose_buffer_release().
struct timerose_buffer {
  uint8_t* data;
  size_t size;
  size_t capacity;
};
void timerose_buffer_release(struct timerose_buffer buffer);

#define TIMEROSE_DHT_AUTO 0
#define TIMEROSE_DHT_CLIENT 1
#define TIMEROSE_DHT_SERVER 2

#define TIMEROSE_SECURITY_BOTH 0
#define TIMEROSE_SECURITY_NOISE 1
#define TIMEROSE_SECURITY_TLS 2

struct timerose_host_options {
  struct timerose_view private_key;  // libp2p's protobuf form
  struct timerose_view agent;
  struct timerose_view listen;       // [address ...]
  struct timerose_view announce;     // [address ...]
  struct timerose_view bootstrap;    // [peer, {address ...}, peer, {address ...} ...]
  struct timerose_view network_key;  // 32 bytes, or none
  uint32_t dht_mode;                 // TIMEROSE_DHT_*
  bool mdns;
  bool upnp;
  bool relay_client;
  bool relay_server;
  uint32_t connections_max;
  uint32_t connections_of_peer_max;
  uint32_t pending_inbound_max;
  uint32_t inbound_of_address_max;      // IPv4 address or IPv6 /64; handshakes under way count too
  uint32_t inbound_of_subnet_max;       // IPv4 /24 or IPv6 /48, but of no private network
  bool counts_loopback;                 // hold loopback to these limits too
  uint32_t reachability_delay_ms;       // until it first asks whether others can dial it
  uint32_t security;                    // TIMEROSE_SECURITY_*, of TCP and WebSocket
  struct timerose_view records_folder;  // where DHT records are kept; none: in memory
  uint32_t worker_threads;
  size_t send_queue_bytes_max;  // of one stream
};

// NULL, with the reason in `error`, if it cannot be had.
struct timerose_host* timerose_host_start(const struct timerose_host_options* options,
                                          struct timerose_buffer* error);
// Closes the connections and joins the threads: within a second.
void timerose_host_stop(struct timerose_host* host);

// --- Events: `id` and `number` as said, `data` is fields unless said otherwise ---
#define TIMEROSE_EVENT_LISTENING 1              // [address]
#define TIMEROSE_EVENT_LISTEN_ENDED 2           // [address, why]
#define TIMEROSE_EVENT_CONNECTION_OPENED 3      // id; flags; [peer, address]
#define TIMEROSE_EVENT_CONNECTION_CLOSED 4      // id; [peer, why]
#define TIMEROSE_EVENT_DIAL_FAILED 5            // [peer or nothing, why]
#define TIMEROSE_EVENT_IDENTIFIED 6             // [peer, agent, {protocol}, {address}, observed]
#define TIMEROSE_EVENT_LOCAL_PEER_SEEN 7        // [peer, {address}]
#define TIMEROSE_EVENT_STREAM_OPENED 8          // id; flags; [peer, protocol]
#define TIMEROSE_EVENT_STREAM_FRAME 9           // id; data is the frame
#define TIMEROSE_EVENT_STREAM_WRITABLE 10       // id
#define TIMEROSE_EVENT_STREAM_CLOSED 11         // id; [peer, why]
#define TIMEROSE_EVENT_PINGED 12                // id; number: ns if FLAG_OK; [why]
#define TIMEROSE_EVENT_PROVIDERS_FOUND 13       // id; [peer, {address}, peer, {address} ...]
#define TIMEROSE_EVENT_PEER_FOUND 14            // id; [peer, {address}]
#define TIMEROSE_EVENT_VALUE_FOUND 15           // id; [value, peer or nothing]
#define TIMEROSE_EVENT_QUERY_ENDED 16           // id; number: peers asked; [why]
#define TIMEROSE_EVENT_RECORD_OFFERED 17        // id; [peer, key, value]
#define TIMEROSE_EVENT_MESSAGE_RECEIVED 18      // id; [topic, peer, publisher or nothing, data]
#define TIMEROSE_EVENT_REACHABILITY_CHANGED 19  // FLAG_OK: public; [address]
#define TIMEROSE_EVENT_STREAM_ENDED 20          // id

#define TIMEROSE_FLAG_INBOUND 1U
#define TIMEROSE_FLAG_RELAYED 2U
#define TIMEROSE_FLAG_OK 4U

struct timerose_event {
  uint32_t kind;
  uint32_t flags;
  uint64_t id;
  uint64_t number;
  struct timerose_buffer data;  // the caller's, to release
};

// An eventfd, readable while there are events to take. Stays the host's.
int timerose_host_event_descriptor(const struct timerose_host* host);
// The oldest events, at most `max` of them; how many.
size_t timerose_host_take(struct timerose_host* host, struct timerose_event* out, size_t max);

// --- Connections. False: an address that is none, which `error` names. ---
bool timerose_host_listen(struct timerose_host* host, struct timerose_view address,
                          struct timerose_buffer* error);
bool timerose_host_connect(struct timerose_host* host, struct timerose_view peer,
                           struct timerose_view addresses, struct timerose_buffer* error);
void timerose_host_disconnect(struct timerose_host* host, struct timerose_view peer);
void timerose_host_deny(struct timerose_host* host, struct timerose_view peer, bool denied);
// [address ...]
struct timerose_buffer timerose_host_listen_addresses(const struct timerose_host* host);
uint64_t timerose_host_ping(struct timerose_host* host, struct timerose_view peer);

// --- Streams ---
void timerose_host_handle_protocol(struct timerose_host* host, struct timerose_view name,
                                   uint32_t frame_bytes_max, uint32_t inbound_streams_max,
                                   bool sends_after_end);
// `protocols`: [name ...]
uint64_t timerose_host_open_stream(struct timerose_host* host, struct timerose_view peer,
                                   struct timerose_view protocols);
#define TIMEROSE_SENT_TAKEN 0
#define TIMEROSE_SENT_FULL 1
#define TIMEROSE_SENT_CLOSED 2
int timerose_host_send(struct timerose_host* host, uint64_t stream,
                       const struct timerose_view* pieces, size_t count);
void timerose_host_set_reading(struct timerose_host* host, uint64_t stream, bool reading);
void timerose_host_close_stream(struct timerose_host* host, uint64_t stream);

// --- Routing ---
uint64_t timerose_host_find_providers(struct timerose_host* host, struct timerose_view key,
                                      uint32_t count_max);
uint64_t timerose_host_provide(struct timerose_host* host, struct timerose_view key);
uint64_t timerose_host_find_peer(struct timerose_host* host, struct timerose_view peer);
uint64_t timerose_host_get_value(struct timerose_host* host, struct timerose_view key);
uint64_t timerose_host_put_value(struct timerose_host* host, struct timerose_view key,
                                 struct timerose_view value);
void timerose_host_accept_record(struct timerose_host* host, uint64_t offer);
void timerose_host_cancel_query(struct timerose_host* host, uint64_t query);

// --- Pub/sub ---
void timerose_host_subscribe(struct timerose_host* host, struct timerose_view topic);
void timerose_host_unsubscribe(struct timerose_host* host, struct timerose_view topic);
#define TIMEROSE_PUBLISH_TAKEN 0
#define TIMEROSE_PUBLISH_TOO_LONG 1
#define TIMEROSE_PUBLISH_NOBODY 2
int timerose_host_publish(struct timerose_host* host, struct timerose_view topic,
                          struct timerose_view data);
#define TIMEROSE_VERDICT_ACCEPT 0
#define TIMEROSE_VERDICT_REJECT 1
#define TIMEROSE_VERDICT_IGNORE 2
void timerose_host_judge(struct timerose_host* host, uint64_t message, int verdict);

#ifdef __cplusplus
}
#endif
