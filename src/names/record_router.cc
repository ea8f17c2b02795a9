#include "names/record_router.h"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "base/duration.h"
#include "multiformats/multibase.h"
#include "names/decisions.h"

namespace timerose::names {
namespace {

constexpr std::string_view kTopicPrefix = "/record/";
// Longer than the topic of any name.
constexpr size_t kTopicBytesMax = 256;

uint64_t deadline_after(uint64_t now_ns, uint64_t timeout_ms) {
  const bool endless = timeout_ms > (UINT64_MAX - now_ns) / kNsPerMs;
  return endless ? UINT64_MAX : now_ns + timeout_ms * kNsPerMs;
}

Result<SignedRecord> verified(ByteView bytes, const PeerId& name, uint64_t now_ns) {
  TR_ASSIGN(IpnsRecord record, verify(bytes, name, now_ns));
  return SignedRecord{std::move(record), to_bytes(bytes)};
}

}  // namespace

std::string topic_of(const PeerId& name) {
  return std::string(kTopicPrefix) + base_encode(Multibase::kBase64Url, routing_key(name));
}

Result<PeerId> name_of_topic(std::string_view topic) {
  if (!topic.starts_with(kTopicPrefix) || topic.size() > kTopicBytesMax) {
    return Error{ErrorCode::kUnsupported, "not a topic of records"};
  }
  TR_ASSIGN(const Bytes key, base_decode(Multibase::kBase64Url, topic.substr(kTopicPrefix.size())));
  return name_of_routing_key(key);
}

void RecordRouter::listen_to(const PeerId& name) {
  std::string topic = topic_of(name);
  if (std::find(topics_.begin(), topics_.end(), topic) != topics_.end()) return;
  host_.subscribe(topic);
  topics_.push_back(std::move(topic));
  if (topics_.size() <= kTopicsMax) return;
  host_.unsubscribe(topics_.front());
  topics_.pop_front();
}

void RecordRouter::find(const PeerId& name, const FindOptions& options,
                        std::function<void(Found)> done) {
  if (queries_.size() >= kQueriesMax) {
    Found found;
    found.why = fmt::format("{} searches are under way already", kQueriesMax);
    done(std::move(found));
    return;
  }
  listen_to(name);
  const mesh::QueryId id = host_.get_value(routing_key(name));
  Query& query = queries_[id];
  query.name = name;
  query.options = options;
  query.deadline_ns = deadline_after(clock_.monotonic_ns(), options.timeout_ms);
  query.on_found = std::move(done);
}

void RecordRouter::deliver(const PeerId& name, const SignedRecord& record, uint64_t timeout_ms,
                           std::function<void(Delivered)> done) {
  known_.take(name, record, clock_.unix_ns());
  Delivered delivered;
  if (queries_.size() >= kQueriesMax) {
    delivered.why = fmt::format("{} searches are under way already", kQueriesMax);
    done(std::move(delivered));
    return;
  }
  listen_to(name);
  delivered.announced = host_.publish(topic_of(name), record.bytes).ok();
  const mesh::QueryId id = host_.put_value(routing_key(name), record.bytes);
  Query& query = queries_[id];
  query.name = name;
  query.delivered = std::move(delivered);
  query.deadline_ns = deadline_after(clock_.monotonic_ns(), timeout_ms);
  query.on_delivered = std::move(done);
}

void RecordRouter::finish(Queries::iterator query) {
  // Out of the table first: what is called may begin another query.
  Query ended = std::move(query->second);
  queries_.erase(query);
  if (ended.on_found) {
    ended.on_found(std::move(ended.found));
  } else {
    ended.on_delivered(std::move(ended.delivered));
  }
}

bool RecordRouter::on_event(const mesh::Event& event) {
  return std::visit(
      [&](const auto& one) {
        using One = std::decay_t<decltype(one)>;
        if constexpr (std::is_same_v<One, mesh::ValueFound> ||
                      std::is_same_v<One, mesh::QueryEnded> ||
                      std::is_same_v<One, mesh::RecordOffered> ||
                      std::is_same_v<One, mesh::MessageReceived>) {
          return on(one);
        } else {
          return false;
        }
      },
      event);
}

bool RecordRouter::on(const mesh::ValueFound& event) {
  const auto query = queries_.find(event.query);
  if (query == queries_.end()) return false;
  Found& found = query->second.found;
  if (found.records + found.refused >= kValuesOfSearchMax) return true;
  const uint64_t now_ns = clock_.unix_ns();
  auto record = verified(event.value, query->second.name, now_ns);
  if (!record.ok()) {
    ++found.refused;
    found.why = std::move(record).error().message;
    return true;
  }
  ++found.records;
  known_.take(query->second.name, *record, now_ns);
  found.newest = newer_of(std::move(found.newest), std::move(record).value());
  if (found.records >= query->second.options.records_max) {
    host_.cancel_query(event.query);
    finish(query);
  }
  return true;
}

bool RecordRouter::on(const mesh::QueryEnded& event) {
  const auto query = queries_.find(event.query);
  if (query == queries_.end()) return false;
  Query& ended = query->second;
  ended.found.peers_asked = event.peers_asked;
  ended.delivered.stored = event.why.empty() && event.peers_asked > 0;
  if (!event.why.empty()) {
    ended.delivered.why = event.why;
    if (ended.found.why.empty()) ended.found.why = event.why;
  }
  finish(query);
  return true;
}

bool RecordRouter::on(const mesh::RecordOffered& event) {
  const auto name = name_of_routing_key(event.key);
  if (!name.ok()) return false;
  if (!allowance_.take(event.from, clock_.monotonic_ns())) return true;
  const uint64_t now_ns = clock_.unix_ns();
  const auto record = verified(event.value, *name, now_ns);
  if (!record.ok()) return true;
  if (known_.take(*name, *record, now_ns) != KnownRecords::Told::kOlder) {
    host_.accept_record(event.offer);
  }
  return true;
}

mesh::Verdict RecordRouter::verdict_on(const PeerId& name, const mesh::MessageReceived& event) {
  if (!allowance_.take(event.from, clock_.monotonic_ns())) return mesh::Verdict::kIgnore;
  const uint64_t now_ns = clock_.unix_ns();
  const auto record = verified(event.data.view(), name, now_ns);
  if (!record.ok()) {
    // That it has expired is no fault of who passes it on; clocks differ.
    const bool expired = record.error().code == ErrorCode::kNotFound;
    const bool unknown = record.error().code == ErrorCode::kUnsupported;
    return expired || unknown ? mesh::Verdict::kIgnore : mesh::Verdict::kReject;
  }
  const bool newer = known_.take(name, *record, now_ns) == KnownRecords::Told::kNewer;
  return newer ? mesh::Verdict::kAccept : mesh::Verdict::kIgnore;
}

bool RecordRouter::on(const mesh::MessageReceived& event) {
  const auto name = name_of_topic(event.topic);
  if (!name.ok()) return false;
  host_.judge(event.message, verdict_on(*name, event));
  return true;
}

uint64_t RecordRouter::wake_at_ns() const {
  uint64_t at_ns = UINT64_MAX;
  for (const auto& [id, query] : queries_) at_ns = std::min(at_ns, query.deadline_ns);
  return at_ns;
}

void RecordRouter::on_time() {
  const uint64_t now_ns = clock_.monotonic_ns();
  for (bool again = true; again;) {
    const auto late = std::find_if(queries_.begin(), queries_.end(), [&](const auto& entry) {
      return entry.second.deadline_ns <= now_ns;
    });
    again = late != queries_.end();
    if (!again) return;
    host_.cancel_query(late->first);
    if (late->second.found.why.empty()) late->second.found.why = "the time was up";
    late->second.delivered.why = "the time was up";
    finish(late);
  }
}

void RecordRouter::end_all(const std::string& why) {
  while (!queries_.empty()) {
    const auto query = queries_.begin();
    host_.cancel_query(query->first);
    query->second.found.why = why;
    query->second.delivered.why = why;
    finish(query);
  }
}

}  // namespace timerose::names
