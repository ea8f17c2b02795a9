#include "blockstore/rocks_environment.h"

#include <rocksdb/file_system.h>

#include <array>
#include <cstdio>

namespace timerose {
namespace {

bool names_options(const std::string& path) {
  return path.find("OPTIONS-", path.rfind('/') + 1) != std::string::npos;
}

class UnsyncedFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  using FSWritableFileOwnerWrapper::FSWritableFileOwnerWrapper;
  rocksdb::IOStatus Sync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return rocksdb::IOStatus::OK();
  }
};

class QuickDirectory final : public rocksdb::FSDirectoryWrapper {
 public:
  using FSDirectoryWrapper::FSDirectoryWrapper;
  rocksdb::IOStatus FsyncWithDirOptions(const rocksdb::IOOptions& options,
                                        rocksdb::IODebugContext* context,
                                        const rocksdb::DirFsyncOptions& why) override {
    if (why.reason == rocksdb::DirFsyncOptions::kFileRenamed &&
        names_options(why.renamed_new_name)) {
      return rocksdb::IOStatus::OK();
    }
    return FSDirectoryWrapper::FsyncWithDirOptions(options, context, why);
  }
};

class QuickFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;
  const char* Name() const override { return "QuickFileSystem"; }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override {
    rocksdb::IOStatus opened = FileSystemWrapper::NewWritableFile(path, options, file, context);
    if (opened.ok() && names_options(path)) {
      *file = std::make_unique<UnsyncedFile>(std::move(*file));
    }
    return opened;
  }
  rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* context) override {
    rocksdb::IOStatus opened = FileSystemWrapper::NewDirectory(path, options, directory, context);
    if (opened.ok()) *directory = std::make_unique<QuickDirectory>(std::move(*directory));
    return opened;
  }
};

}  // namespace

std::unique_ptr<rocksdb::Env> quick_environment() {
  return rocksdb::NewCompositeEnv(
      std::make_shared<QuickFileSystem>(rocksdb::FileSystem::Default()));
}

void DamageLogger::Logv(const char* format, va_list values) {
  // "[WARN] [db/...] PATH.log: dropping 75 bytes; Corruption: checksum mismatch"
  std::array<char, 4096> line{};
  if (std::vsnprintf(line.data(), line.size(), format, values) < 0) return;
  const std::string_view text(line.data());
  const size_t end = text.find(".log: dropping ");
  if (end == std::string_view::npos) return;
  const size_t begin = text.find('/', text.rfind("] ", end) + 1);
  const std::lock_guard lock(mutex_);
  if (damaged_log_.empty()) damaged_log_ = text.substr(begin, end + 4 - begin);
}

std::string DamageLogger::damaged_log() const {
  const std::lock_guard lock(mutex_);
  return damaged_log_;
}

}  // namespace timerose
