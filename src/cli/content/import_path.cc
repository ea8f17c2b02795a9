#include "cli/content/import_path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "base/file.h"
#include "unixfs/directory.h"

namespace timerose::cli {
namespace {

namespace fs = std::filesystem;

// Deeper than this a folder is most likely a loop of mounts.
constexpr unsigned kImportDepthMax = 512;

class Importer {
 public:
  Importer(const ImportPathOptions& options, const unixfs::BlockSink& sink)
      : options_(options), sink_(sink) {}

  Result<unixfs::Imported> import(const fs::path& path, const std::string& name, unsigned depth) {
    TR_ASSIGN(auto imported, import_untold(path, name, depth));
    if (options_.on_imported) TR_TRY(options_.on_imported(name, imported));
    return imported;
  }

 private:
  Result<unixfs::Imported> import_untold(const fs::path& path, const std::string& name,
                                         unsigned depth) {
    struct stat status{};
    if (lstat(path.c_str(), &status) != 0) return errno_error(errno, "opening " + path.string());
    if (S_ISLNK(status.st_mode)) {
      struct stat target{};
      const bool readable = stat(path.c_str(), &target) == 0;
      // What a shell's <(command) gives is a link to a pipe: its name is worth nothing.
      const bool is_pipe = readable && !S_ISREG(target.st_mode) && !S_ISDIR(target.st_mode);
      const bool follow = depth == 0 && (options_.follow_argument || is_pipe);
      if (!follow) return import_link(path);
      if (!readable) return errno_error(errno, "opening " + path.string());
      status = target;
    }
    if (S_ISDIR(status.st_mode)) return import_folder(path, name, depth);
    const bool is_stream = S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode);
    if (S_ISREG(status.st_mode) || (depth == 0 && is_stream)) return import_file(path);
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("{} is a socket or a device; expected a file, a folder or a link",
                             path.string())};
  }

  Result<unixfs::Imported> import_file(const fs::path& path) {
    TR_ASSIGN(const FileDescriptor file, open_for_reading(path));
    posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    unixfs::FileSource source(file.get());
    auto imported = unixfs::import_file(source, options_.import, sink_);
    if (!imported.ok()) return std::move(imported).error().within("adding " + path.string());
    return imported;
  }

  Result<unixfs::Imported> import_link(const fs::path& path) {
    std::string target(PATH_MAX, '\0');
    const ssize_t length = readlink(path.c_str(), target.data(), target.size());
    if (length < 0) return errno_error(errno, "reading the link " + path.string());
    target.resize(static_cast<size_t>(length));
    return unixfs::import_symlink(target, options_.import.layout, sink_);
  }

  Result<std::vector<std::string>> list(const fs::path& path) {
    std::vector<std::string> names;
    std::error_code failure;
    auto entry = fs::directory_iterator(path, failure);
    for (; !failure && entry != fs::directory_iterator(); entry.increment(failure)) {
      std::string name = entry->path().filename().string();
      if (options_.hidden || !name.starts_with('.')) names.push_back(std::move(name));
    }
    if (failure) return errno_error(failure.value(), "listing " + path.string());
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<unixfs::Imported> import_folder(const fs::path& path, const std::string& name,
                                         unsigned depth) {
    if (!options_.recursive) {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("{} is a folder; add it with -r", path.string())};
    }
    if (depth == kImportDepthMax) {
      return Error{ErrorCode::kLimitExceeded,
                   fmt::format("{} is more than {} folders deep", path.string(), kImportDepthMax)};
    }
    TR_ASSIGN(const auto names, list(path));
    unixfs::DirectoryBuilder builder(options_.import.layout);
    for (const std::string& child : names) {
      TR_ASSIGN(const auto imported,
                import(path / child, name.empty() ? child : name + "/" + child, depth + 1));
      TR_TRY(builder.add(child, imported));
    }
    return builder.finish(sink_);
  }

  const ImportPathOptions& options_;
  const unixfs::BlockSink& sink_;
};

}  // namespace

Result<unixfs::Imported> import_path(const fs::path& path, const std::string& name,
                                     const ImportPathOptions& options,
                                     const unixfs::BlockSink& sink) {
  return Importer(options, sink).import(path, name, 0);
}

}  // namespace timerose::cli
