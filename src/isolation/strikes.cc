#include "isolation/strikes.h"

#include <fmt/format.h>

#include "base/bytes.h"

namespace timerose::isolation {
namespace {

std::string name_of(const Sha256Digest& call) { return "c" + std::string(as_text(call)); }
std::string name_of(const std::string& requester) { return "r" + requester; }

}  // namespace

void Strikes::add(uint64_t now_ns, const Sha256Digest& call, const std::string& requester) {
  strike(now_ns, name_of(call), kCallNs);
  strike(now_ns, name_of(requester), kRequesterNs);
}

void Strikes::strike(uint64_t now_ns, const std::string& name, uint64_t for_ns) {
  const auto [found, is_new] = records_.try_emplace(name);
  Record& record = found->second;
  if (!is_new) by_age_.erase(record.age);
  by_age_.push_front(name);
  record.age = by_age_.begin();
  if (is_new || now_ns - record.first_ns >= for_ns) {
    record.count = 0;
    record.first_ns = now_ns;
  }
  ++record.count;
  if (records_.size() <= kNamesMax) return;
  records_.erase(by_age_.back());
  by_age_.pop_back();
}

std::optional<uint64_t> Strikes::seconds_left(uint64_t now_ns, const std::string& name,
                                              Bounds bounds) const {
  const auto found = records_.find(name);
  if (found == records_.end() || found->second.count < bounds.count_max) return std::nullopt;
  const uint64_t until_ns = found->second.first_ns + bounds.for_ns;
  if (now_ns >= until_ns) return std::nullopt;
  return (until_ns - now_ns) / 1'000'000'000 + 1;
}

std::optional<std::string> Strikes::refusal(uint64_t now_ns, const Sha256Digest& call,
                                            const std::string& requester) const {
  if (const auto left = seconds_left(now_ns, name_of(call), {kOfCallMax, kCallNs})) {
    return fmt::format(
        "this call has ended its worker process {} times; it is not run again for {} s", kOfCallMax,
        *left);
  }
  if (const auto left = seconds_left(now_ns, name_of(requester), {kOfRequesterMax, kRequesterNs})) {
    return fmt::format(
        "calls of this requester have ended {} worker processes within {} s; it is served again "
        "in {} s",
        kOfRequesterMax, kRequesterNs / 1'000'000'000, *left);
  }
  return std::nullopt;
}

}  // namespace timerose::isolation
