// The DAG-CBOR of an Advert, without its limits: of advert.cc only.
#pragma once

#include "scheduler/adverts/advert.h"

namespace timerose::scheduler {

inline constexpr uint64_t kAdvertVersion = 1;

// Appends {payload, signature}, and what the signature is over.
void write_advert(Bytes& out, const Advert& advert);
void write_advert_payload(Bytes& out, const Advert& advert);

Result<Advert> read_advert(ByteView bytes);

}  // namespace timerose::scheduler
