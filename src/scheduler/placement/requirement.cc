#include "scheduler/placement/requirement.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/duration.h"
#include "base/units.h"
#include "scheduler/placement/requirement_grammar.h"

namespace timerose::scheduler {
namespace {

uint64_t largest_gpu_bytes(const std::vector<Gpu>& gpus) {
  uint64_t most = 0;
  for (const Gpu& gpu : gpus) most = std::max(most, gpu.memory_bytes);
  return most;
}

uint64_t number_of(Attribute attribute, const Measured& node) {
  const Advert& advert = node.advert;
  switch (attribute) {
    case Attribute::kCores:
      return advert.capacity.cores;
    case Attribute::kMemory:
      return advert.capacity.memory_bytes;
    case Attribute::kDisk:
      return advert.capacity.disk_bytes;
    case Attribute::kGpus:
      return advert.capacity.gpus.size();
    case Attribute::kGpuMemory:
      return largest_gpu_bytes(advert.capacity.gpus);
    case Attribute::kFreeCores:
      return advert.use.cores_free;
    case Attribute::kFreeMemory:
      return advert.use.memory_free_bytes;
    case Attribute::kFreeDisk:
      return advert.use.disk_free_bytes;
    case Attribute::kWait:
      return advert.use.wait_ms * kMicrosPerMilli;
    case Attribute::kDistance:
      return static_cast<uint64_t>(std::max(0.0, node.distance_s / kMicro));
    case Attribute::kSpeed:
      return advert.speed.fuel_per_s;
    case Attribute::kNetwork:
      return advert.speed.network_bytes_s;
    case Attribute::kEngine:
    case Attribute::kOperator:
    case Attribute::kNode:
    case Attribute::kLabel:
      break;
  }
  return 0;
}

bool compare(Comparison comparison, uint64_t found, uint64_t wanted) {
  switch (comparison) {
    case Comparison::kEqual:
      return found == wanted;
    case Comparison::kNotEqual:
      return found != wanted;
    case Comparison::kAtLeast:
      return found >= wanted;
    case Comparison::kAtMost:
      return found <= wanted;
    case Comparison::kAbove:
      return found > wanted;
    case Comparison::kBelow:
      return found < wanted;
  }
  return false;
}

// "wasmtime" means any version of it.
bool is_engine(std::string_view engine, std::string_view wanted) {
  return engine == wanted || engine.substr(0, engine.find(' ')) == wanted;
}

bool has_word(const Term& term, const Advert& advert) {
  const Capacity& has = advert.capacity;
  switch (term.attribute) {
    case Attribute::kEngine:
      return std::any_of(has.engines.begin(), has.engines.end(),
                         [&](const auto& engine) { return is_engine(engine, term.word); });
    case Attribute::kOperator:
      return has.operator_name == term.word;
    case Attribute::kNode:
      return advert.peer().to_string() == term.word;
    case Attribute::kLabel: {
      const auto found = has.labels.find(term.label);
      return found != has.labels.end() && found->second == term.word;
    }
    default:
      return false;
  }
}

}  // namespace

bool holds(const Term& term, const Measured& node) {
  if (unit_of(term.attribute) == Unit::kWord) {
    return has_word(term, node.advert) == (term.comparison == Comparison::kEqual);
  }
  return compare(term.comparison, number_of(term.attribute, node), term.number);
}

double shortfall(const Term& term, const Measured& node) {
  if (holds(term, node)) return 0;
  if (unit_of(term.attribute) == Unit::kWord) return 1;
  const auto found = static_cast<double>(number_of(term.attribute, node));
  const auto wanted = static_cast<double>(term.number);
  const double missing = std::abs(found - wanted) / std::max(wanted, 1.0);
  return std::max(missing, std::numeric_limits<double>::min());
}

std::string found_instead(const Term& term, const Measured& node) {
  const Capacity& has = node.advert.capacity;
  switch (term.attribute) {
    case Attribute::kEngine: {
      std::string all;
      for (const std::string& engine : has.engines) all += (all.empty() ? "" : ", ") + engine;
      return all.empty() ? "no engine" : all;
    }
    case Attribute::kOperator:
      return has.operator_name.empty() ? "no operator" : has.operator_name;
    case Attribute::kNode:
      return node.advert.peer().to_string();
    case Attribute::kLabel: {
      const auto found = has.labels.find(term.label);
      return found == has.labels.end() ? "no such label" : found->second;
    }
    default: {
      const Unit unit = unit_of(term.attribute);
      const uint64_t number = number_of(term.attribute, node);
      return unit == Unit::kSize ? format_bytes(number) : write_number(unit, number);
    }
  }
}

}  // namespace timerose::scheduler
