#include "exchange/dag_fetch.h"

#include <algorithm>
#include <list>
#include <map>
#include <optional>
#include <unordered_map>

#include "blockstore/multihash_set.h"
#include "ipld/codec.h"
#include "unixfs/file_node.h"

namespace timerose::exchange {
namespace {

// What a block is taken for until one has been seen.
constexpr uint64_t kBlockBytesAssumed = 256U << 10;

uint64_t add_saturating(uint64_t a, uint64_t b) {
  uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

// Where the content of a file's node begins in the file, if only some of it is needed.
using PartAt = std::optional<uint64_t>;

struct Link {
  Cid cid;
  PartAt part;
};

// A block of the walk that may have links: on its way, or with links that are to be followed. The
// places stand in the order of the walk.
struct Place {
  enum class Kind {
    kExpected,  // the block is in flight
    kLoaded,    // `links` are here
    kLetGo,     // they are not: the block has to be read again
  };
  Place(Kind is, Cid name, PartAt at) : kind(is), cid(std::move(name)), part(at) {}
  Kind kind;
  Cid cid;
  PartAt part;
  size_t followed = 0;      // of its links
  size_t links_left = 0;    // behind these
  std::vector<Link> links;  // last first
};
using Places = std::list<Place>;

class MeanSize {
 public:
  void add(uint64_t bytes) { mean_ = seen_ ? (mean_ * 7 + bytes) / 8 : bytes, seen_ = true; }
  [[nodiscard]] uint64_t get() const { return mean_; }

 private:
  uint64_t mean_ = kBlockBytesAssumed;
  bool seen_ = false;
};

}  // namespace

struct DagFetch::State {
  struct Flight {
    uint64_t bytes = 0;  // as it was taken for
    std::vector<Places::iterator> places;
  };

  State(const Cid& root, ByteRange range, const DagFetchLimits& of)
      : limits(of), begin(range.offset), end(add_saturating(range.offset, range.length)) {
    Place& start = places.emplace_back(Place::Kind::kLoaded, root, std::nullopt);
    const bool whole = begin == 0 && end == UINT64_MAX;
    add_links(start, {{root, whole ? PartAt() : PartAt(0)}});
    root_cid = root.as_v1();
  }

  std::vector<Cid> take_next();
  Status arrived(const Cid& cid, const SharedBytes& data);
  void arrived_leaf(const Cid& cid, uint64_t bytes);

  void follow(Places::iterator place, std::vector<Cid>& out);
  void fly(const Cid& cid, std::optional<Places::iterator> place, std::vector<Cid>& out);
  bool is_new(const Cid& cid) {
    return seen[static_cast<uint64_t>(cid.codec())].insert(cid.multihash_bytes());
  }
  MeanSize& mean_of(const Cid& cid) { return is_leaf(cid) ? leaf_bytes : node_bytes; }
  [[nodiscard]] bool is_full() const {
    return flights.size() >= limits.blocks_in_flight_max ||
           (!flights.empty() && bytes_in_flight >= limits.bytes_in_flight_max);
  }

  Result<std::vector<Link>> links_of(const Place& place, const SharedBytes& data) const;
  [[nodiscard]] std::vector<Link> links_of_part(const unixfs::FileNode& node, uint64_t at) const;
  void add_links(Place& place, std::vector<Link> links);
  void let_go_of_links();

  const DagFetchLimits limits;
  const uint64_t begin;  // of the range
  const uint64_t end;
  std::optional<Cid> root_cid;
  Places places;
  std::unordered_map<Cid, Flight> flights;  // by version 1
  std::map<uint64_t, MultihashSet> seen;    // by codec: blocks taken with all that is below them
  MeanSize leaf_bytes;
  MeanSize node_bytes;
  uint64_t bytes_in_flight = 0;
  uint64_t links_held = 0;
  uint64_t links_left = 0;  // held or let go
  uint64_t blocks_taken = 0;
};

std::vector<Cid> DagFetch::State::take_next() {
  std::vector<Cid> out;
  auto place = places.begin();
  while (place != places.end() && !is_full()) {
    if (place->kind == Place::Kind::kExpected) {
      ++place;
      continue;
    }
    if (place->kind == Place::Kind::kLetGo) {
      place->kind = Place::Kind::kExpected;
      fly(place->cid, place, out);
      continue;
    }
    follow(place, out);
    if (place->links_left == 0) place = places.erase(place);
  }
  return out;
}

// Takes the next link of a loaded place.
void DagFetch::State::follow(Places::iterator place, std::vector<Cid>& out) {
  const Link link = std::move(place->links.back());
  place->links.pop_back();
  ++place->followed;
  --place->links_left;
  --links_held;
  --links_left;
  // A node of which only a part is needed may come again with another part.
  if (!link.part && !is_new(link.cid)) return;
  ++blocks_taken;
  if (is_leaf(link.cid)) return fly(link.cid, std::nullopt, out);
  fly(link.cid, places.emplace(place, Place::Kind::kExpected, link.cid, link.part), out);
}

void DagFetch::State::fly(const Cid& cid, std::optional<Places::iterator> place,
                          std::vector<Cid>& out) {
  const auto [entry, added] = flights.try_emplace(cid.as_v1());
  if (place) entry->second.places.push_back(*place);
  if (!added) return;
  entry->second.bytes = mean_of(cid).get();
  bytes_in_flight += entry->second.bytes;
  out.push_back(cid);
}

void DagFetch::State::arrived_leaf(const Cid& cid, uint64_t bytes) {
  const auto flight = flights.find(cid.as_v1());
  if (flight == flights.end()) return;
  mean_of(cid).add(bytes);
  bytes_in_flight -= flight->second.bytes;
  flights.erase(flight);
}

Status DagFetch::State::arrived(const Cid& cid, const SharedBytes& data) {
  const auto flight = flights.find(cid.as_v1());
  if (flight == flights.end()) return success();
  const std::vector<Places::iterator> waiting = std::move(flight->second.places);
  mean_of(cid).add(data.size());
  bytes_in_flight -= flight->second.bytes;
  flights.erase(flight);
  for (const Places::iterator place : waiting) {
    auto links = links_of(*place, data);
    if (!links.ok()) return std::move(links).error().within("block " + cid.to_string());
    add_links(*place, std::move(*links));
    if (place->links_left == 0) places.erase(place);
  }
  if (links_held > limits.links_waiting_max) let_go_of_links();
  return success();
}

Result<std::vector<Link>> DagFetch::State::links_of(const Place& place,
                                                    const SharedBytes& data) const {
  if (place.part) {
    auto node = unixfs::parse_file_node(place.cid, data);
    if (node.ok()) return links_of_part(*node, *place.part);
    // A root that is no file has no range: all of it is needed.
    if (place.cid.as_v1() != *root_cid) return std::move(node).error();
  }
  std::vector<Link> links;
  TR_TRY(ipld::for_each_link(place.cid.codec(), data.view(), [&](const Cid& link) {
    links.push_back({link, std::nullopt});
    return success();
  }));
  return links;
}

std::vector<Link> DagFetch::State::links_of_part(const unixfs::FileNode& node, uint64_t at) const {
  std::vector<Link> links;
  for (size_t child = 0; child < node.links.size(); ++child) {
    const uint64_t child_begin = add_saturating(at, node.child_begin(child));
    const uint64_t child_end = add_saturating(at, node.ends[child]);
    if (child_begin >= child_end || child_begin >= end || child_end <= begin) continue;
    const bool whole = child_begin >= begin && child_end <= end;
    links.push_back({node.links[child], whole ? PartAt() : PartAt(child_begin)});
  }
  return links;
}

// All links of a block; those that were followed before it was let go are passed over.
void DagFetch::State::add_links(Place& place, std::vector<Link> links) {
  links.erase(links.begin(),
              links.begin() + static_cast<ptrdiff_t>(std::min(place.followed, links.size())));
  std::reverse(links.begin(), links.end());
  links_left += links.size() - place.links_left;
  links_held += links.size();
  place.kind = Place::Kind::kLoaded;
  place.links_left = links.size();
  place.links = std::move(links);
}

// From the end of the walk; a quarter more than must be, so that it is seldom done.
void DagFetch::State::let_go_of_links() {
  const uint64_t enough = limits.links_waiting_max / 4 * 3;
  const auto next = std::find_if(places.begin(), places.end(), [](const Place& place) {
    return place.kind == Place::Kind::kLoaded;
  });
  for (auto place = places.end(); links_held > enough && --place != next;) {
    if (place->kind != Place::Kind::kLoaded) continue;
    links_held -= place->links.size();
    place->links = {};
    place->kind = Place::Kind::kLetGo;
  }
}

DagFetch::DagFetch(const Cid& root, ByteRange range, const DagFetchLimits& limits)
    : state_(std::make_unique<State>(root, range, limits)) {}
DagFetch::~DagFetch() = default;

std::vector<Cid> DagFetch::take_next() { return state_->take_next(); }
Status DagFetch::arrived(const Cid& cid, const SharedBytes& data) {
  return state_->arrived(cid, data);
}
void DagFetch::arrived_leaf(const Cid& cid, uint64_t bytes) { state_->arrived_leaf(cid, bytes); }
bool DagFetch::done() const { return state_->places.empty() && state_->flights.empty(); }
uint64_t DagFetch::blocks_known() const { return state_->blocks_taken + state_->links_left; }
uint64_t DagFetch::blocks_in_flight() const { return state_->flights.size(); }
uint64_t DagFetch::links_waiting() const { return state_->links_held; }

}  // namespace timerose::exchange
