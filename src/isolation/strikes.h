// Calls that end their worker process: how often, and for how long the next is refused. Pure: time
// is an argument. Of one thread.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>

#include "crypto/digest.h"

namespace timerose::isolation {

class Strikes {
 public:
  static constexpr uint32_t kOfCallMax = 3;
  static constexpr uint32_t kOfRequesterMax = 32;
  // A strike counts so long, and whoever has too many is refused until enough of them are older.
  static constexpr uint64_t kCallNs = 600'000'000'000;
  static constexpr uint64_t kRequesterNs = 60'000'000'000;
  // Names kept; the one that struck the longest ago is forgotten first.
  static constexpr size_t kNamesMax = 4096;

  // `requester` is any name of his.
  void add(uint64_t now_ns, const Sha256Digest& call, const std::string& requester);
  // Why the call is not to be run now; nothing if it is.
  [[nodiscard]] std::optional<std::string> refusal(uint64_t now_ns, const Sha256Digest& call,
                                                   const std::string& requester) const;

 private:
  struct Record {
    uint32_t count = 0;
    uint64_t first_ns = 0;  // of those that count
    std::list<std::string>::iterator age;
  };
  struct Bounds {
    uint32_t count_max;
    uint64_t for_ns;
  };
  void strike(uint64_t now_ns, const std::string& name, uint64_t for_ns);
  // Seconds that are left; nothing if it is not over its bounds.
  [[nodiscard]] std::optional<uint64_t> seconds_left(uint64_t now_ns, const std::string& name,
                                                     Bounds bounds) const;

  std::map<std::string, Record> records_;
  std::list<std::string> by_age_;  // struck last: first
};

}  // namespace timerose::isolation
