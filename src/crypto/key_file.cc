// The file of a PrivateKey: who may read it, and how it comes to be.
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/hex.h"
#include "crypto/key.h"

namespace timerose {
namespace {

constexpr unsigned kKeyFileMode = 0600;
constexpr unsigned kOthersMode = 0077;
// Longer than any key of the one kind we have, so that a wrong file is seen to be one.
constexpr size_t kKeyFileBytesMax = 1024;

Status check_permissions(int fd, const std::filesystem::path& path) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return errno_error(errno, "reading " + path.string());
  if (!S_ISREG(status.st_mode)) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("{} is not a file, a private key was expected", path.string())};
  }
  if ((status.st_mode & kOthersMode) != 0) {
    return Error{ErrorCode::kPermission,
                 fmt::format("the private key {0} may be used by others (mode {1:04o}, expected "
                             "{2:04o}); run: chmod {2:o} '{0}'",
                             path.string(), status.st_mode & 07777U, kKeyFileMode)};
  }
  return success();
}

Result<size_t> read_some(int fd, std::span<uint8_t> out) {
  size_t filled = 0;
  while (filled < out.size()) {
    const ssize_t got = ::read(fd, out.data() + filled, out.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error(errno, "reading");
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  return filled;
}

}  // namespace

Result<PrivateKey> PrivateKey::load(const std::filesystem::path& path) {
  TR_ASSIGN(const FileDescriptor file, open_for_reading(path));
  TR_TRY(check_permissions(file.get(), path));
  std::array<uint8_t, kKeyFileBytesMax> buffer;
  auto size = read_some(file.get(), buffer);
  if (!size) return std::move(size).error().within(path.string());
  auto key = decode(ByteView(buffer).first(*size));
  OPENSSL_cleanse(buffer.data(), buffer.size());
  if (!key) {
    return std::move(key).error().within(
        fmt::format("{} is damaged; restore it from a copy, or move it away to get a new identity",
                    path.string()));
  }
  return key;
}

Status PrivateKey::save(const std::filesystem::path& path) const {
  Bytes encoded = encode();
  Status written = write_file_atomically(path, encoded, kKeyFileMode);
  OPENSSL_cleanse(encoded.data(), encoded.size());
  return written;
}

Result<PrivateKey> PrivateKey::load_or_create(const std::filesystem::path& path, Random& random) {
  auto existing = load(path);
  if (existing || existing.error().code != ErrorCode::kNotFound) return existing;

  PrivateKey key = generate(random);
  // A name of its own and then link(), which fails if the path has come to exist: of two processes
  // that start at once, the second takes the first one's key and does not replace it.
  std::array<uint8_t, 8> suffix;
  random.fill(suffix);
  const std::filesystem::path fresh = path.string() + ".new-" + hex_encode(suffix);
  TR_TRY(key.save(fresh));
  const int failure = ::link(fresh.c_str(), path.c_str()) == 0 ? 0 : errno;
  ::unlink(fresh.c_str());
  if (failure == EEXIST) return load(path);
  if (failure != 0) return errno_error(failure, "creating " + path.string());
  return key;
}

}  // namespace timerose
