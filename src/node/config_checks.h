// What the values of settings must look like. Lists are written with commas between their items.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace timerose::node {

// "a, b" as {"a", "b"}; empty text is an empty list.
std::vector<std::string> split_list(std::string_view text);

Status check_switch(std::string_view value);          // "true" or "false"
Status check_listen(std::string_view value);          // multiaddrs, "loopback", "lan"
Status check_addresses(std::string_view value);       // multiaddrs
Status check_peers(std::string_view value);           // as parse_peer() takes them
Status check_gateways(std::string_view value);        // URLs or multiaddrs
Status check_cids(std::string_view value);            // CIDs
Status check_keys(std::string_view value);            // as parse_key() takes them
Status check_network_key(std::string_view value);     // 64 hexadecimal digits, or nothing
Status check_routing_mode(std::string_view value);    // "auto", "client" or "server"
Status check_serving(std::string_view value);         // "all", "listed" or "none"
Status check_file(std::string_view value);            // an absolute path, or nothing
Status check_positive(std::string_view value);        // a number from 1 to kCountMax
Status check_worker_memory(std::string_view value);   // bytes that a worker can live with, or 0
Status check_workers_memory(std::string_view value);  // the same, or "auto"

inline constexpr uint64_t kCountMax = 100'000;

}  // namespace timerose::node
