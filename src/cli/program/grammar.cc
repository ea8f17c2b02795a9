#include "cli/program/grammar.h"

namespace timerose::cli {
namespace {

// No word on a command line has a NUL.
constexpr char kGuard = '\0';

std::string unguarded(std::string word) {
  if (word.starts_with(kGuard)) word.erase(0, 1);
  return word;
}

std::vector<std::string> unguarded(std::vector<std::string> words) {
  for (std::string& word : words) word = unguarded(std::move(word));
  return words;
}

// An option that hands over its values unchanged, whatever is in them.
CLI::Option* add_raw(CLI::App& command, const std::string& name, std::vector<std::string>& values,
                     const std::string& description) {
  return command.add_option(
      name,
      [&values](const CLI::results_t& results) {
        values = unguarded(results);
        return true;
      },
      description);
}

}  // namespace

std::string guarded(std::string word) {
  word.insert(word.begin(), kGuard);
  return word;
}

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
  CLI::Option* option = add_raw(command, name, words, description);
  option->expected(min, CLI::detail::expected_max_vector_size)->allow_extra_args()->type_name("");
  return min > 0 ? option->required() : option;
}

CLI::Option* add_text(CLI::App& command, const std::string& name, std::string& value,
                      const std::string& description) {
  return command.add_option(
      name,
      [&value](const CLI::results_t& results) {
        value = unguarded(results.front());
        return true;
      },
      description);
}

CLI::Option* add_switch(CLI::App& command, const std::string& name, std::string& value,
                        const std::string& description) {
  return command.add_flag(name + "{true}", value, description)
      ->check(CLI::IsMember({"true", "false"}));
}

CLI::Option* add_word(CLI::App& command, const std::string& name, std::string& word,
                      const std::string& description) {
  return add_text(command, name, word, description)->expected(1)->required()->type_name("");
}

CLI::Option* add_repeated(CLI::App& command, const std::string& name,
                          std::vector<std::string>& values, const std::string& description) {
  return add_raw(command, name, values, description)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

}  // namespace timerose::cli
