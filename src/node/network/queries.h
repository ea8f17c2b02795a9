// Questions to the host that are answered by events, and who hears of these. Of the loop's thread.
#pragma once

#include <functional>
#include <unordered_map>

#include "mesh/host.h"

namespace timerose::node {

class Queries {
 public:
  // Whether the event was the last of its query.
  using OnEvent = std::function<bool(const mesh::Event&)>;

  explicit Queries(mesh::Host& host) : host_(host) {}

  void follow(mesh::QueryId query, OnEvent on_event);
  // Forgets it, and ends it at the host.
  void cancel(mesh::QueryId query);
  void on_event(const mesh::Event& event);
  void clear() { followed_.clear(); }

 private:
  mesh::Host& host_;
  std::unordered_map<mesh::QueryId, OnEvent> followed_;
};

}  // namespace timerose::node
