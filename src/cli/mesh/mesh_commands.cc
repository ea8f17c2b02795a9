// timerose nodes: who is in the mesh, what they have, what they are doing, how far they are.
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <thread>

#include "base/units.h"
#include "cli/program/grammar.h"
#include "ipld/dag_json.h"
#include "node/network/network.h"

namespace timerose::cli {
namespace {

using node::KnownNode;
using scheduler::Advert;

enum class Form { kNarrow, kWide, kJson };

Result<Form> form_named(std::string_view name) {
  if (name.empty()) return Form::kNarrow;
  if (name == "wide") return Form::kWide;
  if (name == "json") return Form::kJson;
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("-o: expected wide or json; found '{}'", name)};
}

std::string labels_of(const Advert& advert) {
  std::string out;
  for (const auto& [name, value] : advert.capacity.labels) {
    out += fmt::format("{}{}={}", out.empty() ? "" : ",", name, value);
  }
  return out.empty() ? "-" : out;
}

std::string distance_of(const KnownNode& node) {
  if (node.is_self) return "self";
  const double ms = node.distance_s * 1e3;
  return fmt::format("{}{:.{}f} ms", node.is_measured ? "" : "~", ms, ms < 1 ? 2 : 1);
}

std::string narrow_row(const KnownNode& node) {
  const Advert& advert = *node.advert;
  return fmt::format(
      "{:<52} {:>11} {:>9} {:>10} {:>8} {:>10}  {}", advert.peer().to_string(), distance_of(node),
      fmt::format("{}/{}", advert.use.cores_free, advert.capacity.cores),
      format_bytes(advert.use.memory_free_bytes), fmt::format("{} ms", advert.use.wait_ms),
      fmt::format("{}+{}", advert.use.running, advert.use.queued), labels_of(advert));
}

std::string wide_row(const KnownNode& node) {
  const Advert& advert = *node.advert;
  std::string engines;
  for (const std::string& engine : advert.capacity.engines) {
    engines += (engines.empty() ? "" : ",") + engine;
  }
  std::string gpus;
  for (const scheduler::Gpu& gpu : advert.capacity.gpus) {
    gpus += (gpus.empty() ? "" : ",") + gpu.name;
  }
  const std::string& who = advert.capacity.operator_name;
  const scheduler::Speed& speed = advert.speed;
  return fmt::format("{}  {:>10} {:>10} {:>9} {:>12} {:>5} {:>6}  {}; {}; {}; {}", narrow_row(node),
                     format_bytes(advert.capacity.memory_bytes),
                     format_bytes(advert.use.disk_free_bytes),
                     fmt::format("{:.2f} G/s", static_cast<double>(speed.fuel_per_s) / 1e9),
                     speed.network_bytes_s == 0 ? "-" : format_bytes(speed.network_bytes_s) + "/s",
                     advert.warm.size(), fmt::format("{}s", node.heard_ms_ago / 1000),
                     engines.empty() ? "-" : engines, gpus.empty() ? "-" : gpus,
                     who.empty() ? "-" : who, speed.receipt ? speed.receipt->to_string() : "-");
}

Value::List gpus_of(const Advert& advert) {
  Value::List out;
  for (const scheduler::Gpu& gpu : advert.capacity.gpus) {
    out.emplace_back(Value::Map{{"name", gpu.name}, {"memory", gpu.memory_bytes}});
  }
  return out;
}

// The advert's own names, as adverts.md has them, and beside them what this node adds.
Value as_value(const KnownNode& node) {
  const Advert& advert = *node.advert;
  Value::Map labels;
  for (const auto& [name, value] : advert.capacity.labels) labels.emplace(name, value);
  Value::List engines;
  for (const std::string& engine : advert.capacity.engines) engines.emplace_back(engine);
  const scheduler::Use& use = advert.use;
  return Value::Map{
      {"peer", advert.peer().to_string()},
      {"self", node.is_self},
      {"distance_s", node.distance_s},
      {"measured", node.is_measured},
      {"heard_ms_ago", node.heard_ms_ago},
      {"sequence", advert.sequence},
      {"issued", advert.issued_unix_ms},
      {"interval", uint64_t{advert.interval_s}},
      {"operator", advert.capacity.operator_name},
      {"labels", std::move(labels)},
      {"engines", std::move(engines)},
      {"gpus", gpus_of(advert)},
      {"capacity", Value::Map{{"cores", uint64_t{advert.capacity.cores}},
                              {"memory", advert.capacity.memory_bytes},
                              {"disk", advert.capacity.disk_bytes}}},
      {"free", Value::Map{{"cores", uint64_t{use.cores_free}},
                          {"memory", use.memory_free_bytes},
                          {"disk", use.disk_free_bytes}}},
      {"running", uint64_t{use.running}},
      {"queued", uint64_t{use.queued}},
      {"wait_ms", uint64_t{use.wait_ms}},
      {"fuel_per_s", advert.speed.fuel_per_s},
      {"network_bytes_s", advert.speed.network_bytes_s},
      {"speed_receipt", advert.speed.receipt ? Value(advert.speed.receipt->to_string()) : Value()},
      {"warm", uint64_t{advert.warm.size()}}};
}

Result<std::string> as_json(const node::KnownNodes& known) {
  Value::List nodes;
  for (const KnownNode& node : known.nodes) nodes.push_back(as_value(node));
  Value::Map heard;
  for (size_t kind = 0; kind < known.heard.size(); ++kind) {
    heard.emplace(heard_name(static_cast<scheduler::Heard>(kind)), known.heard[kind]);
  }
  return dag_json::encode(Value::Map{{"nodes", std::move(nodes)}, {"heard", std::move(heard)}});
}

// Of adverts that were not taken, by what was wrong with them; nothing if there were none.
std::string dropped_line(const node::KnownNodes& known) {
  using scheduler::Heard;
  constexpr std::array kDropped{Heard::kMalformed, Heard::kForged,    Heard::kStale,
                                Heard::kFuture,    Heard::kReplayed,  Heard::kTooSoon,
                                Heard::kUnread,    Heard::kCrowdedOut};
  std::string counts;
  for (const Heard kind : kDropped) {
    const uint64_t count = known.heard[static_cast<size_t>(kind)];
    if (count == 0) continue;
    counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", count, heard_name(kind));
  }
  return counts.empty() ? "" : "\nadverts dropped: " + counts;
}

Result<std::string> written(const node::KnownNodes& known, Form form) {
  if (form == Form::kJson) return as_json(known);
  std::string out = fmt::format("{:<52} {:>11} {:>9} {:>10} {:>8} {:>10}  {}", "PEER", "DISTANCE",
                                "CORES", "FREE", "WAIT", "CALLS", "LABELS");
  if (form == Form::kWide) {
    out += fmt::format("  {:>10} {:>10} {:>9} {:>12} {:>5} {:>6}  {}", "MEMORY", "DISK", "SPEED",
                       "NETWORK", "WARM", "HEARD", "ENGINES; GPUS; OPERATOR; RECEIPT OF SPEED");
  }
  for (const KnownNode& node : known.nodes) {
    out += "\n" + (form == Form::kWide ? wide_row(node) : narrow_row(node));
  }
  if (form == Form::kWide) out += dropped_line(known);
  return out;
}

// Which nodes there are and what they say: not what changes by itself.
std::vector<std::pair<PeerId, uint64_t>> state_of(const node::KnownNodes& known) {
  std::vector<std::pair<PeerId, uint64_t>> out;
  out.reserve(known.nodes.size());
  for (const KnownNode& node : known.nodes) {
    out.emplace_back(node.advert->peer(), node.is_self ? 0 : node.advert->sequence);
  }
  return out;
}

Result<int> list_nodes(Session& session, const std::string& form_name, bool watch) {
  TR_ASSIGN(const Form form, form_named(form_name));
  TR_ASSIGN(auto* network, session.network());
  std::optional<std::vector<std::pair<PeerId, uint64_t>>> shown;
  while (true) {
    TR_ASSIGN(const node::KnownNodes known, network->known_nodes());
    auto state = state_of(known);
    if (state != shown) {
      TR_ASSIGN(const std::string text, written(known, form));
      if (shown && form != Form::kJson) TR_TRY(session.out().line(""));
      TR_TRY(session.out().line(text));
      TR_TRY(session.out().flush());
      shown = std::move(state);
    }
    if (!watch) return kExitSuccess;
    constexpr auto kStep = std::chrono::milliseconds(100);
    // ctrl-C is how a person ends this.
    if (!check_not_cancelled(session.streams()).ok()) return kExitSuccess;
    std::this_thread::sleep_for(kStep);
  }
}

}  // namespace

void add_mesh_commands(Grammar& grammar) {
  auto form = std::make_shared<std::string>();
  auto watch = std::make_shared<bool>(false);
  CLI::App* command =
      add_command(grammar, grammar.root, "nodes",
                  {"List the nodes of the mesh: what they have, what they do, how far they are",
                   "  timerose nodes\n"
                   "  timerose nodes -o wide\n"
                   "  timerose nodes -o json | jq '.nodes[].labels'\n"
                   "  timerose nodes --watch"},
                  [form, watch](Session& session) { return list_nodes(session, *form, *watch); });
  command->group("Network");
  add_text(*command, "-o,--output", *form, "wide: more columns; json: all there is")
      ->type_name("wide|json");
  command->add_flag("--watch", *watch, "Print again whenever a node comes, goes or tells news");
}

}  // namespace timerose::cli
