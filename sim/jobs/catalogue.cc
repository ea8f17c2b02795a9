#include "sim/jobs/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "compute/outcome.h"

namespace timerose::sim::jobs {
namespace {

Cid made_up_cid(std::string_view what, uint64_t a, uint64_t b) {
  const std::string text = fmt::format("{} {} {}", what, a, b);
  return Cid::of_sha256(Codec::kRaw, as_bytes(text));
}

Bytes outcome_of(const Cid& output) {
  compute::Outcome outcome{
      .ending = 0U, .output = output, .stdout_written = {}, .stderr_written = {}};
  auto encoded = outcome.encode();
  CHECK(encoded.ok());
  return *std::move(encoded);
}

// Evenly on a scale of doublings.
uint64_t bytes_between(uint64_t least, uint64_t most, Dice& dice) {
  const double ratio = static_cast<double>(most) / static_cast<double>(least);
  return static_cast<uint64_t>(static_cast<double>(least) * std::pow(ratio, dice.unit()));
}

// Of a digest: as good as chance, and the same for all.
uint64_t number_in(const Cid& cid) {
  uint64_t out = 0;
  const ByteView bytes = cid.bytes();
  std::memcpy(&out, bytes.data() + bytes.size() - sizeof(out), sizeof(out));
  return out;
}

}  // namespace

Catalogue::Catalogue(const Scenario& scenario, uint64_t seed)
    : scenario_(scenario), held_(scenario.nodes) {
  Dice dice(seed);
  const auto give_copies = [&](ObjectNumber object) {
    for (uint64_t i = 0; i < scenario.work.data.copies; ++i) {
      put(static_cast<NodeNumber>(dice.below(scenario.nodes)), object);
    }
  };
  functions_.resize(scenario.work.functions.size());
  for (size_t kind = 0; kind < functions_.size(); ++kind) {
    const FunctionKind& of = scenario.work.functions[kind];
    for (uint64_t i = 0; i < of.count; ++i) {
      const ObjectNumber module = add(made_up_cid("module", kind, i), of.module_bytes);
      give_copies(module);
      functions_[kind].push_back({&of, module});
    }
    for (const Function& one : functions_[kind]) {
      by_module_.emplace(static_cast<uint32_t>(one.module), &one);
    }
  }
  data_begin_ = static_cast<uint32_t>(objects_.size());
  const Data& data = scenario.work.data;
  double sum = 0;
  for (uint64_t i = 0; i < data.objects; ++i) {
    give_copies(
        add(made_up_cid("data", seed, i), bytes_between(data.bytes_min, data.bytes_max, dice)));
    sum += std::pow(static_cast<double>(i + 1), -data.zipf);
    popularity_.push_back(sum);
  }
}

ObjectNumber Catalogue::add(Cid cid, uint64_t bytes) {
  const auto number = static_cast<uint32_t>(objects_.size());
  const auto [entry, fresh] = by_cid_.emplace(cid, number);
  if (!fresh) return ObjectNumber{entry->second};
  objects_.push_back({std::move(cid), bytes, {}});
  return ObjectNumber{number};
}

std::optional<ObjectNumber> Catalogue::find(const Cid& cid) const {
  const auto found = by_cid_.find(cid);
  if (found == by_cid_.end()) return std::nullopt;
  return ObjectNumber{found->second};
}

void Catalogue::put(NodeNumber node, ObjectNumber object) {
  const auto number = static_cast<uint32_t>(object);
  if (held_[node].insert(number).second) objects_[number].holders.push_back(node);
}

std::vector<Cid> Catalogue::modules() const {
  std::vector<Cid> out;
  for (const auto& kind : functions_) {
    for (const Function& one : kind) out.push_back(object(one.module).cid);
  }
  return out;
}

const Function& Catalogue::pick_function(Dice& dice) const {
  const auto& kind = functions_[pick_by_share(scenario_.work.functions, dice)];
  return kind[dice.below(kind.size())];
}

ObjectNumber Catalogue::pick_data(Dice& dice) const {
  const double at = dice.unit() * popularity_.back();
  const auto found = std::upper_bound(popularity_.begin(), popularity_.end(), at);
  const auto place =
      std::min<size_t>(static_cast<size_t>(found - popularity_.begin()), popularity_.size() - 1);
  return ObjectNumber{data_begin_ + static_cast<uint32_t>(place)};
}

const Function* Catalogue::function_of(const Cid& module) const {
  const auto number = find(module);
  if (!number) return nullptr;
  const auto found = by_module_.find(static_cast<uint32_t>(*number));
  return found == by_module_.end() ? nullptr : found->second;
}

Truth truth_of(const Catalogue& catalogue, const compute::Invocation& call, const Cid& name) {
  const Function* const function = catalogue.function_of(call.module);
  CHECK(function != nullptr);
  uint64_t bytes = 0;
  for (const Cid& input : call.inputs) {
    if (const auto object = catalogue.find(input)) bytes += catalogue.object(*object).bytes;
  }
  const uint64_t number = number_in(name);
  const Cid output = made_up_cid("output of", number, 0);
  // Half as much to one and a half times.
  const double varied = 0.5 + static_cast<double>(number % 1024) / 1024;
  const double fuel = static_cast<double>(function->kind->fuel) * varied +
                      function->kind->fuel_per_byte * static_cast<double>(bytes);
  const double unlucky = static_cast<double>(number / 1024 % 4096) / 4096;
  return {.outcome = outcome_of(output),
          .output = output,
          .fuel = static_cast<uint64_t>(fuel),
          .kills = unlucky < function->kind->kills};
}

Bytes false_outcome(const Cid& name, uint64_t salt) {
  return outcome_of(made_up_cid("lie about", number_in(name), salt));
}

}  // namespace timerose::sim::jobs
