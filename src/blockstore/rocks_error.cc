#include "blockstore/rocks_error.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fstream>
#include <sstream>

namespace timerose {
namespace {

struct Kind {
  ErrorCode code;
  const char* advice;
};

Kind kind_of(const rocksdb::Status& status) {
  if (status.IsNoSpace()) return {ErrorCode::kNoSpace, "; free space on that disk and try again"};
  if (status.IsCorruption()) {
    return {ErrorCode::kMismatch,
            "; its files are damaged: `timerose repo verify` lists the blocks that are lost, add "
            "them again"};
  }
  if (status.IsBusy() || status.IsTryAgain() || status.IsTimedOut()) {
    return {ErrorCode::kBusy, "; try again"};
  }
  if (status.IsIOError()) return {ErrorCode::kIo, "; check that disk and its permissions"};
  return {ErrorCode::kInternal, ""};
}

}  // namespace

Error rocks_error(const rocksdb::Status& status, std::string_view doing,
                  const std::filesystem::path& folder) {
  const Kind kind = kind_of(status);
  return Error{kind.code, fmt::format("{} the block database in {}: {}{}", doing, folder.string(),
                                      status.ToString(), kind.advice)};
}

std::string lock_holder(const std::filesystem::path& folder) {
  // From the kernel's list, not by fcntl(F_GETLK): opening and closing the file would drop the lock
  // if this process is the one that has it.
  struct stat status{};
  if (stat((folder / "LOCK").c_str(), &status) != 0) return "";
  const std::string file =
      fmt::format("{:02x}:{:02x}:{}", major(status.st_dev), minor(status.st_dev), status.st_ino);
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    // "1: POSIX  ADVISORY  WRITE 123 fe:00:4567 0 EOF"
    std::istringstream words(line);
    std::string number, type, mode, access, pid, where;
    if (!(words >> number >> type >> mode >> access >> pid >> where) || where != file) continue;
    std::string name;
    std::getline(std::ifstream("/proc/" + pid + "/comm"), name);
    return fmt::format("process {} ({})", pid, name);
  }
  return "";
}

}  // namespace timerose
