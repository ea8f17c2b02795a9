// What there is to call and to read: functions and data, who holds which of it, and the true
// Outcome of every call.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "compute/invocation.h"
#include "multiformats/cid.h"
#include "sim/dice.h"
#include "sim/jobs/geography.h"
#include "sim/jobs/scenario.h"

namespace timerose::sim::jobs {

// A module, an input, or what a call wrote: its place in the catalogue.
enum class ObjectNumber : uint32_t {};

struct Object {
  Cid cid;
  uint64_t bytes = 0;
  std::vector<NodeNumber> holders;
};

struct Function {
  const FunctionKind* kind = nullptr;
  ObjectNumber module{};
};

class Catalogue {
 public:
  Catalogue(const Scenario& scenario, uint64_t seed);

  [[nodiscard]] const Object& object(ObjectNumber number) const {
    return objects_[static_cast<uint32_t>(number)];
  }
  // The catalogue knows every CID that can be asked for.
  [[nodiscard]] std::optional<ObjectNumber> find(const Cid& cid) const;
  [[nodiscard]] bool holds(NodeNumber node, ObjectNumber object) const {
    return held_[node].contains(static_cast<uint32_t>(object));
  }
  // Of all functions.
  [[nodiscard]] std::vector<Cid> modules() const;
  void put(NodeNumber node, ObjectNumber object);
  // Of something new, named by the dice or by its maker.
  ObjectNumber add(Cid cid, uint64_t bytes);

  // A function by its share, an object by its popularity.
  [[nodiscard]] const Function& pick_function(Dice& dice) const;
  [[nodiscard]] ObjectNumber pick_data(Dice& dice) const;
  [[nodiscard]] const Function* function_of(const Cid& module) const;
  [[nodiscard]] size_t objects() const { return objects_.size(); }

 private:
  const Scenario& scenario_;
  std::vector<Object> objects_;
  std::unordered_map<Cid, uint32_t> by_cid_;
  std::vector<std::unordered_set<uint32_t>> held_;  // by node
  std::vector<std::vector<Function>> functions_;    // by kind
  std::unordered_map<uint32_t, const Function*> by_module_;
  uint32_t data_begin_ = 0;
  std::vector<double> popularity_;  // of data: summed up
};

// What a call is and gives; the same for every honest node.
struct Truth {
  Bytes outcome;  // the block
  Cid output;
  uint64_t fuel = 0;
  bool kills = false;  // whoever runs it
};
Truth truth_of(const Catalogue& catalogue, const compute::Invocation& call, const Cid& name);
// Another Outcome of the same form: the same for the same salt.
Bytes false_outcome(const Cid& name, uint64_t salt);

}  // namespace timerose::sim::jobs
