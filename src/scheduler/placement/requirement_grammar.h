// The words of requirements: of requirement*.cc only.
#pragma once

#include <array>
#include <string_view>

#include "scheduler/placement/requirement.h"

namespace timerose::scheduler {

enum class Unit : uint8_t { kNumber, kSize, kTime, kWord };

struct AttributeWord {
  std::string_view name;
  Attribute attribute;
  Unit unit;
};

// kLabel is not among them: its name is label.X.
inline constexpr auto kAttributeWords = std::to_array<AttributeWord>({
    {"cores", Attribute::kCores, Unit::kNumber},
    {"memory", Attribute::kMemory, Unit::kSize},
    {"disk", Attribute::kDisk, Unit::kSize},
    {"gpus", Attribute::kGpus, Unit::kNumber},
    {"gpu.memory", Attribute::kGpuMemory, Unit::kSize},
    {"free.cores", Attribute::kFreeCores, Unit::kNumber},
    {"free.memory", Attribute::kFreeMemory, Unit::kSize},
    {"free.disk", Attribute::kFreeDisk, Unit::kSize},
    {"wait", Attribute::kWait, Unit::kTime},
    {"distance", Attribute::kDistance, Unit::kTime},
    {"speed", Attribute::kSpeed, Unit::kSize},
    {"network", Attribute::kNetwork, Unit::kSize},
    {"engine", Attribute::kEngine, Unit::kWord},
    {"operator", Attribute::kOperator, Unit::kWord},
    {"node", Attribute::kNode, Unit::kWord},
});
inline constexpr std::string_view kLabelPrefix = "label.";

struct ComparisonWord {
  std::string_view sign;
  Comparison comparison;
};

// Longer ones first, so that the first that fits is meant.
inline constexpr auto kComparisonWords = std::to_array<ComparisonWord>({
    {">=", Comparison::kAtLeast},
    {"<=", Comparison::kAtMost},
    {"!=", Comparison::kNotEqual},
    {">", Comparison::kAbove},
    {"<", Comparison::kBelow},
    {"=", Comparison::kEqual},
});

Unit unit_of(Attribute attribute);
// A number as the attribute's values are written, with no more than it needs: "8GiB", "50ms".
std::string write_number(Unit unit, uint64_t number);

}  // namespace timerose::scheduler
