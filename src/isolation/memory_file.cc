#include "isolation/memory_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace timerose::isolation {

Result<FileDescriptor> memory_file(ByteView content) {
  FileDescriptor file(memfd_create("module", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.valid()) return errno_error(errno, "making room for a module");
  TR_TRY(write_all(file.get(), content));
  return file;
}

Result<uint64_t> seal(const FileDescriptor& file) {
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  if (fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) return errno_error(errno, "sealing a module");
  struct stat status{};
  if (fstat(file.get(), &status) != 0) return errno_error(errno, "measuring a module");
  // Room can be had beyond the end.
  constexpr uint64_t kStatBlockBytes = 512;
  return std::max(static_cast<uint64_t>(status.st_size),
                  static_cast<uint64_t>(status.st_blocks) * kStatBlockBytes);
}

}  // namespace timerose::isolation
