// What holds a worker process in, each part of it by itself: systems allow some and forbid others.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace timerose::isolation {

enum class Measure : uint32_t {
  kUserNamespace = 1U << 0,     // no rights outside it, whoever runs the node
  kProcessNamespace = 1U << 1,  // sees no other process
  kNoNetwork = 1U << 2,
  kEmptyRoot = 1U << 3,        // sees no file
  kSystemCalls = 1U << 4,      // seccomp: only those that a guest's run needs
  kNoNewPrivileges = 1U << 5,  // and no capability, no core dump, no look by a debugger
  kLimits = 1U << 6,           // rlimits; the first that the system ends when memory runs out
  kGroup = 1U << 7,            // cgroup: memory, processes
};

struct MeasureName {
  Measure measure;
  const char* name;
};
inline constexpr std::array<MeasureName, 8> kMeasureNames{{
    {Measure::kUserNamespace, "user namespace"},
    {Measure::kProcessNamespace, "process namespace"},
    {Measure::kNoNetwork, "no network"},
    {Measure::kEmptyRoot, "empty root"},
    {Measure::kSystemCalls, "system call filter"},
    {Measure::kNoNewPrivileges, "no privileges"},
    {Measure::kLimits, "resource limits"},
    {Measure::kGroup, "control group"},
}};

// Which of them are in force.
struct Measures {
  uint32_t bits = 0;

  void add(Measure one) { bits |= static_cast<uint32_t>(one); }
  [[nodiscard]] bool has(Measure one) const { return (bits & static_cast<uint32_t>(one)) != 0; }
  bool operator==(const Measures&) const = default;
};

// "user namespace, no network, ...": those of them that are `in_force`, or that are not.
inline std::string names_of(Measures measures, bool in_force) {
  std::string names;
  for (const MeasureName& one : kMeasureNames) {
    if (measures.has(one.measure) != in_force) continue;
    names += names.empty() ? "" : ", ";
    names += one.name;
  }
  return names.empty() ? "none" : names;
}

}  // namespace timerose::isolation
