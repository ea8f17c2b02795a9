#include "cli/content/get_command.h"

#include <fmt/format.h>

#include "cli/content/content.h"
#include "cli/content/export_path.h"

namespace timerose::cli {
namespace {

struct GetOptions {
  std::string path;
  std::string output;
};

Result<int> get(Session& session, const GetOptions& options) {
  TR_ASSIGN(const auto path, path_of(session, options.path));
  TR_ASSIGN(const Cid cid, resolve_path(session, path));
  TR_ASSIGN(auto* store, session.content());
  std::string target = options.output;
  if (target.empty()) {
    target = path.segments.empty() ? path.root.to_string() : path.segments.back();
  }
  store->read_ahead(cid, ShowProgress::kOnTerminal);
  TR_TRY(export_path(*store, cid, target));
  store->stop_reading_ahead();
  TR_TRY(session.out().line("Saved to " + target));
  return kExitSuccess;
}

}  // namespace

void add_get_command(Grammar& grammar) {
  auto options = std::make_shared<GetOptions>();
  CLI::App* command = add_command(grammar, grammar.root, "get",
                                  {"Write a file or a directory to disk",
                                   "  timerose get CID\n"
                                   "  timerose get -o book.txt CID/library/book.txt"},
                                  [options](Session& session) { return get(session, *options); });
  command->group("Content");
  add_word(*command, "PATH", options->path, "A CID or CID/path");
  add_text(*command, "-o,--output", options->output,
           "Where to; default: the last name of the path, else the CID, in this folder")
      ->type_name("PATH");
  add_fetch_options(grammar, *command);
}

}  // namespace timerose::cli
