// One command line: from words to an action, and from the action to an exit code.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/program/exit_codes.h"
#include "cli/program/grammar.h"
#include "cli/program/session.h"

namespace timerose::cli {

struct CommandLine {
  Grammar grammar;
  std::string repo_dir;    // --repo-dir
  bool only_here = false;  // never carried out by a daemon
  int failure_code = kExitFailure;

  // To be called once. An exit code if all is done already: help was shown, or the words make no
  // sense, which is told on `streams`.
  std::optional<int> parse(std::vector<std::string> words, const Streams& streams);

  // After parse(); tells failures on the session's standard error.
  int carry_out(Session& session);

 private:
  [[nodiscard]] int fail(const Session& session, const Error& error) const;
};

}  // namespace timerose::cli
