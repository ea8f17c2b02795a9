// The options of `run` that say where a call may run, how often, and what its answer must be worth.
#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>

#include "base/result.h"
#include "mesh/host.h"
#include "scheduler/jobs/job_options.h"

namespace timerose::cli {

// As typed.
struct JobTexts {
  std::string at;
  std::string required;
  std::string preferred;
  std::string copies;
  std::string apart;
  std::string verify;
  std::string authority;
  bool hedge = false;
  bool explain = false;
  bool dry_run = false;
  bool detach = false;
};

struct JobWish {
  scheduler::jobs::JobOptions options;
  std::optional<mesh::PeerAddresses> peer;  // of --at PEER
  bool detach = false;
  std::string authority;  // a file of tokens; empty: those that are kept
  bool is_plain = true;   // nothing was asked for but the call
};

void add_job_options(CLI::App& command, JobTexts& texts);
// kInvalidArgument names the option and says what it expects.
Result<JobWish> parse_job_wish(const JobTexts& texts);

}  // namespace timerose::cli
