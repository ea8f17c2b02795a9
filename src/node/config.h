// What a user may set for a repository: config.json, kept as the settings that differ from the
// defaults.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace timerose::node {

// One setting there is. `check` refuses a value that makes no sense.
struct Setting {
  const char* name;  // "Storage.Limit"
  const char* default_value;
  const char* meaning;
  Status (*check)(std::string_view value);
};
std::span<const Setting> settings();

class Config {
 public:
  // A missing file is the defaults; kMalformed names the member that is wrong.
  static Result<Config> load(const std::filesystem::path& path);
  [[nodiscard]] Status save(const std::filesystem::path& path) const;

  // JSON text, nested at the dots of the names. Inverses.
  static Result<Config> parse(std::string_view json);
  [[nodiscard]] std::string format() const;
  // The same with every setting, defaults included.
  [[nodiscard]] std::string format_all() const;

  // kNotFound lists the names there are.
  [[nodiscard]] Result<std::string> get(std::string_view name) const;
  Status set(std::string_view name, std::string_view value);

  // The values as the node uses them.
  [[nodiscard]] uint64_t storage_bytes_max() const;  // 0: no limit
  [[nodiscard]] std::string import_profile() const;
  [[nodiscard]] uint64_t run_fuel() const;
  [[nodiscard]] uint64_t run_deadline_ms() const;  // 0: none

  // For settings that there are; the lists are written with commas.
  [[nodiscard]] const std::string& text_of(std::string_view name) const;
  [[nodiscard]] bool is_on(std::string_view name) const { return text_of(name) == "true"; }
  [[nodiscard]] uint64_t count_of(std::string_view name) const;
  [[nodiscard]] uint64_t bytes_of(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> list_of(std::string_view name) const;

  bool operator==(const Config&) const = default;

 private:
  std::map<std::string, std::string, std::less<>> values_;  // every setting, by name
  Config();
};

}  // namespace timerose::node
