#include "compute/single_flight.h"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace timerose::compute {
namespace {

constexpr uint64_t kWaitMsMax = 366ULL * 24 * 3600 * 1000;

}  // namespace

std::optional<SingleFlight::Lead> SingleFlight::lead_or_wait(const Sha256Digest& key,
                                                             uint64_t wait_ms) {
  Shard& shard = shard_of(key);
  std::unique_lock lock(shard.mutex);
  const auto [entry, first] = shard.flights.try_emplace(key);
  if (first) return std::optional<Lead>(std::in_place, *this, key);
  if (entry->second == nullptr) entry->second = std::make_shared<Flight>();
  const std::shared_ptr<Flight> flight = entry->second;
  const auto is_over = [&] { return flight->over; };
  if (wait_ms == 0) {
    flight->ended.wait(lock, is_over);
  } else {
    flight->ended.wait_for(lock, std::chrono::milliseconds(std::min(wait_ms, kWaitMsMax)), is_over);
  }
  return std::nullopt;
}

void SingleFlight::end(const Sha256Digest& key) {
  Shard& shard = shard_of(key);
  std::shared_ptr<Flight> flight;
  {
    const std::lock_guard lock(shard.mutex);
    const auto entry = shard.flights.find(key);
    flight = std::move(entry->second);
    shard.flights.erase(entry);
    if (flight != nullptr) flight->over = true;
  }
  if (flight != nullptr) flight->ended.notify_all();
}

}  // namespace timerose::compute
