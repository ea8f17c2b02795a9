// What a node says where its operator sees it.
#pragma once

#include <string>

namespace timerose::node {

void write_to_log(const std::string& line);

}  // namespace timerose::node
