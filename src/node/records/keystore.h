// Named keys beside the node's own: one file each, mode 0600. "self" is the node's own key and is
// not kept here.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "crypto/key.h"

namespace timerose::node {

class Keystore {
 public:
  // Longest name of a key, in bytes.
  static constexpr size_t kNameBytesMax = 64;

  explicit Keystore(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Makes and keeps a key. kInvalidArgument for a name that is "self", taken, empty, too long, or
  // of other characters than letters, digits, '.', '_' and '-' (no '.' first).
  Result<PrivateKey> generate(std::string_view name, Random& random);
  // kNotFound names the command that lists the keys there are.
  [[nodiscard]] Result<PrivateKey> load(std::string_view name) const;
  Status remove(std::string_view name);
  // Sorted.
  [[nodiscard]] Result<std::vector<std::string>> names() const;

 private:
  [[nodiscard]] Result<std::filesystem::path> existing(std::string_view name) const;
  std::filesystem::path folder_;
};

}  // namespace timerose::node
