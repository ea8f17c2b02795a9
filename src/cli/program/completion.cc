#include "cli/program/completion.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace timerose::cli {
namespace {

// An option whose values are known.
struct Choice {
  std::vector<std::string> options;
  std::vector<std::string> values;
};

// Of "PEER|local|quorum=K": what is typed as it stands, local and quorum=.
// Behind a colon the parser has what it checks.
std::vector<std::string> values_of(const std::string& described) {
  const std::string type_name = described.substr(0, described.find(':'));
  std::vector<std::string> values;
  for (size_t from = 0; from <= type_name.size();) {
    const size_t end = std::min(type_name.find('|', from), type_name.size());
    const std::string word = type_name.substr(from, end - from);
    const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
    const std::string typed(word.begin(), std::ranges::find_if(word, is_upper));
    if (!typed.empty() && typed.front() >= 'a' && typed.front() <= 'z') values.push_back(typed);
    from = end + 1;
  }
  return values;
}

// What may follow the words that lead to one command.
struct Level {
  std::string path;  // "dag get"; empty at the root
  std::vector<const CLI::App*> commands;
  std::vector<std::string> options;
  std::vector<Choice> choices;
};

void collect(const CLI::App& command, const std::string& path, std::vector<Level>& levels) {
  Level level{path, command.get_subcommands([](const CLI::App*) { return true; }), {}, {}};
  for (const CLI::Option* option : command.get_options()) {
    Choice choice;
    for (const std::string& name : option->get_lnames()) choice.options.push_back("--" + name);
    for (const std::string& name : option->get_snames()) choice.options.push_back("-" + name);
    level.options.insert(level.options.end(), choice.options.begin(), choice.options.end());
    if (option->get_items_expected_max() > 0) choice.values = values_of(option->get_type_name());
    if (!choice.values.empty() && !choice.options.empty()) level.choices.push_back(choice);
  }
  levels.push_back(level);
  for (const CLI::App* child : level.commands) {
    collect(*child, path.empty() ? child->get_name() : path + " " + child->get_name(), levels);
  }
}

std::string command_names(const Level& level) {
  std::string names;
  for (const CLI::App* command : level.commands) names += " " + command->get_name();
  return names.empty() ? names : names.substr(1);
}

std::string option_names(const Level& level) {
  return fmt::format("{}", fmt::join(level.options, " "));
}

std::string bash_script(const std::vector<Level>& levels) {
  std::string known;
  std::string cases;
  std::string choices;
  for (const Level& level : levels) {
    if (!level.path.empty()) known += (known.empty() ? "\"" : "|\"") + level.path + "\"";
    cases += fmt::format("    \"{}\") commands=\"{}\"; options=\"{}\" ;;\n", level.path,
                         command_names(level), option_names(level));
    for (const Choice& choice : level.choices) {
      std::string patterns;
      for (const std::string& option : choice.options) {
        patterns += fmt::format("{}\"{} {}\"", patterns.empty() ? "" : "|", level.path, option);
      }
      choices += fmt::format("    {}) values=\"{}\" ;;\n", patterns, fmt::join(choice.values, " "));
    }
  }
  return fmt::format(R"(_timerose() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} path= next word commands= options= values=
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    next=${{path:+$path }}$word
    case "$next" in
    {}) path=$next ;;
    esac
  done
  case "$path" in
{}  esac
  case "$path ${{COMP_WORDS[COMP_CWORD-1]}}" in
{}  esac
  if [ -n "$values" ]; then
    COMPREPLY=($(compgen -W "$values" -- "$current"))
    return
  fi
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$commands" -- "$current")) ;;
  esac
}}
complete -o default -F _timerose timerose
)",
                     known, cases, choices);
}

std::string fish_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

std::string fish_script(const std::vector<Level>& levels) {
  std::string paths;
  std::string lines;
  for (const Level& level : levels) {
    paths += " " + fish_quoted(level.path);
    const std::string here =
        fish_quoted(fmt::format("test \"$(__timerose_path)\" = \"{}\"", level.path));
    for (const CLI::App* command : level.commands) {
      lines += fmt::format("complete -c timerose -n {} -f -a {} -d {}\n", here, command->get_name(),
                           fish_quoted(command->get_description()));
    }
    for (const std::string& option : level.options) {
      const bool is_long = option.starts_with("--");
      lines += fmt::format("complete -c timerose -n {} -{} {}\n", here, is_long ? "l" : "s",
                           option.substr(is_long ? 2 : 1));
    }
    for (const Choice& choice : level.choices) {
      for (const std::string& option : choice.options) {
        const bool is_long = option.starts_with("--");
        lines += fmt::format("complete -c timerose -n {} -x -{} {} -a {}\n", here,
                             is_long ? "l" : "s", option.substr(is_long ? 2 : 1),
                             fish_quoted(fmt::format("{}", fmt::join(choice.values, " "))));
      }
    }
  }
  return fmt::format(R"(function __timerose_path
  set -l path ''
  for word in (commandline -opc)[2..-1]
    set -l next (string trim -- "$path $word")
    contains -- $next{} && set path $next
  end
  echo $path
end
{})",
                     paths, lines);
}

}  // namespace

Result<std::string> completion_script(const CLI::App& root, std::string_view shell) {
  std::vector<Level> levels;
  collect(root, "", levels);
  if (shell == "bash") return bash_script(levels);
  if (shell == "zsh") {
    // zsh runs bash's completion functions as they are.
    return "#compdef timerose\nautoload -U +X bashcompinit && bashcompinit\n" + bash_script(levels);
  }
  if (shell == "fish") return fish_script(levels);
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("expected bash, zsh or fish, found '{}'", shell)};
}

}  // namespace timerose::cli
