// For tests of placement: adverts of made-up nodes.
#pragma once

#include <cstdint>

#include "scheduler/adverts/advert.h"

namespace timerose::scheduler {

// Unsigned: placement takes adverts that the table has let in.
inline Advert node_at(uint32_t number, int32_t milliseconds) {
  Advert advert;
  for (size_t i = 0; i < sizeof(number); ++i) {
    advert.node.bytes[i] = static_cast<uint8_t>(number >> (8 * i));
  }
  advert.capacity.cores = 4;
  advert.capacity.memory_bytes = uint64_t{8} << 30;
  advert.use.cores_free = 4;
  advert.use.memory_free_bytes = advert.capacity.memory_bytes;
  advert.speed.fuel_per_s = 1'000'000'000;
  advert.speed.network_bytes_s = 100'000'000;
  advert.coordinate.at_us = {milliseconds * 1000, 0, 0};
  return advert;
}

}  // namespace timerose::scheduler
