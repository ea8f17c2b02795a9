// Records to and from other nodes: the DHT, and for peers of one mesh pub/sub
// (specs.ipfs.tech/ipns/ipns-pubsub-router). On the loop's thread alone; no method blocks.
//
// Nothing that others send is kept, passed on or answered before it was verified, and nothing older
// than what is known.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "mesh/host.h"
#include "names/known_records.h"
#include "names/peer_allowance.h"

namespace timerose::names {

struct FindOptions {
  uint32_t records_max = 16;  // good records after which no more are waited for
  uint64_t timeout_ms = 60'000;
};

struct Found {
  std::optional<SignedRecord> newest;
  uint32_t records = 0;  // good ones
  uint32_t refused = 0;
  uint32_t peers_asked = 0;
  std::string why;  // of what was refused last, or why the search failed
};

struct Delivered {
  bool stored = false;     // nodes of the DHT keep it
  bool announced = false;  // peers that listen to the name were told
  std::string why;         // of what failed

  [[nodiscard]] bool reached_others() const { return stored || announced; }
};

// "/record/" and the routing key in base64url. Inverses; kUnsupported for another topic.
std::string topic_of(const PeerId& name);
Result<PeerId> name_of_topic(std::string_view topic);

class RecordRouter {
 public:
  static constexpr size_t kQueriesMax = 256;  // at once
  // Values of one search that are looked at.
  static constexpr uint32_t kValuesOfSearchMax = 64;
  // Names that are listened to; beyond it the first ones are no longer.
  static constexpr size_t kTopicsMax = 256;

  // All must outlive it.
  RecordRouter(mesh::Host& host, Clock& clock, KnownRecords& known)
      : host_(host), clock_(clock), known_(known) {}

  // `done` is called once, later or at once, whatever happens. From then on the name is listened
  // to.
  void find(const PeerId& name, const FindOptions& options, std::function<void(Found)> done);
  void deliver(const PeerId& name, const SignedRecord& record, uint64_t timeout_ms,
               std::function<void(Delivered)> done);

  // Whether the event was one of names.
  bool on_event(const mesh::Event& event);
  // When on_time() is to be called, of the monotonic clock; UINT64_MAX: never.
  [[nodiscard]] uint64_t wake_at_ns() const;
  void on_time();
  // Ends every query, which says `why`.
  void end_all(const std::string& why);

 private:
  struct Query {
    PeerId name;
    uint64_t deadline_ns = 0;
    FindOptions options;
    Found found;
    Delivered delivered;
    std::function<void(Found)> on_found;
    std::function<void(Delivered)> on_delivered;
  };
  using Queries = std::unordered_map<mesh::QueryId, Query>;

  bool on(const mesh::ValueFound& event);
  bool on(const mesh::QueryEnded& event);
  bool on(const mesh::RecordOffered& event);
  bool on(const mesh::MessageReceived& event);
  mesh::Verdict verdict_on(const PeerId& name, const mesh::MessageReceived& event);
  void listen_to(const PeerId& name);
  void finish(Queries::iterator query);

  mesh::Host& host_;
  Clock& clock_;
  KnownRecords& known_;
  Queries queries_;
  std::deque<std::string> topics_;
  PeerAllowance allowance_;
};

}  // namespace timerose::names
