// A record of this node's calls for others and of others' for it, as lines of JSON: what a checker
// needs to tell that none was lost, answered twice or run unasked (docs/reference/execute.md). Each
// line is in the file before what it tells of goes on, so that a node that is killed leaves it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/clock.h"
#include "base/file.h"
#include "scheduler/execute/observer.h"

namespace timerose::node {

class CallHistory final : public scheduler::execute::Observer {
 public:
  // Appends to the file. `clock` must outlive it.
  static Result<std::unique_ptr<CallHistory>> open(const std::filesystem::path& path, Clock& clock,
                                                   const PeerId& self);

  void saw(const scheduler::execute::ExecutorEvent& event) override;
  void saw(const scheduler::execute::ExecutorAction& action) override;
  void saw(const scheduler::execute::RequesterEvent& event) override;
  void saw(const scheduler::execute::RequesterAction& action) override;

 private:
  CallHistory(FileDescriptor file, Clock& clock) : file_(std::move(file)), clock_(clock) {}
  // `fields` is JSON members without the braces.
  void add(const char* what, const std::string& fields);
  void ended(scheduler::execute::ExecutionId execution, const std::string& how);

  FileDescriptor file_;
  Clock& clock_;
  std::unordered_map<mesh::StreamId, PeerId> links_;
  std::unordered_map<scheduler::execute::ExecutionId, Cid> running_;
  std::unordered_set<scheduler::execute::CallNumber> asked_;  // and not told of the end
};

}  // namespace timerose::node
