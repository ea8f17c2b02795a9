// A node's signed, numbered statement of what it has and what it is doing now.
//
// docs/reference/adverts.md describes it for other implementations; the schema is advert.ipldsch.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/key.h"
#include "ipld/value.h"
#include "multiformats/cid.h"
#include "multiformats/peer_id.h"
#include "scheduler/adverts/warm_set.h"
#include "scheduler/coordinate.h"

namespace timerose::scheduler {

using Labels = std::map<std::string, std::string, DagCborKeyOrder>;

struct Gpu {
  std::string name;
  uint64_t memory_bytes = 0;
  bool operator==(const Gpu&) const = default;
};

// What there is in all.
struct Capacity {
  uint32_t cores = 1;
  uint64_t memory_bytes = 0;
  uint64_t disk_bytes = 0;  // of the repository's limit
  std::vector<Gpu> gpus;
  std::vector<std::string> engines;  // "wasmtime 48.0.8"; ascending, each once
  Labels labels;                     // what the operator says of it: zone=eu
  std::string operator_name;         // who runs it; empty: not said
  bool operator==(const Capacity&) const = default;
};

// What of it is free, and how long new work waits.
struct Use {
  uint32_t cores_free = 0;
  uint64_t memory_free_bytes = 0;
  uint64_t disk_free_bytes = 0;
  uint32_t running = 0;  // calls
  uint32_t queued = 0;
  uint32_t wait_ms = 0;  // until a call that comes now is started
  bool operator==(const Use&) const = default;
};

// How fast it was found to be; zero: not measured.
struct Speed {
  uint64_t fuel_per_s = 0;       // of one core, by the engine's fuel
  uint64_t network_bytes_s = 0;  // that blocks were received at, at best
  std::optional<Cid> receipt;    // of the call that fuel_per_s was measured with
  bool operator==(const Speed&) const = default;
};

struct Advert {
  static constexpr size_t kBytesMax = 4096;  // encoded
  static constexpr size_t kLabelsMax = 32;
  static constexpr size_t kLabelBytesMax = 63;  // of a label's name, and of its value
  static constexpr size_t kGpusMax = 16;
  static constexpr size_t kEnginesMax = 16;
  static constexpr size_t kNameBytesMax = 64;  // of an engine, a GPU, an operator
  static constexpr uint32_t kCoresMax = 1U << 16;
  static constexpr uint32_t kGuestsMax = 1U << 24;  // running, queued
  static constexpr uint64_t kMemoryBytesMax = uint64_t{1} << 50;
  static constexpr uint64_t kDiskBytesMax = uint64_t{1} << 60;
  static constexpr uint64_t kSpeedMax = 1'000'000'000'000;  // of fuel or bytes a second
  static constexpr uint32_t kIntervalMin_s = 1;
  static constexpr uint32_t kIntervalMax_s = 1U << 18;  // three days
  static constexpr uint32_t kIntervalsToExpiry = 3;
  static constexpr uint64_t kMomentMax_ms = uint64_t{1} << 50;  // far beyond any clock

  PublicKey node;
  uint64_t sequence = 0;        // greater than in any advert of the node before
  uint64_t issued_unix_ms = 0;  // by the node's clock
  uint32_t interval_s = 30;     // another one follows within this time
  Capacity capacity;
  Use use;
  Speed speed;
  WarmSet warm;  // functions that start here without being compiled
  Coordinate coordinate;
  Signature signature{};

  [[nodiscard]] PeerId peer() const { return PeerId::of(node); }
  [[nodiscard]] uint64_t expires_unix_ms() const {
    return issued_unix_ms + uint64_t{interval_s} * kIntervalsToExpiry * 1000;
  }

  // Sets `node` and `signature`.
  Status sign(const PrivateKey& key);
  // kMismatch if the signature is not the node's over this advert.
  [[nodiscard]] Status verify() const;

  // kMalformed for what breaks a limit above or cannot be: more free than there is. What decodes is
  // good, and only what is good encodes.
  [[nodiscard]] Status check() const;

  // Inverses. decode is strict: any other bytes for the same value are kMalformed. It does not
  // verify.
  [[nodiscard]] Result<Bytes> encode() const;
  static Result<Advert> decode(ByteView bytes);

  bool operator==(const Advert&) const = default;
};

// A label's name: lower-case letters, digits and . _ - /, beginning with a letter or a digit.
bool is_label_name(std::string_view text);
// A label's value, or a name: letters, digits and . _ - / : + @, not empty.
bool is_label_value(std::string_view text);

}  // namespace timerose::scheduler
