// Builds a Value from the events of a parser, without recursion, so that the depth of the input
// costs no stack. A map's key comes before its value; keys are unique (the parser sees to it).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ipld/value.h"

namespace timerose::ipld {

class TreeBuilder {
 public:
  void add(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (auto* list = open_.back().container.as_list()) {
      list->push_back(std::move(value));
    } else {
      // Keys mostly come in order, and then the end is the right place.
      auto* map = open_.back().container.as_map();
      map->emplace_hint(map->end(), std::move(open_.back().key), std::move(value));
    }
  }
  void open(Value container) { open_.push_back({std::move(container), {}}); }
  void key(std::string key) { open_.back().key = std::move(key); }
  // Takes the innermost container out; what it stands for is to be given to add().
  Value close() {
    Value done = std::move(open_.back().container);
    open_.pop_back();
    return done;
  }

  [[nodiscard]] size_t depth() const { return open_.size(); }
  [[nodiscard]] const Value& innermost() const { return open_.back().container; }
  // The pending key of the innermost map.
  [[nodiscard]] const std::string& pending_key() const { return open_.back().key; }
  Value take_root() { return std::move(root_); }

 private:
  struct Open {
    Value container;
    std::string key;
  };
  std::vector<Open> open_;
  Value root_;
};

}  // namespace timerose::ipld
