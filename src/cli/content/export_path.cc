#include "cli/content/export_path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "base/file.h"
#include "unixfs/directory.h"
#include "unixfs/reader.h"

namespace timerose::cli {
namespace {

namespace fs = std::filesystem;

// Deeper than this a directory is not written: the paths would be longer than the system takes.
constexpr unsigned kExportDepthMax = 512;

Error cannot_create(const fs::path& target) {
  if (errno != EEXIST) return errno_error(errno, "creating " + target.string());
  return {
      ErrorCode::kInvalidArgument,
      fmt::format("{} exists already; remove it, or choose another name with -o", target.string())};
}

// A directory from elsewhere must not be able to reach outside the target.
bool is_safe_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

Status export_file(Blockstore& store, const Cid& cid, const fs::path& target) {
  const FileDescriptor file(
      open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!file.valid()) return cannot_create(target);
  return unixfs::stream_file(
      store, cid, {}, std::thread::hardware_concurrency(), [&](ByteView piece) -> Status {
        auto written = write_all(file.get(), piece);
        if (written.ok()) return success();
        return std::move(written).error().within("writing " + target.string());
      });
}

Status export_at_depth(Blockstore& store, const Cid& cid, const fs::path& target, unsigned depth) {
  TR_ASSIGN(const auto stat, unixfs::stat(store, cid));
  if (stat.kind == unixfs::Kind::kFile) return export_file(store, cid, target);
  if (stat.kind == unixfs::Kind::kSymlink) {
    TR_ASSIGN(const std::string link, unixfs::read_symlink(store, cid));
    if (symlink(link.c_str(), target.c_str()) != 0) return cannot_create(target);
    return success();
  }
  if (depth == kExportDepthMax) {
    return Error{ErrorCode::kLimitExceeded, fmt::format("{} is more than {} directories deep",
                                                        target.string(), kExportDepthMax)};
  }
  if (mkdir(target.c_str(), 0777) != 0) return cannot_create(target);
  return unixfs::for_each_entry(store, cid, [&](const unixfs::Entry& entry) -> Status {
    if (!is_safe_name(entry.name)) {
      return Error{ErrorCode::kMalformed,
                   fmt::format("the directory {} has an entry named '{}', which cannot be a file's "
                               "name",
                               cid.to_string(), entry.name)};
    }
    return export_at_depth(store, entry.cid, target / entry.name, depth + 1);
  });
}

}  // namespace

Status export_path(Blockstore& store, const Cid& cid, const fs::path& target) {
  return export_at_depth(store, cid, target, 0);
}

}  // namespace timerose::cli
