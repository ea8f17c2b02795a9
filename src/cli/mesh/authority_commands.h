// timerose trust delegate|accept|show|drop|revoke and function sign: UCANs, which hand on what this
// node's owner may do, or vouch for modules.
#pragma once

#include "cli/program/grammar.h"

namespace timerose::cli {

void add_delegation_commands(Grammar& grammar, CLI::App& trust);
void add_sign_command(Grammar& grammar, CLI::App& function);

// What a file of tokens has in it; "-" is standard input.
Result<std::vector<Bytes>> read_tokens(const Streams& streams, const std::string& file);

}  // namespace timerose::cli
