#include "node/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/units.h"
#include "node/config_checks.h"
#include "node/guest_isolation.h"
#include "node/network/provide_strategy.h"
#include "node/own_node.h"
#include "unixfs/layout.h"

namespace timerose::node {
namespace {

using Json = nlohmann::ordered_json;

// A configuration longer than this is not one of ours.
constexpr size_t kConfigBytesMax = 1U << 20;

template <auto Parse>
Status check_by(std::string_view value) {
  if (auto parsed = Parse(value); !parsed.ok()) return std::move(parsed).error();
  return success();
}

constexpr auto kSettings = std::to_array<Setting>({
    {"Storage.Limit", "0", "bytes of blocks the repository may hold; 0: as many as the disk has",
     check_by<parse_bytes>},
    {"Import.Profile", "unixfs-v1-2025", "how `add` cuts files when it is not told otherwise",
     check_by<unixfs::profile_named>},
    {"Run.Fuel", "1099511627776", "fuel budget of a call when --fuel does not say",
     check_by<parse_count>},
    {"Run.Deadline", "0s", "wall clock of a call when --deadline does not say; 0s: none",
     check_by<parse_duration_ms>},
    {"Jobs.Kept", "1000", "jobs that ended and are shown by `timerose jobs`, the latest",
     check_positive},
    {"Node.Labels", "",
     "what others may choose this node by: labels such as zone=eu, with commas between",
     check_by<parse_labels>},
    {"Node.Operator", "", "who runs this node, as others are told", check_by<parse_operator>},
    {"Node.History", "",
     "an absolute path: the file to which each step of a call asked of others or by them is "
     "appended as a line of JSON",
     check_file},
    {"Execute.Isolation", "others",
     "whose functions run in worker processes, apart from the node and from each other: others; "
     "all, the node's own calls too; none",
     check_by<isolation_named>},
    {"Execute.Workers", "16", "worker processes that are kept when calls have ended",
     check_positive},
    {"Execute.WorkerMemory", "5GiB",
     "that a worker process may have, 384MiB at least; 0: what the system gives",
     check_worker_memory},
    {"Execute.WorkersMemory", "auto",
     "that all worker processes may hold together, 384MiB at least; auto: three quarters of the "
     "machine's; 0: what the system gives",
     check_workers_memory},
    {"Execute.ControlGroup", "",
     "an absolute path: the cgroup v2 folder in which this node may make a group for each worker "
     "process",
     check_file},
    {"Execute.OnlyFunctionsSignedBy", "",
     "keys: only modules that one of them vouches for (`timerose function sign`) run for others; "
     "none: any module",
     check_keys},
    {"Execute.Running", "0",
     "calls of one key that are under way at a time, if it is trusted or a delegate; 0: as many as "
     "this node takes at all",
     check_by<parse_count>},
    {"Execute.Calls", "8192", "of such a key, that wait, are under way or whose answer is kept",
     check_positive},
    {"Execute.Bytes", "64MiB",
     "that the offers and answers of such a key hold, 4KiB for each call at least; of all keys: 4 "
     "times as many",
     check_by<parse_bytes>},
    {"Execute.Output", "512MiB",
     "that calls of one key have written and is held in memory until they end, beyond the first "
     "MiB of each; of all keys but this node's own: twice as much",
     check_by<parse_bytes>},
    {"Execute.FuelPerCall", "0", "that such a key may ask for in one call; 0: no limit",
     check_by<parse_count>},
    {"Execute.FuelPerMinute", "0", "that the calls of such a key use; 0: no limit",
     check_by<parse_count>},
    {"Execute.Open", "false", "also take calls of keys that nobody here trusts", check_switch},
    {"Execute.Strangers.Running", "1", "calls of all such strangers that are under way at a time",
     check_positive},
    {"Execute.Strangers.Calls", "16",
     "of one stranger, that wait, are under way or whose answer is kept; of all: 16 times as many",
     check_positive},
    {"Execute.Strangers.Bytes", "1MiB",
     "that the calls of one stranger hold; of all: 16 times as many", check_by<parse_bytes>},
    {"Execute.Strangers.FuelPerCall", "10000000000", "that a stranger may ask for in one call",
     check_by<parse_count>},
    {"Execute.Strangers.FuelPerMinute", "60000000000", "that the calls of all strangers use",
     check_by<parse_count>},
    {"Addresses.Listen", "loopback",
     "where other nodes reach this one: multiaddrs with commas between, of which `loopback` and "
     "`lan` stand for several. loopback: TCP, QUIC and WebSocket on 127.0.0.1, ports chosen by the "
     "system, so only nodes of this machine; lan: the same on the addresses of private networks "
     "(10/8, 172.16/12, 192.168/16), never on a public one. /ip4/0.0.0.0/tcp/4001 is open to "
     "whoever reaches this machine",
     check_listen},
    {"Addresses.Announce", "", "multiaddrs told to others instead of those found out",
     check_addresses},
    {"Bootstrap", "",
     "peers to connect to at the start, as ADDRESS/p2p/PEERID; none: no one is asked", check_peers},
    {"Network.Key", "",
     "key of a private network (64 hexadecimal digits): nodes without it cannot connect",
     check_network_key},
    {"Network.Allow", "", "the only peers to have connections with; none: all", check_peers},
    {"Network.Deny", "", "peers to have no connection with", check_peers},
    {"Discovery.MDNS", "true", "find nodes of the local network, and be found", check_switch},
    {"Routing.Mode", "auto",
     "part in the DHT: client asks only, server also answers, auto is a server while reachable",
     check_routing_mode},
    {"Relay.Client", "true", "be reached through relays where not reachable itself", check_switch},
    {"Relay.Server", "false", "pass on connections for others", check_switch},
    {"UPnP", "false", "ask the router for an open port", check_switch},
    {"Connections.Low", "96", "peers that are kept when there are too many", check_positive},
    {"Connections.High", "192", "peers beyond which the least used are left", check_positive},
    {"Connections.Keep", "", "peers that are not left to make room for others", check_peers},
    {"Connections.OfAddress", "16", "that come in from one IPv4 address or IPv6 /64",
     check_positive},
    {"Connections.OfSubnet", "64", "that come in from one IPv4 /24 or IPv6 /48 of the Internet",
     check_positive},
    {"Bitswap.Serve", "all", "who is sent blocks: all, listed (Bitswap.Peers) or none",
     check_serving},
    {"Bitswap.Peers", "", "the peers that Bitswap.Serve=listed means", check_peers},
    {"Bitswap.Deny", "", "CIDs that are sent to nobody, and that no call of others may use",
     check_cids},
    {"Provide.Strategy", "pinned",
     "what the DHT is told that this node has, and told again every 22 h: all blocks; pinned: what "
     "is pinned, with all that is below it; roots: what is pinned, without that; none",
     check_by<provide_strategy_named>},
    {"Http.Gateways", "",
     "trustless gateways that are asked for blocks beside Bitswap: URLs with commas between",
     check_gateways},
    {"Http.Providers", "true", "also ask HTTP providers that the DHT names", check_switch},
    {"Gateway.Listen", "",
     "serve this repository's blocks over HTTP, as a trustless gateway: one multiaddr such as "
     "/ip4/127.0.0.1/tcp/8080; none: no HTTP port",
     check_addresses},
});

const Setting* find_setting(std::string_view name) {
  const auto* found = std::find_if(kSettings.begin(), kSettings.end(),
                                   [&](const Setting& setting) { return setting.name == name; });
  return found == kSettings.end() ? nullptr : &*found;
}

Error unknown(std::string_view name) {
  std::string names;
  for (const Setting& setting : kSettings) {
    names += names.empty() ? "" : ", ";
    names += setting.name;
  }
  return {ErrorCode::kNotFound,
          fmt::format("there is no setting '{}'; the settings are {}", name, names)};
}

Json::json_pointer pointer_of(std::string_view name) {
  std::string path = "/" + std::string(name);
  std::replace(path.begin(), path.end(), '.', '/');
  return Json::json_pointer(path);
}

// A list may be written as a JSON array too.
std::string joined(const Json& array) {
  std::string text;
  for (const Json& item : array) {
    text += text.empty() ? "" : ",";
    text += item.is_string() ? item.get_ref<const std::string&>() : item.dump();
  }
  return text;
}

Status take_members(const Json& object, const std::string& prefix, Config& config) {
  for (const auto& [key, member] : object.items()) {
    const std::string name = prefix + key;
    if (member.is_object()) {
      TR_TRY(take_members(member, name + ".", config));
    } else if (member.is_string()) {
      TR_TRY(config.set(name, member.get_ref<const std::string&>()));
    } else if (member.is_array()) {
      TR_TRY(config.set(name, joined(member)));
    } else {
      TR_TRY(config.set(name, member.dump()));
    }
  }
  return success();
}

}  // namespace

std::span<const Setting> settings() { return kSettings; }

Config::Config() {
  for (const Setting& setting : kSettings) values_.emplace(setting.name, setting.default_value);
}

Result<Config> Config::load(const std::filesystem::path& path) {
  auto bytes = read_file(path, kConfigBytesMax);
  if (!bytes.ok()) {
    if (bytes.error().code == ErrorCode::kNotFound) return Config();
    return std::move(bytes).error();
  }
  auto config = parse(as_text(*bytes));
  if (!config.ok()) return std::move(config).error().within("reading " + path.string());
  return config;
}

Status Config::save(const std::filesystem::path& path) const {
  return write_file_atomically(path, as_bytes(format()), 0600);
}

Result<Config> Config::parse(std::string_view json) {
  const Json root = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) {
    return Error{ErrorCode::kMalformed,
                 "expected a JSON object; mend the file, or delete it to go back to the defaults"};
  }
  Config config;
  if (auto taken = take_members(root, "", config); !taken.ok()) {
    return Error{ErrorCode::kMalformed, std::move(taken).error().message};
  }
  return config;
}

std::string Config::format() const {
  Json root = Json::object();
  for (const Setting& setting : kSettings) {
    const std::string& value = text_of(setting.name);
    if (value != setting.default_value) root[pointer_of(setting.name)] = value;
  }
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string Config::format_all() const {
  Json root = Json::object();
  for (const Setting& setting : kSettings) root[pointer_of(setting.name)] = text_of(setting.name);
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<std::string> Config::get(std::string_view name) const {
  if (find_setting(name) == nullptr) return unknown(name);
  return text_of(name);
}

Status Config::set(std::string_view name, std::string_view value) {
  const Setting* setting = find_setting(name);
  if (setting == nullptr) return unknown(name);
  if (auto checked = setting->check(value); !checked.ok()) {
    return std::move(checked).error().within(name);
  }
  values_.find(name)->second = value;
  return success();
}

const std::string& Config::text_of(std::string_view name) const {
  const auto found = values_.find(name);
  CHECK(found != values_.end());
  return found->second;
}

uint64_t Config::count_of(std::string_view name) const {
  return parse_count(text_of(name)).value();
}

uint64_t Config::bytes_of(std::string_view name) const {
  return parse_bytes(text_of(name)).value();
}

std::vector<std::string> Config::list_of(std::string_view name) const {
  return split_list(text_of(name));
}

uint64_t Config::storage_bytes_max() const { return bytes_of("Storage.Limit"); }

std::string Config::import_profile() const { return text_of("Import.Profile"); }
uint64_t Config::run_fuel() const { return parse_count(text_of("Run.Fuel")).value(); }
uint64_t Config::run_deadline_ms() const {
  return parse_duration_ms(text_of("Run.Deadline")).value();
}

}  // namespace timerose::node
