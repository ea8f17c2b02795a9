#include "cli/program/parse_complaint.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "cli/program/suggest.h"

namespace timerose::cli {
namespace {

std::string did_you_mean(std::string_view typed, const std::vector<std::string>& names) {
  const auto name = nearest(typed, names);
  return name ? fmt::format("; did you mean '{}'?", *name) : "";
}

std::vector<std::string> names_of_options(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

// The option that a word names, with or without a value in it ("-ojson"); null if there is none.
const CLI::Option* option_of(const CLI::App& command, const std::string& word) {
  if (word.size() > 1 && word[1] != '-') return command.get_option_no_throw(word.substr(0, 2));
  return command.get_option_no_throw(word.substr(0, word.find('=')));
}

// Whether the value of the option that `word` names is the word behind it.
bool takes_next_word(const CLI::Option& option, const std::string& word) {
  const bool is_long = word.starts_with("--");
  const bool has_value = is_long ? word.find('=') != std::string::npos : word.size() > 2;
  return option.get_expected_min() > 0 && !has_value;
}

std::string no_option(const CLI::App& command, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  const bool is_letter = name.size() <= 2;  // any other letter is as near
  return fmt::format("there is no option '{}'{}", word,
                     is_letter ? "" : did_you_mean(name, names_of_options(command)));
}

// The first option before the command's name that there is not; empty if there is none.
std::string unknown_before(CLI::App& root, std::span<const std::string> before) {
  CLI::App* command = &root;
  for (auto word = before.begin(); word != before.end(); ++word) {
    if (!word->starts_with("-")) {
      command = command_below(*command, *word);
      if (command == nullptr) return {};
      continue;
    }
    const CLI::Option* option = option_of(*command, *word);
    if (option == nullptr) return no_option(*command, *word);
    if (takes_next_word(*option, *word) && std::next(word) != before.end()) ++word;
  }
  return {};
}

// What is wrong where one of `children` must follow; empty if it is something else.
std::string wrong_command(CLI::App& command, std::span<const std::string> words,
                          const std::vector<CLI::App*>& children, const CLI::ParseError& error) {
  std::vector<std::string> names;
  names.reserve(children.size());
  for (const CLI::App* child : children) names.push_back(child->get_name());
  for (auto word = words.begin(); word != words.end(); ++word) {
    if (!word->starts_with("-")) {
      return fmt::format("there is no command '{}'{}", *word, did_you_mean(*word, names));
    }
    const CLI::Option* option = option_of(command, *word);
    if (option == nullptr) return no_option(command, *word);
    if (takes_next_word(*option, *word) && std::next(word) != words.end()) ++word;
  }
  const bool lacks_command = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr &&
                             words.empty() && command.get_parent() != nullptr;
  return lacks_command ? fmt::format("a command must follow '{}'", command.get_name()) : "";
}

// What is wrong with the number of an option's values; empty if it is something else.
std::string wrong_count(const CLI::App& command, std::span<const std::string> words) {
  std::vector<const CLI::Option*> given;
  for (auto word = words.begin(); word != words.end(); ++word) {
    const CLI::Option* option = word->starts_with("-") ? option_of(command, *word) : nullptr;
    if (option == nullptr) continue;
    const std::string name = word->substr(0, word->find('='));
    if (option->get_items_expected_max() == 1 && std::ranges::find(given, option) != given.end()) {
      return fmt::format("'{}' is given more than once", name);
    }
    given.push_back(option);
    if (!takes_next_word(*option, *word)) continue;
    if (std::next(word) == words.end()) {
      return fmt::format("a value must follow '{}': {}", name, option->get_type_name());
    }
    ++word;
  }
  return {};
}

// "--explain=dry"; empty if it is something else.
std::string value_of_flag(const CLI::App& command, std::span<const std::string> words) {
  for (const std::string& word : words) {
    const CLI::Option* option = word.starts_with("-") ? option_of(command, word) : nullptr;
    const size_t equals = word.find('=');
    if (option == nullptr || option->get_expected_min() > 0 || equals == std::string::npos)
      continue;
    return fmt::format("'{}' takes no value, or true or false; found '{}'", word.substr(0, equals),
                       word.substr(equals + 1));
  }
  return {};
}

std::string unexpected_word(const CLI::App& command) {
  for (const CLI::App* at = &command; at != nullptr; at = at->get_parent()) {
    const std::vector<std::string> extras = at->remaining();
    if (extras.empty()) continue;
    if (extras.front().starts_with("-")) return no_option(*at, extras.front());
    return fmt::format("unexpected argument '{}'", extras.front());
  }
  return {};
}

// Empty where the parser's own text is good enough.
std::string wrong_words(const CLI::App& command, std::span<const std::string> words,
                        const CLI::ParseError& error) {
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    return wrong_count(command, words);
  }
  if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr) {
    return value_of_flag(command, words);
  }
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) return unexpected_word(command);
  return {};
}

}  // namespace

std::vector<CLI::App*> commands_below(CLI::App& command) {
  return command.get_subcommands([](const CLI::App*) { return true; });
}

CLI::App* command_below(CLI::App& command, const std::string& name) {
  const auto children = commands_below(command);
  const auto child = std::ranges::find(children, name, &CLI::App::get_name);
  return child == children.end() ? nullptr : *child;
}

std::string parse_complaint(CLI::App& root, std::span<const std::string> before, CLI::App& command,
                            std::span<const std::string> words, const CLI::ParseError& error) {
  std::string what = unknown_before(root, before);
  const std::vector<CLI::App*> children = commands_below(command);
  if (what.empty() && !children.empty()) what = wrong_command(command, words, children, error);
  if (what.empty()) what = wrong_words(command, words, error);
  return what.empty() ? error.what() : what;
}

}  // namespace timerose::cli
