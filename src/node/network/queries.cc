#include "node/network/queries.h"

#include <utility>
#include <variant>

namespace timerose::node {
namespace {

// The query that an event belongs to, if it belongs to one.
template <typename T>
concept OfQuery = requires(const T& event) { event.query; };

}  // namespace

void Queries::follow(mesh::QueryId query, OnEvent on_event) {
  followed_.insert_or_assign(query, std::move(on_event));
}

void Queries::cancel(mesh::QueryId query) {
  if (followed_.erase(query) > 0) host_.cancel_query(query);
}

void Queries::on_event(const mesh::Event& event) {
  std::visit(
      [&](const auto& one) {
        if constexpr (OfQuery<std::decay_t<decltype(one)>>) {
          const auto found = followed_.find(one.query);
          if (found == followed_.end()) return;
          const OnEvent on_event = found->second;  // it may follow another, or cancel
          if (on_event(event)) followed_.erase(one.query);
        }
      },
      event);
}

}  // namespace timerose::node
