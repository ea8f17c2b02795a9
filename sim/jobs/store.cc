#include "sim/jobs/store.h"

#include <algorithm>

#include "sim/jobs/mesh_node.h"

namespace timerose::sim::jobs {
namespace {

// Neighbours answer at once, the routing later.
constexpr uint64_t kSearchMinNs = 5 * kMillisecond;
constexpr uint64_t kSearchMaxNs = 200 * kMillisecond;
constexpr uint64_t kSearchAgainNs = kSecond;
constexpr uint64_t kFlowWatchNs = kSecond;

}  // namespace

Store::~Store() {
  for (auto& [object, fetch] : fetches_) {
    if (fetch.flowing) world_.flows.stop(fetch.flow);
  }
}

Store::WaitId Store::fetch(const std::vector<ObjectNumber>& objects, Done done) {
  const WaitId id{++last_};
  Wait wait{.done = std::move(done)};
  for (const ObjectNumber object : objects) {
    if (holds(object)) continue;
    ++wait.missing;
    const auto [entry, fresh] = fetches_.try_emplace(object);
    entry->second.waiting.push_back(id);
    if (!fresh) continue;
    entry->second.begun_ns = world_.events.now_ns();
    search(object);
  }
  const bool here = wait.missing == 0;
  waits_.emplace(id, std::move(wait));
  if (here) {
    world_.after(self_, 0, [this, id] {
      const auto found = waits_.find(id);
      if (found == waits_.end()) return;
      const Done tell = std::move(found->second.done);
      waits_.erase(found);
      tell(true);
    });
  }
  return id;
}

void Store::forget(WaitId wait) {
  waits_.erase(wait);
  for (auto one = fetches_.begin(); one != fetches_.end();) {
    Fetch& fetch = one->second;
    std::erase(fetch.waiting, wait);
    if (!fetch.waiting.empty()) {
      ++one;
      continue;
    }
    if (fetch.flowing) world_.flows.stop(fetch.flow);
    one = fetches_.erase(one);
  }
}

void Store::search(ObjectNumber object) {
  const uint64_t after_ns = world_.dice.between(kSearchMinNs, kSearchMaxNs);
  world_.after(self_, after_ns, [this, object] {
    const auto found = fetches_.find(object);
    if (found != fetches_.end() && !found->second.flowing) begin(object);
  });
}

void Store::begin(ObjectNumber object) {
  Fetch& fetch = fetches_.at(object);
  if (world_.events.now_ns() - fetch.begun_ns > kGiveUpNs) return end(object, false);
  const auto source = world_.nearest_holder(object, self_);
  if (!source) {
    world_.after(self_, kSearchAgainNs, [this, object] {
      const auto found = fetches_.find(object);
      if (found != fetches_.end() && !found->second.flowing) begin(object);
    });
    return;
  }
  ++world_.books.totals.fetches;
  world_.chronicle.note(self_, "fetches", static_cast<uint64_t>(object));
  fetch.flowing = true;
  fetch.flows_since_ns = world_.events.now_ns();
  fetch.source = *source;
  fetch.life = world_.nodes[*source]->life();
  fetch.flow = world_.flows.start(*source, self_, world_.catalogue.object(object).bytes,
                                  [this, object] { came(object); });
  watch(object, fetch.flow);
}

// A source that is gone or cut off is given up; what came of it is lost.
void Store::watch(ObjectNumber object, FlowId flow) {
  world_.after(self_, kFlowWatchNs, [this, object, flow] {
    const auto found = fetches_.find(object);
    if (found == fetches_.end() || !found->second.flowing || found->second.flow != flow) return;
    Fetch& fetch = found->second;
    const bool here =
        world_.present(fetch.source) && world_.nodes[fetch.source]->life() == fetch.life &&
        world_.geography.apart_until_ns(fetch.source, self_, world_.events.now_ns()) == 0;
    if (here) return watch(object, flow);
    world_.flows.stop(flow);
    fetch.flowing = false;
    search(object);
  });
}

void Store::came(ObjectNumber object) {
  const Fetch& fetch = fetches_.at(object);
  const auto took_ns = static_cast<double>(world_.events.now_ns() - fetch.flows_since_ns);
  if (Asker* const asker = world_.nodes[self_]->asker(); asker != nullptr && took_ns > 0) {
    const auto bytes = static_cast<double>(world_.catalogue.object(object).bytes);
    asker->measured_rate(fetch.source, bytes * 1e9 / took_ns);
  }
  end(object, true);
}

void Store::end(ObjectNumber object, bool here) {
  const std::vector<WaitId> waiting = std::move(fetches_.at(object).waiting);
  fetches_.erase(object);
  if (here) world_.catalogue.put(self_, object);
  for (const WaitId id : waiting) {
    const auto found = waits_.find(id);
    if (found == waits_.end()) continue;
    found->second.failed |= !here;
    if (--found->second.missing > 0) continue;
    const bool all = !found->second.failed;
    const Done done = std::move(found->second.done);
    waits_.erase(found);
    done(all);
  }
}

}  // namespace timerose::sim::jobs
