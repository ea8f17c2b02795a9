#include "cli/grammar.h"

namespace timerose::cli {
namespace {

// More than any kernel passes.
constexpr int kWordsMax = 1 << 28;

}  // namespace

CLI::App* add_command(Grammar& grammar, CLI::App& parent, const std::string& name, const Help& help,
                      Action action) {
  CLI::App* command = parent.add_subcommand(name, help.summary);
  command->footer("Examples:\n" + help.examples);
  command->callback([&grammar, command, action = std::move(action)] {
    // A command may have commands below it, whose callbacks run first.
    if (command->get_subcommands().empty()) grammar.chosen = action;
  });
  return command;
}

CLI::App* add_group(CLI::App& parent, const std::string& name, const std::string& summary) {
  CLI::App* group = parent.add_subcommand(name, summary);
  group->require_subcommand(1);
  group->footer("`timerose " + name + " COMMAND --help` tells more, with examples.");
  return group;
}

CLI::Option* add_words(CLI::App& command, const std::string& name, std::vector<std::string>& words,
                       int min, const std::string& description) {
  // Taking the results raw, and no "extra arguments", keeps the parser from reading "[a,b]" as a
  // list and from dropping empty words.
  auto* option = command.add_option(
      name,
      [&words](const CLI::results_t& results) {
        words = results;
        return true;
      },
      description);
  option->expected(min, kWordsMax)->allow_extra_args(false)->type_name("");
  return min > 0 ? option->required() : option;
}

CLI::Option* add_word(CLI::App& command, const std::string& name, std::string& word,
                      const std::string& description) {
  auto* option = command.add_option(
      name,
      [&word](const CLI::results_t& results) {
        word = results.front();
        return true;
      },
      description);
  return option->expected(1)->required()->type_name("");
}

CLI::Option* add_repeated(CLI::App& command, const std::string& name,
                          std::vector<std::string>& values, const std::string& description) {
  auto* option = command.add_option(
      name,
      [&values](const CLI::results_t& results) {
        values = results;
        return true;
      },
      description);
  return option->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

}  // namespace timerose::cli
