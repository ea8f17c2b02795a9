#include "names/name_service.h"

#include <fmt/format.h>

#include <algorithm>

#include "unixfs/path.h"

namespace timerose::names {
namespace {

Error not_found(const PeerId& name, const Found& found) {
  std::string asked = found.peers_asked == 0
                          ? "no node answered"
                          : fmt::format("{} nodes were asked", found.peers_asked);
  if (found.refused != 0) asked += fmt::format(", {} records were no good", found.refused);
  if (!found.why.empty()) asked += " (" + found.why + ")";
  return {ErrorCode::kNotFound,
          fmt::format("no record of the name {} was found: {}. Check the name, connect to a node "
                      "that knows it (`timerose swarm connect`), or wait longer",
                      name_text(name), asked)};
}

Status check_value(const PeerId& name, const NamePath& path) {
  if (unixfs::need_escapes(path.segments)) {
    return Error{ErrorCode::kInvalidArgument,
                 "a name cannot stand for a path with a '/' inside of a segment"};
  }
  if (const PeerId* other = std::get_if<PeerId>(&path.root); other != nullptr && *other == name) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("{} would stand for itself; publish another path", name_text(name))};
  }
  return success();
}

}  // namespace

// --- Resolving ---

Result<NameService::Seen> NameService::ask_network(const PeerId& name,
                                                   const std::optional<SignedRecord>& kept,
                                                   const ResolveOptions& options) {
  const Found found = parts_.network->find(name, options.find, options.cancel);
  if (options.cancel != nullptr && options.cancel->load()) {
    return Error{ErrorCode::kCancelled, "stopped while asking for " + name_text(name)};
  }
  const uint64_t now_ns = parts_.clock.unix_ns();
  auto newest = newer_of(kept, found.newest);
  if (!newest) return not_found(name, found);
  // Nobody else had it: it is as old as it was.
  if (found.newest) TR_TRY(parts_.store.saw(name, *newest, now_ns));
  const uint64_t fresh_ns = found.newest ? fresh_for_ns(newest->record, now_ns, now_ns) : 0;
  return Seen{*std::move(newest), fresh_ns};
}

Result<NameService::Seen> NameService::newest(const PeerId& name, const ResolveOptions& options) {
  const uint64_t now_ns = parts_.clock.unix_ns();
  TR_ASSIGN(auto stored, parts_.store.find(name));
  const auto is_valid = [&](const IpnsRecord& record) { return record.valid_until_ns > now_ns; };
  std::optional<SignedRecord> kept;
  uint64_t seen_ns = 0;
  if (stored && is_valid(stored->signed_record.record)) {
    kept = std::move(stored->signed_record);
    seen_ns = stored->seen_ns;
  }
  if (parts_.network == nullptr) {
    if (kept) return Seen{*kept, fresh_for_ns(kept->record, seen_ns, now_ns)};
    return Error{ErrorCode::kNotFound,
                 fmt::format("no valid record of the name {} is kept here; start a node "
                             "(`timerose node start`) to ask others",
                             name_text(name))};
  }
  if (auto known = parts_.network->known(name); known && (!kept || is_newer(*known, *kept))) {
    kept = std::move(known);
    seen_ns = now_ns;
  }
  const uint64_t fresh_ns = kept ? fresh_for_ns(kept->record, seen_ns, now_ns) : 0;
  if (options.use_cache && fresh_ns > 0) return Seen{*std::move(kept), fresh_ns};
  return ask_network(name, kept, options);
}

Result<SignedRecord> NameService::find_record(const PeerId& name, const ResolveOptions& options) {
  TR_ASSIGN(Seen seen, newest(name, options));
  return std::move(seen.record);
}

Result<NameService::Step> NameService::step(const PeerId& name, const ResolveOptions& options) {
  TR_ASSIGN(const Seen seen, newest(name, options));
  auto path = NamePath::parse(seen.record.record.value);
  if (!path.ok()) {
    return std::move(path).error().within("the record of " + name_text(name) + " names a path");
  }
  return Step{std::move(path).value(), seen.fresh_for_ns};
}

Result<NameService::Step> NameService::step(const Domain& domain) {
  auto answer = parts_.txt.lookup("_dnslink." + domain.text);
  if (!answer.ok()) {
    return std::move(answer).error().within("the DNSLink of " + domain.text);
  }
  auto path = dnslink_of(answer->texts);
  if (!path.ok()) return std::move(path).error().within("the DNSLink of " + domain.text);
  return Step{std::move(path).value(), answer->ttl_ns};
}

Result<Resolved> NameService::resolve(const NamePath& path, const ResolveOptions& options) {
  const uint64_t start_ns = parts_.clock.monotonic_ns();
  Resolved resolved{path};
  while (!resolved.path.is_immutable()) {
    if (resolved.steps == kStepsMax) {
      return Error{ErrorCode::kLimitExceeded,
                   fmt::format("{} leads from name to name, more than {} of them; the last was {}",
                               path.to_string(), kStepsMax, resolved.path.to_string())};
    }
    ResolveOptions left = options;  // one timeout for all steps
    const uint64_t passed_ms = (parts_.clock.monotonic_ns() - start_ns) / 1'000'000;
    left.find.timeout_ms -= std::min(passed_ms, left.find.timeout_ms);
    const PeerId* name = std::get_if<PeerId>(&resolved.path.root);
    TR_ASSIGN(Step taken,
              name != nullptr ? step(*name, left) : step(std::get<Domain>(resolved.path.root)));
    std::vector<std::string>& below = taken.path.segments;
    below.insert(below.end(), resolved.path.segments.begin(), resolved.path.segments.end());
    resolved.path = std::move(taken.path);
    resolved.ttl_ns = std::min(resolved.ttl_ns, taken.ttl_ns);
    ++resolved.steps;
    if (!options.recursive) break;
  }
  return resolved;
}

// --- Publishing ---

Result<std::optional<SignedRecord>> NameService::seen_elsewhere(const PeerId& name,
                                                                const PublishOptions& options) {
  if (parts_.network == nullptr) return std::optional<SignedRecord>();
  TR_ASSIGN(const auto kept, parts_.store.find(name));
  if (kept) return parts_.network->known(name);
  FindOptions find;
  find.timeout_ms = std::min(kLookBeforeFirstMs, options.timeout_ms);
  Found found = parts_.network->find(name, find, options.cancel);
  return newer_of(std::move(found.newest), parts_.network->known(name));
}

Published& NameService::note_attempt(const PeerId& name, uint64_t lifetime_ns,
                                     const Delivered& delivered) {
  Published& published = published_[name];
  published = {parts_.clock.monotonic_ns(), lifetime_ns, delivered.reached_others(), false};
  return published;
}

Result<PublishedName> NameService::publish(const PrivateKey& key, const std::string& path,
                                           const PublishOptions& options) {
  const PeerId name = PeerId::of(key.public_key());
  TR_ASSIGN(const NamePath value, NamePath::parse(path));
  TR_TRY(check_value(name, value));
  if (parts_.network == nullptr && !options.allow_offline) {
    return Error{ErrorCode::kNotFound,
                 "no node runs that could tell others; start one (`timerose node start`), or give "
                 "--allow-offline to keep the record until one does"};
  }
  TR_ASSIGN(const auto elsewhere, seen_elsewhere(name, options));
  const Wish wish{value.to_string(), options.lifetime_ns, options.ttl_ns};
  TR_ASSIGN(const SignedRecord record,
            parts_.store.publish(key, wish, elsewhere, parts_.clock.unix_ns()));
  PublishedName published{name, record.record, {}};
  if (parts_.network == nullptr) return published;
  published.delivered = parts_.network->deliver(name, record, options.timeout_ms, options.cancel);
  {
    const std::lock_guard lock(mutex_);
    note_attempt(name, options.lifetime_ns, published.delivered);
  }
  if (!published.delivered.reached_others() && !options.allow_offline) {
    return Error{ErrorCode::kNotFound,
                 fmt::format("the record of {} is kept here, but no other node took it ({}); it is "
                             "published again when this node meets others",
                             name_text(name), published.delivered.why)};
  }
  return published;
}

Result<SignedRecord> NameService::renewed(const OwnRecord& own, const KeyOf& key_of) {
  const auto key = key_of(own.name);
  if (key) {
    TR_ASSIGN(auto record, parts_.store.renew(*key, parts_.clock.unix_ns()));
    if (record) return *std::move(record);
  }
  // Without its key, or where another node's is newer, what there is can only be passed on.
  TR_ASSIGN(const auto kept, parts_.store.find(own.name));
  return kept ? kept->signed_record : own.stored.signed_record;
}

Result<uint64_t> NameService::republish_due(const KeyOf& key_of, const CancelFlag* cancel) {
  uint64_t next_ns = UINT64_MAX;
  if (parts_.network == nullptr) return next_ns;
  TR_ASSIGN(const auto records, parts_.store.own());
  for (const OwnRecord& own : records) {
    std::unique_lock lock(mutex_);
    const uint64_t at_ns = republish_at_ns(published_[own.name]);
    lock.unlock();
    if (at_ns > parts_.clock.monotonic_ns()) {
      next_ns = std::min(next_ns, at_ns);
      continue;
    }
    TR_ASSIGN(const SignedRecord record, renewed(own, key_of));
    Delivered delivered;
    if (record.record.valid_until_ns > parts_.clock.unix_ns()) {
      delivered = parts_.network->deliver(own.name, record, PublishOptions().timeout_ms, cancel);
    }
    if (cancel != nullptr && cancel->load()) return next_ns;
    lock.lock();
    const Published& noted = note_attempt(own.name, own.stored.lifetime_ns, delivered);
    next_ns = std::min(next_ns, republish_at_ns(noted));
  }
  return next_ns;
}

void NameService::met_peer() {
  const std::lock_guard lock(mutex_);
  for (auto& [name, published] : published_) published.met_peer_since = true;
}

}  // namespace timerose::names
