// The command line's grammar: how a family of commands adds itself to the program, and what is
// common to all of them.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/program/exit_codes.h"
#include "cli/program/session.h"

namespace timerose::cli {

// What a command does once its options are known; gives the exit code of the process.
using Action = std::function<Result<int>(Session&)>;

// How content that is not here is fetched, as typed.
struct FetchTexts {
  bool offline = false;
  std::string timeout;
  std::vector<std::string> providers;
};

// One whole command line: the root of the grammar, the command that was chosen, and, for commands
// that run a guest, the arguments that are the guest's.
struct Grammar {
  CLI::App root{"TimeRose: a computing mesh over IPFS", "timerose"};
  Action chosen;
  std::vector<std::string> guest_arguments;
  std::vector<const CLI::App*> guest_commands;  // arguments after their first word are a guest's
  std::vector<const CLI::App*> own_commands;  // never carried out by a daemon, nor groups of these
  FetchTexts fetch;
  bool stops_node = false;  // set by the command that was carried out
};

// Text that every command's help has: what it does in a line, and examples, one a line.
struct Help {
  std::string summary;
  std::string examples;
};

// A command below `parent`; `action` is carried out if it is chosen.
CLI::App* add_command(Grammar& grammar, CLI::App& parent, const std::string& name, const Help& help,
                      Action action);
// A command that only groups others.
CLI::App* add_group(CLI::App& parent, const std::string& name, const std::string& summary);

// The parser gives "[a,b]", "--" and what begins with '-' a meaning. A guarded word is read as it
// is; the helpers below take the guard off again.
std::string guarded(std::string word);

// An option with one value.
CLI::Option* add_text(CLI::App& command, const std::string& name, std::string& value,
                      const std::string& description);
// A flag that may also be given as --name=false: "true", "false", or as it was if it is not given.
CLI::Option* add_switch(CLI::App& command, const std::string& name, std::string& value,
                        const std::string& description);
// A positional argument that takes `min` or more words, each exactly as it was typed.
CLI::Option* add_words(CLI::App& command, const std::string& name, std::vector<std::string>& words,
                       int min, const std::string& description);
// A positional argument of one word.
CLI::Option* add_word(CLI::App& command, const std::string& name, std::string& word,
                      const std::string& description);
// An option that may be given many times, one value each.
CLI::Option* add_repeated(CLI::App& command, const std::string& name,
                          std::vector<std::string>& values, const std::string& description);

// The options of commands that read content: --timeout, --providers.
void add_fetch_options(Grammar& grammar, CLI::App& command);
// What they mean; kInvalidArgument for what makes no sense.
Result<Fetching> fetching_of(const FetchTexts& texts);

// The families, one file each.
void add_content_commands(Grammar& grammar);   // add
void add_read_commands(Grammar& grammar);      // cat, get, ls
void add_block_commands(Grammar& grammar);     // block
void add_dag_commands(Grammar& grammar);       // dag
void add_pin_commands(Grammar& grammar);       // pin
void add_repo_commands(Grammar& grammar);      // repo
void add_cid_commands(Grammar& grammar);       // cid
void add_identity_commands(Grammar& grammar);  // id, key
void add_config_commands(Grammar& grammar);    // config
void add_run_commands(Grammar& grammar);       // run, rerun
void add_function_commands(Grammar& grammar);  // deploy, function
void add_receipt_commands(Grammar& grammar);   // receipt
void add_evidence_commands(Grammar& grammar);  // evidence
void add_trust_commands(Grammar& grammar);     // trust
void add_node_commands(Grammar& grammar);      // node
void add_swarm_commands(Grammar& grammar);     // swarm, ping
void add_mesh_commands(Grammar& grammar);      // nodes
void add_job_commands(Grammar& grammar);       // jobs, queue
void add_routing_commands(Grammar& grammar);   // routing
void add_name_commands(Grammar& grammar);      // name
void add_bitswap_commands(Grammar& grammar);   // bitswap
void add_devnet_command(Grammar& grammar);     // devnet
void add_program_commands(Grammar& grammar);   // version, completion

}  // namespace timerose::cli
