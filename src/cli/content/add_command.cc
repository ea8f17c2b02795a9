// timerose add: files, folders and standard input become content.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "cli/content/batching_sink.h"
#include "cli/content/import_path.h"
#include "cli/content/layout_options.h"
#include "cli/program/grammar.h"
#include "cli/program/progress.h"
#include "unixfs/directory.h"

namespace timerose::cli {
namespace {

struct AddOptions {
  std::vector<std::string> sources;
  LayoutOptions layout;
  std::string stdin_name;
  std::string pin_name;
  bool recursive = false;
  bool wrap = false;
  bool hidden = false;
  bool dereference = false;
  bool only_hash = false;
  bool quiet = false;
  bool quieter = false;
  bool pin = true;
  std::string progress;
};

struct Root {
  std::string name;
  unixfs::Imported imported;
};

// One run of the command. What it prints is held back until all of it is durable and pinned: a CID
// that has been printed stays.
class Adding {
 public:
  Adding(Session& session, const AddOptions& options, Blockstore* store,
         const unixfs::Layout& layout)
      : session_(session),
        options_(options),
        batch_(store),
        progress_(session.streams().err, options.progress.empty()
                                             ? isatty(session.streams().err) != 0
                                             : options.progress == "true") {
    import_.import.layout = layout;
    import_.import.hash_threads = std::thread::hardware_concurrency();
    import_.import.progress = [this](uint64_t bytes) { progress_.advance(bytes); };
    import_.recursive = options.recursive;
    import_.hidden = options.hidden;
    import_.follow_argument = options.dereference;
    import_.on_imported = [this](const std::string& name, const unixfs::Imported& imported) {
      return note(name, imported.cid);
    };
  }

  Status add_all() {
    const std::vector<std::string> only_stdin{"-"};
    for (const std::string& source : options_.sources.empty() ? only_stdin : options_.sources) {
      TR_TRY(source == "-" ? add_stdin() : add_path(source));
    }
    if (options_.wrap) TR_TRY(wrap());
    progress_.finish();
    return batch_.flush();
  }

  // All that is below the roots was just stored under the session's hold, so it is not read again.
  Status pin_roots(Pins& pins) {
    for (const Root& root : roots_) {
      TR_TRY(pins.add({root.imported.cid, PinMode::kRecursive, options_.pin_name}));
      session_.provide_kept(root.imported.cid, true);
    }
    return success();
  }

  Status print() {
    // A single root is told last, by its CID alone.
    const bool single = roots_.size() == 1;
    if (!options_.quieter) {
      if (single) lines_.pop_back();
      for (const std::string& line : lines_) TR_TRY(session_.out().line(line));
    }
    if (!single && !options_.quieter) return success();
    for (const Root& root : roots_) TR_TRY(session_.out().line(root.imported.cid.to_string()));
    return success();
  }

 private:
  Status note(const std::string& name, const Cid& cid) {
    if (options_.quieter) return success();
    lines_.push_back(options_.quiet ? cid.to_string()
                                    : fmt::format("added {} {}", cid.to_string(), name));
    return success();
  }

  Status add_stdin() {
    StdinSource source(session_.streams());
    TR_ASSIGN(auto imported, unixfs::import_file(source, import_.import, batch_.sink()));
    const std::string cid = imported.cid.to_string();
    const std::string name = options_.stdin_name.empty() ? cid : options_.stdin_name;
    TR_TRY(note(name, imported.cid));
    roots_.push_back({name, std::move(imported)});
    return success();
  }

  Status add_path(const std::string& source) {
    std::filesystem::path path = source;
    if (!path.has_filename()) path = path.parent_path();  // "folder/"
    std::string name = path.filename().string();
    if (name == "." || name == "..")
      name = std::filesystem::absolute(path).lexically_normal().filename().string();
    TR_ASSIGN(auto imported, import_path(path_of_client(session_.streams(), path.string()), name,
                                         import_, batch_.sink()));
    roots_.push_back({std::move(name), std::move(imported)});
    return success();
  }

  Status wrap() {
    unixfs::DirectoryBuilder directory(import_.import.layout);
    for (const Root& root : roots_) TR_TRY(directory.add(root.name, root.imported));
    TR_ASSIGN(auto imported, directory.finish(batch_.sink()));
    TR_TRY(note("", imported.cid));
    roots_.clear();
    roots_.push_back({"", std::move(imported)});
    return success();
  }

  Session& session_;
  const AddOptions& options_;
  BatchingSink batch_;
  Progress progress_;
  ImportPathOptions import_;
  std::vector<Root> roots_;
  std::vector<std::string> lines_;
};

Result<int> add(Session& session, const AddOptions& options) {
  TR_ASSIGN(auto* repository, session.repository());
  TR_ASSIGN(const auto config, repository->config());
  TR_ASSIGN(const auto layout, layout_of(options.layout, config.import_profile()));
  Blockstore* store = nullptr;
  if (!options.only_hash) {
    TR_ASSIGN(store, session.blockstore());
  }
  Adding adding(session, options, store, layout);
  TR_TRY(adding.add_all());
  if (store != nullptr) {
    TR_TRY(store->flush());
    if (options.pin) TR_TRY(adding.pin_roots(repository->pins()));
  }
  TR_TRY(adding.print());
  return kExitSuccess;
}

}  // namespace

void add_content_commands(Grammar& grammar) {
  auto options = std::make_shared<AddOptions>();
  CLI::App* command = add_command(
      grammar, grammar.root, "add",
      {"Add files and folders; print their CIDs",
       "  timerose add book.txt\n"
       "  timerose add -r photos\n"
       "  tar c . | timerose add -Q\n"
       "  timerose add --profile unixfs-v0-2015 book.txt       as Kubo's old default\n"
       "The last line is the CID of the one file or folder that was named; before it, and for\n"
       "several, there is a line `added CID NAME` for each thing. A CID is printed once it is on\n"
       "stable storage and pinned."},
      [options](Session& session) { return add(session, *options); });
  command->group("Content");
  add_words(*command, "PATH", options->sources, 0, "Files and folders; none, or -: standard input");
  command->add_flag("-r,--recursive", options->recursive, "Add folders with all in them");
  command->add_flag("-H,--hidden", options->hidden,
                    "Also what has a name beginning with '.' in folders");
  command->add_flag("--dereference-args", options->dereference,
                    "Add what a symbolic link that is named points to");
  command->add_flag("-w,--wrap-with-directory", options->wrap,
                    "Put all that is named into a new folder, and give its CID");
  add_text(*command, "--stdin-name", options->stdin_name, "Name of standard input in that folder")
      ->type_name("NAME");
  command->add_flag("-n,--only-hash", options->only_hash, "Only tell the CIDs: store nothing");
  command->add_flag("-q,--quiet", options->quiet, "Only CIDs");
  command->add_flag("-Q,--quieter", options->quieter, "Only the CIDs of what was named");
  command->add_flag("--pin{true}", options->pin,
                    "Pin what was named (default); --pin=false: do not");
  add_text(*command, "--pin-name", options->pin_name, "A name for the pin")->type_name("NAME");
  add_switch(*command, "-p,--progress", options->progress,
             "Show progress on standard error (default: if it is a terminal)");
  add_layout_options(*command, options->layout);
}

}  // namespace timerose::cli
