#include "node/records/keystore.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace timerose::node {
namespace {

constexpr std::string_view kSuffix = ".key";

Status check_name(std::string_view name) {
  const bool characters = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
  });
  if (name.empty() || name.size() > Keystore::kNameBytesMax || name.front() == '.' ||
      name.front() == '-' || !characters) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("'{}' cannot name a key: expected 1 to {} letters, digits, '.', '_' "
                             "or '-', beginning with a letter, a digit or '_'",
                             name, Keystore::kNameBytesMax)};
  }
  if (name == "self") {
    return Error{ErrorCode::kInvalidArgument, "'self' is the node's own key; choose another name"};
  }
  return success();
}

Error file_error(const std::error_code& code, std::string_view doing) {
  return {ErrorCode::kIo, fmt::format("{}: {}", doing, code.message())};
}

}  // namespace

Result<PrivateKey> Keystore::generate(std::string_view name, Random& random) {
  TR_TRY(check_name(name));
  std::error_code failure;
  std::filesystem::create_directories(folder_, failure);
  if (failure) return file_error(failure, "creating " + folder_.string());
  const auto path = folder_ / (std::string(name) + std::string(kSuffix));
  if (std::filesystem::exists(path, failure)) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("there is a key named '{}' already; remove it with "
                             "`timerose key rm {}`, or choose another name",
                             name, name)};
  }
  PrivateKey key = PrivateKey::generate(random);
  TR_TRY(key.save(path));
  return key;
}

Result<std::filesystem::path> Keystore::existing(std::string_view name) const {
  TR_TRY(check_name(name));
  auto path = folder_ / (std::string(name) + std::string(kSuffix));
  std::error_code failure;
  if (!std::filesystem::exists(path, failure)) {
    return Error{
        ErrorCode::kNotFound,
        fmt::format("there is no key named '{}'; `timerose key list` shows those there are", name)};
  }
  return path;
}

Result<PrivateKey> Keystore::load(std::string_view name) const {
  TR_ASSIGN(const auto path, existing(name));
  return PrivateKey::load(path);
}

Status Keystore::remove(std::string_view name) {
  TR_ASSIGN(const auto path, existing(name));
  std::error_code failure;
  std::filesystem::remove(path, failure);
  if (failure) return file_error(failure, "removing " + path.string());
  return success();
}

Result<std::vector<std::string>> Keystore::names() const {
  std::vector<std::string> names;
  std::error_code failure;
  if (!std::filesystem::exists(folder_, failure)) return names;
  auto entry = std::filesystem::directory_iterator(folder_, failure);
  for (; !failure && entry != std::filesystem::directory_iterator(); entry.increment(failure)) {
    std::string name = entry->path().filename().string();
    if (!name.ends_with(kSuffix)) continue;
    name.resize(name.size() - kSuffix.size());
    if (check_name(name).ok()) names.push_back(std::move(name));
  }
  if (failure) return file_error(failure, "listing " + folder_.string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace timerose::node
