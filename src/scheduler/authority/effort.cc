#include "scheduler/authority/effort.h"

namespace timerose::scheduler::authority {

uint64_t cost_of(const Value& value) {
  constexpr uint64_t kBytesOfStep = 64;
  uint64_t cost = 1;
  if (const auto* text = value.as_string()) cost += text->size() / kBytesOfStep;
  if (const auto* bytes = value.as_byte_string()) cost += bytes->size() / kBytesOfStep;
  if (const auto* list = value.as_list()) {
    for (const Value& item : *list) cost += cost_of(item);
  }
  if (const auto* map = value.as_map()) {
    for (const auto& [key, item] : *map) cost += 1 + cost_of(item);
  }
  return cost;
}

}  // namespace timerose::scheduler::authority
