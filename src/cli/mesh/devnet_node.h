// One node of a network on this machine: a child process that runs `timerose node start` on a
// repository of its own.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace timerose::cli {

class DevnetNode {
 public:
  // Starts it, with a repository made at `repository` if there is none. It ends with this process.
  static Result<DevnetNode> start(std::string name, const std::filesystem::path& repository);
  DevnetNode(DevnetNode&&) = default;
  ~DevnetNode() = default;

  // Until it says "ready"; an error if it ends before.
  Status wait_until_ready();

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::filesystem::path& repository() const { return repository_; }
  [[nodiscard]] const std::string& peer_id() const { return peer_id_; }
  [[nodiscard]] const std::vector<std::string>& addresses() const { return addresses_; }

  // What a command that it carries out prints. The error is what the command complained of.
  Result<std::string> ask(const std::vector<std::string>& words) const;

  // Whether the process runs.
  bool running();
  void end() const;  // asks it to
  void wait_for_end();

 private:
  DevnetNode(std::string name, std::filesystem::path repository)
      : name_(std::move(name)), repository_(std::move(repository)) {}

  std::string name_;
  std::filesystem::path repository_;
  pid_t process_ = 0;  // 0: it has ended
  FileDescriptor output_;
  std::string peer_id_;
  std::vector<std::string> addresses_;
};

}  // namespace timerose::cli
