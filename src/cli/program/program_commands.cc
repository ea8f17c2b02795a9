// timerose version, timerose completion: about the program itself.
#include <nlohmann/json.hpp>

#include "cli/program/completion.h"
#include "cli/program/grammar.h"
#include "cli/program/version.h"

namespace timerose::cli {
namespace {

void add_version(Grammar& grammar) {
  struct Options {
    bool number = false;
    bool all = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command =
      add_command(grammar, grammar.root, "version",
                  {"Show the version of this program", "  timerose version\n  timerose version -n"},
                  [options](Session& session) -> Result<int> {
                    TR_TRY(session.out().line(options->number ? version_number() : version_line()));
                    if (options->all) TR_TRY(session.out().line(compiler_line()));
                    return kExitSuccess;
                  });
  command->group("Program");
  grammar.own_commands.push_back(command);
  command->add_flag("-n,--number", options->number, "Only the number");
  command->add_flag("--all", options->all, "Also what it was built with");
}

void add_completion(Grammar& grammar) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = add_command(
      grammar, grammar.root, "completion",
      {"Print a completion script for a shell",
       "  timerose completion bash > ~/.local/share/bash-completion/completions/timerose\n"
       "  timerose completion zsh > ~/.zfunc/_timerose\n"
       "  timerose completion fish > ~/.config/fish/completions/timerose.fish"},
      [shell, &grammar](Session& session) -> Result<int> {
        TR_ASSIGN(const std::string script, completion_script(grammar.root, *shell));
        TR_TRY(session.out().write(script));
        return kExitSuccess;
      });
  command->group("Program");
  grammar.own_commands.push_back(command);
  add_word(*command, "SHELL", *shell, "bash, zsh or fish");
}

}  // namespace

void add_program_commands(Grammar& grammar) {
  add_version(grammar);
  add_completion(grammar);
}

}  // namespace timerose::cli
