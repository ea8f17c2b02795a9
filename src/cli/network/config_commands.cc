// timerose config: the settings of the repository.
#include <fmt/format.h>

#include "cli/program/grammar.h"

namespace timerose::cli {
namespace {

Result<int> get_setting(Session& session, const std::string& name) {
  TR_ASSIGN(auto* repository, session.repository());
  TR_ASSIGN(const auto config, repository->config());
  TR_ASSIGN(const std::string value, config.get(name));
  TR_TRY(session.out().line(value));
  return kExitSuccess;
}

Result<int> set_setting(Session& session, const std::string& name, const std::string& value) {
  TR_ASSIGN(auto* repository, session.repository());
  TR_ASSIGN(auto config, repository->config());
  TR_TRY(config.set(name, value));
  TR_TRY(repository->save_config(config));
  return kExitSuccess;
}

Result<int> show_settings(Session& session) {
  TR_ASSIGN(auto* repository, session.repository());
  TR_ASSIGN(const auto config, repository->config());
  TR_TRY(session.out().write(config.format_all()));
  return kExitSuccess;
}

std::string describe_settings() {
  std::string text;
  for (const node::Setting& setting : node::settings()) {
    text += fmt::format("\n  {}  {}", setting.name, setting.meaning);
    if (*setting.default_value != '\0')
      text += fmt::format(" (default: {})", setting.default_value);
  }
  return text;
}

}  // namespace

void add_config_commands(Grammar& grammar) {
  auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* config = add_command(
      grammar, grammar.root, "config",
      {"Read and change settings",
       "  timerose config show\n"
       "  timerose config set Storage.Limit 10GiB\n"
       "  timerose config get Storage.Limit\n"
       "  timerose config Storage.Limit [VALUE]      as Kubo has it\n"
       "Settings:" +
           describe_settings()},
      [words](Session& session) -> Result<int> {
        if (words->size() == 1) return get_setting(session, words->front());
        if (words->size() == 2) return set_setting(session, words->front(), words->back());
        return Error{ErrorCode::kInvalidArgument,
                     "expected `config show`, `config get NAME` or `config set NAME VALUE`"};
      });
  config->group("Identity and settings");
  add_words(*config, "NAME", *words, 0, "A setting, and the value to give it");

  add_command(grammar, *config, "show", {"Show every setting", "  timerose config show"},
              show_settings);
  auto name = std::make_shared<std::string>();
  CLI::App* get = add_command(grammar, *config, "get",
                              {"Show one setting", "  timerose config get Storage.Limit"},
                              [name](Session& session) { return get_setting(session, *name); });
  add_word(*get, "NAME", *name, "A setting");
  auto value = std::make_shared<std::string>();
  CLI::App* set = add_command(
      grammar, *config, "set", {"Change one setting", "  timerose config set Storage.Limit 10GiB"},
      [name, value](Session& session) { return set_setting(session, *name, *value); });
  add_word(*set, "NAME", *name, "A setting");
  add_word(*set, "VALUE", *value, "Its new value");
}

}  // namespace timerose::cli
