#include "cli/program/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <span>

#include "cli/calls/guest_arguments.h"
#include "cli/program/parse_complaint.h"
#include "cli/program/version.h"

namespace timerose::cli {
namespace {

// A family of commands: only the one that is asked for is built, so that start-up stays short.
struct Family {
  std::vector<std::string> commands;
  void (*add)(Grammar&);
};

const std::vector<Family>& families() {
  static const std::vector<Family> all{
      {{"add"}, add_content_commands},
      {{"cat", "get", "ls"}, add_read_commands},
      {{"run", "rerun"}, add_run_commands},
      {{"deploy", "function"}, add_function_commands},
      {{"receipt"}, add_receipt_commands},
      {{"evidence"}, add_evidence_commands},
      {{"trust"}, add_trust_commands},
      {{"block"}, add_block_commands},
      {{"dag"}, add_dag_commands},
      {{"pin"}, add_pin_commands},
      {{"repo"}, add_repo_commands},
      {{"cid"}, add_cid_commands},
      {{"id", "key"}, add_identity_commands},
      {{"config"}, add_config_commands},
      {{"node"}, add_node_commands},
      {{"swarm", "ping"}, add_swarm_commands},
      {{"nodes"}, add_mesh_commands},
      {{"jobs", "queue"}, add_job_commands},
      {{"routing"}, add_routing_commands},
      {{"name"}, add_name_commands},
      {{"bitswap"}, add_bitswap_commands},
      {{"devnet"}, add_devnet_command},
      {{"version", "completion"}, add_program_commands},
  };
  return all;
}

void add_families(Grammar& grammar, const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word.starts_with("-")) continue;
    for (const Family& family : families()) {
      if (std::ranges::find(family.commands, word) == family.commands.end()) continue;
      // `completion` describes every command.
      if (word == "completion") break;
      family.add(grammar);
      return;
    }
    break;
  }
  for (const Family& family : families()) family.add(grammar);
}

int usage_error(const Streams& streams, const CLI::App& command, std::string_view what, int code) {
  std::string name = command.get_name();
  for (const CLI::App* parent = command.get_parent(); parent != nullptr;
       parent = parent->get_parent()) {
    name = parent->get_name() + " " + name;
  }
  complain(streams, fmt::format("{}\nRun `{} --help` for how it is used.", what, name));
  return code;
}

// The command that the words name, as deep as they go, and where its own words begin. Global
// options with a value stand before it.
struct NamedCommand {
  CLI::App* command;
  size_t words_from;
};
NamedCommand find_named(CLI::App& root, std::span<const std::string> words) {
  NamedCommand named{&root, 0};
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i].starts_with("-")) {
      if (named.command == &root && words[i] == "--repo-dir") ++i;
      continue;
    }
    CLI::App* child = command_below(*named.command, words[i]);
    if (child == nullptr) break;
    named = {child, i + 1};
  }
  return named;
}

// "-r=false" as "--recursive=false": the parser takes what follows one letter for more letters.
void spell_out(const CLI::App& command, std::vector<std::string>& words) {
  for (std::string& word : words) {
    if (word == "--") return;
    const bool has_value = word.size() > 2 && word[0] == '-' && word[1] != '-' && word[2] == '=';
    if (!has_value) continue;
    const CLI::Option* option = command.get_option_no_throw(word.substr(0, 2));
    if (option == nullptr || option->get_lnames().empty()) continue;
    word = "--" + option->get_lnames().front() + word.substr(2);
  }
}

// Behind "--", and in brackets, a word is only itself.
void guard_words(std::vector<std::string>& words) {
  const auto mark = std::ranges::find(words, "--");
  const auto is_bracketed = [](const std::string& word) {
    return word.size() > 1 && word.front() == '[' && word.back() == ']';
  };
  for (auto word = words.begin(); word != words.end(); ++word) {
    if (word > mark || is_bracketed(*word)) *word = guarded(std::move(*word));
  }
  if (mark != words.end()) words.erase(mark);
}

bool runs_a_guest(const Grammar& grammar, const CLI::App* command) {
  return std::ranges::find(grammar.guest_commands, command) != grammar.guest_commands.end();
}

void add_global_options(CommandLine& line) {
  CLI::App& root = line.grammar.root;
  root.set_version_flag("--version", version_line());
  add_text(root, "--repo-dir", line.repo_dir,
           "The repository's folder (default: $TIMEROSE_PATH, else "
           "$XDG_DATA_HOME/timerose, else ~/.local/share/timerose)");
  root.add_flag("--offline", line.grammar.fetch.offline,
                "Ask no other node for what is not here, though this one runs");
  root.require_subcommand(1);
  root.footer("`timerose COMMAND --help` tells more, with examples.");
}

bool names_own_command(const Grammar& grammar, const CLI::App* command) {
  for (; command != nullptr; command = command->get_parent()) {
    if (std::ranges::find(grammar.own_commands, command) != grammar.own_commands.end()) return true;
  }
  return false;
}

}  // namespace

std::optional<int> CommandLine::parse(std::vector<std::string> words, const Streams& streams) {
  add_global_options(*this);
  add_families(grammar, words);
  if (words.empty()) {
    std::fputs(grammar.root.help().c_str(), stderr);
    return kExitUsage;
  }
  const NamedCommand named = find_named(grammar.root, words);
  const bool guest = runs_a_guest(grammar, named.command);
  failure_code = guest ? kExitRunFailed : kExitFailure;
  only_here = names_own_command(grammar, named.command);
  const auto from = words.begin() + static_cast<ptrdiff_t>(named.words_from);
  const std::vector<std::string> before(words.begin(), from);
  const std::vector<std::string> own(from, words.end());
  if (guest) {
    auto rest = own;
    grammar.guest_arguments = take_guest_arguments(*named.command, rest);
    words.erase(from, words.end());
    words.insert(words.end(), rest.begin(), rest.end());
  }
  try {
    spell_out(*named.command, words);
    guard_words(words);
    std::ranges::reverse(words);  // the parser takes them off the end
    grammar.root.parse(std::move(words));
  } catch (const CLI::Success& asked) {  // --help
    return grammar.root.exit(asked);
  } catch (const CLI::ParseError& error) {
    const std::string what = parse_complaint(grammar.root, before, *named.command, own, error);
    return usage_error(streams, *named.command, what, guest ? kExitRunFailed : kExitUsage);
  }
  return std::nullopt;
}

int CommandLine::fail(const Session& session, const Error& error) const {
  if (!reader_has_gone(session.streams())) session.complain(error.message);
  return failure_code;
}

int CommandLine::carry_out(Session& session) {
  auto fetching = fetching_of(grammar.fetch);
  if (!fetching.ok()) return fail(session, fetching.error());
  session.set_fetching(*std::move(fetching));
  auto code = grammar.chosen(session);
  if (!code.ok()) {
    (void)session.out().flush();  // what was found before the failure; the failure is what counts
    return fail(session, code.error());
  }
  if (auto flushed = session.out().flush(); !flushed.ok()) return fail(session, flushed.error());
  return *code;
}

}  // namespace timerose::cli
