// This node among the others: it tells them of itself, hears of them, and measures how far away
// they are (docs/reference/adverts.md). Of the loop's thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/event_loop.h"
#include "base/thread_pool.h"
#include "exchange/service.h"
#include "mesh/host.h"
#include "names/peer_allowance.h"
#include "node/jobs/mesh_view.h"
#include "node/own_machine.h"
#include "node/own_node.h"
#include "node/records/advert_records.h"
#include "scheduler/adverts/advert_policy.h"
#include "scheduler/adverts/advert_table.h"

namespace timerose::node {

// A node of the mesh as this one knows it.
struct KnownNode {
  std::shared_ptr<const scheduler::Advert> advert;
  uint64_t heard_ms_ago = 0;
  double distance_s = 0;
  bool is_measured = false;  // the distance; else it is guessed from coordinates
  bool is_self = false;
};

struct KnownNodes {
  std::vector<KnownNode> nodes;  // this one first, then the nearest first
  scheduler::AdvertTable::Counters heard{};
};

class Advertising {
 public:
  static constexpr const char* kTopic = "/timerose/adverts/1";

  // What it stands on; all must outlive it.
  struct Parts {
    EventLoop& loop;
    mesh::Host& host;
    Clock& clock;
    Random& random;
    const PrivateKey& key;
    ThreadPool& pool;
    std::function<std::pair<uint32_t, uint32_t>()> load;  // calls that run, and that wait
    std::function<std::vector<exchange::Service::PeerRate>()> rates;  // that blocks come at
    MeshView& view;                                                   // hears what is heard
  };
  // `kept` are those that were known when this node ran last.
  Advertising(const Parts& parts, OwnNode own, std::vector<KeptAdvert> kept);

  void start();
  void stop();
  // What others have told since the last time, to be saved on a thread that may block.
  std::vector<AdvertChange> take_changes();
  // Whether the event was one of adverts.
  bool on_event(const mesh::Event& event);

  [[nodiscard]] KnownNodes nodes();
  // As it would be told now, but for the signature.
  [[nodiscard]] scheduler::Advert own_advert();

 private:
  struct Looked;  // what other threads find out of the machine

  bool on(const mesh::MessageReceived& event);
  bool on(const mesh::Pinged& event);
  bool on(const mesh::ConnectionOpened& event);
  bool on(const mesh::ConnectionClosed& event);
  template <typename Other>
  bool on(const Other&) {
    return false;
  }

  void on_time();
  void look();
  void measure_if_due();
  void ping_one();
  void tell();
  void hear_kept();
  void note(const scheduler::AdvertTable::Outcome& outcome);
  void forget(scheduler::NodeSlot slot, const PublicKey& node);
  mesh::Verdict hear(const mesh::MessageReceived& event);

  const Parts parts_;
  const OwnNode own_;
  const std::shared_ptr<Looked> looked_;
  scheduler::AdvertTable table_;
  scheduler::AdvertPolicy policy_;
  scheduler::CoordinateEstimate place_;
  names::PeerAllowance allowance_;
  scheduler::Advert told_;
  std::vector<KeptAdvert> kept_;  // not judged yet; the last one first
  std::set<PeerId> changed_;

  struct Peer {
    uint32_t connections = 0;
    uint64_t round_trip_ns = 0;  // the least that was measured; 0: none yet
  };
  std::map<PeerId, Peer> connected_;
  std::optional<PeerId> pinged_last_;
  std::map<mesh::QueryId, PeerId> pings_;
  uint64_t ping_at_ns_ = 0;
  uint64_t look_at_ns_ = 0;
  uint64_t measure_at_ns_ = 0;
  uint64_t network_bytes_s_ = 0;     // the best that was seen
  uint64_t met_at_ns_ = UINT64_MAX;  // when those who came last are told
  std::unique_ptr<EventLoop::Timer> timer_;
};

}  // namespace timerose::node
