#include "cli/program/completion.h"

#include <fmt/format.h>

#include <vector>

namespace timerose::cli {
namespace {

// What may follow the words that lead to one command.
struct Level {
  std::string path;  // "dag get"; empty at the root
  std::vector<const CLI::App*> commands;
  std::vector<std::string> options;
};

void collect(const CLI::App& command, const std::string& path, std::vector<Level>& levels) {
  Level level{path, command.get_subcommands([](const CLI::App*) { return true; }), {}};
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) level.options.push_back("--" + name);
    for (const std::string& name : option->get_snames()) level.options.push_back("-" + name);
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
  for (const Level& level : levels) {
    if (!level.path.empty()) known += (known.empty() ? "\"" : "|\"") + level.path + "\"";
    cases += fmt::format("    \"{}\") commands=\"{}\"; options=\"{}\" ;;\n", level.path,
                         command_names(level), option_names(level));
  }
  return fmt::format(R"(_timerose() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} path= next word commands= options=
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    next=${{path:+$path }}$word
    case "$next" in
    {}) path=$next ;;
    esac
  done
  case "$path" in
{}  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$commands" -- "$current")) ;;
  esac
}}
complete -o default -F _timerose timerose
)",
                     known, cases);
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
