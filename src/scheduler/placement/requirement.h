// What a request wants of the node that runs it: `memory>=8GiB, label.zone=eu`. The same form is
// used for what is required and for what is only preferred.
//
// Terms are separated by commas, and all must hold. A term is a name, a comparison (= != >= <= > <)
// and a value:
//
//   cores, gpus, free.cores            numbers
//   memory, disk, gpu.memory,
//   free.memory, free.disk             sizes: 8GiB, 500MB
//   speed, network                     of fuel and of bytes a second; sizes are taken too: 100MB
//   wait, distance                     spans of time: 50ms, 2s
//   engine, operator, node, label.X    words, with = and != only
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "scheduler/adverts/advert.h"

namespace timerose::scheduler {

enum class Attribute : uint8_t {
  kCores,
  kMemory,
  kDisk,
  kGpus,
  kGpuMemory,  // of the largest
  kFreeCores,
  kFreeMemory,
  kFreeDisk,
  kWait,
  kDistance,
  kSpeed,
  kNetwork,
  kEngine,
  kOperator,
  kNode,
  kLabel,
};
enum class Comparison : uint8_t { kEqual, kNotEqual, kAtLeast, kAtMost, kAbove, kBelow };

struct Term {
  Attribute attribute = Attribute::kCores;
  std::string label;  // its name, for kLabel
  Comparison comparison = Comparison::kEqual;
  uint64_t number = 0;  // of sizes in bytes, of times in microseconds
  std::string word;
  bool operator==(const Term&) const = default;

  [[nodiscard]] std::string attribute_name() const;  // "memory", "label.zone"
  [[nodiscard]] std::string to_string() const;       // "memory>=8GiB"
};

struct Requirement {
  static constexpr size_t kTextBytesMax = 4096;
  static constexpr size_t kTermsMax = 32;

  std::vector<Term> terms;

  // Inverses. Empty text wants nothing. kInvalidArgument says at which character, what was expected
  // and gives an example.
  static Result<Requirement> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  bool operator==(const Requirement&) const = default;
};

// What a node is measured against: its advert, and how far it is from who asks.
struct Measured {
  const Advert& advert;
  double distance_s = 0;
};

bool holds(const Term& term, const Measured& node);
// How far from holding, relative to what is wanted: 0 if it holds, 0.5 for half of it, 1 or more
// for nothing like it. The nearest miss is the smallest.
double shortfall(const Term& term, const Measured& node);
// What the node has instead: "23.5 GiB", "us", "no such label".
std::string found_instead(const Term& term, const Measured& node);

}  // namespace timerose::scheduler
