// Where an Invocation's answer lies in memory: a hash of its fields, ready long before its digest.
#pragma once

#include <cstdint>

#include "compute/invocation.h"

namespace timerose::compute {

// Uniform over Invocations; equal ones have one place. It has no secret: whoever makes many with
// one place only fills a bucket of his own answers (bucket_cache.h). Never written down.
uint64_t place_of(const Invocation& call);

}  // namespace timerose::compute
