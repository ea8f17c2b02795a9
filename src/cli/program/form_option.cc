#include "cli/program/form_option.h"

#include <fmt/format.h>

#include "cli/program/grammar.h"

namespace timerose::cli {

void add_form_option(CLI::App& command, std::string& form) {
  add_text(command, "-o,--output", form, "text or json")->type_name("text|json");
}

Result<bool> is_json(const std::string& form) {
  if (form.empty() || form == "text") return false;
  if (form == "json") return true;
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("-o: expected text or json; found '{}'", form)};
}

}  // namespace timerose::cli
