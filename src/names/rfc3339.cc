#include "names/rfc3339.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>

#include "base/duration.h"

namespace timerose::names {
namespace {

namespace chrono = std::chrono;

constexpr size_t kFractionDigits = 9;

// Takes text off the front; once something was not there, everything fails.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  int digits(size_t count) {
    int value = 0;
    for (size_t i = 0; i < count; ++i) {
      const std::optional<int> digit = next_digit();
      if (!digit) {
        failed_ = true;
        return 0;
      }
      value = value * 10 + *digit;
    }
    return value;
  }
  void expect(char c) { failed_ = failed_ || !take(c); }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<int> next_digit() {
    if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') return std::nullopt;
    const int digit = rest_.front() - '0';
    rest_.remove_prefix(1);
    return digit;
  }
  void fail() { failed_ = true; }
  [[nodiscard]] bool ended_well() const { return !failed_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

int64_t take_fraction_ns(Cursor& in) {
  if (!in.take('.')) return 0;
  int64_t ns = 0;
  size_t count = 0;
  for (std::optional<int> digit = in.next_digit(); digit; digit = in.next_digit()) {
    if (count++ < kFractionDigits) ns = ns * 10 + *digit;
  }
  if (count == 0) in.fail();
  for (size_t i = count; i < kFractionDigits; ++i) ns *= 10;
  return ns;
}

int64_t take_offset_seconds(Cursor& in) {
  if (in.take('Z')) return 0;
  const bool east = in.take('+');
  if (!east) in.expect('-');
  const int hours = in.digits(2);
  in.expect(':');
  const int minutes = in.digits(2);
  if (hours > 23 || minutes > 59) in.fail();
  const int64_t seconds = (hours * 60 + minutes) * 60;
  return east ? seconds : -seconds;
}

uint64_t saturate(int64_t seconds, int64_t ns) {
  const __int128 all = static_cast<__int128>(seconds) * kNsPerSecond + ns;
  if (all < 0) return 0;
  return all > UINT64_MAX ? UINT64_MAX : static_cast<uint64_t>(all);
}

}  // namespace

std::string format_rfc3339(uint64_t unix_ns) {
  const uint64_t seconds = unix_ns / kNsPerSecond;
  const chrono::sys_seconds moment{chrono::seconds(static_cast<int64_t>(seconds))};
  const auto day = chrono::floor<chrono::days>(moment);
  const chrono::year_month_day date(day);
  const chrono::hh_mm_ss time(moment - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     unix_ns % kNsPerSecond);
}

Result<uint64_t> parse_rfc3339(std::string_view text) {
  Cursor in(text);
  const chrono::year year(in.digits(4));
  in.expect('-');
  const chrono::month month(static_cast<unsigned>(in.digits(2)));
  in.expect('-');
  const chrono::day day(static_cast<unsigned>(in.digits(2)));
  in.expect('T');
  const int hours = in.digits(2);
  in.expect(':');
  const int minutes = in.digits(2);
  in.expect(':');
  const int seconds = in.digits(2);
  const int64_t ns = take_fraction_ns(in);
  const int64_t offset = take_offset_seconds(in);
  const chrono::year_month_day date = year / month / day;
  if (!in.ended_well() || !date.ok() || hours > 23 || minutes > 59 || seconds > 59) {
    constexpr size_t kShownBytesMax = 64;
    return Error{ErrorCode::kMalformed,
                 fmt::format("'{}' is not a moment; expected 2026-11-21T12:00:00.000000000Z",
                             text.substr(0, kShownBytesMax))};
  }
  const int64_t days = chrono::sys_days(date).time_since_epoch().count();
  return saturate(((days * 24 + hours) * 60 + minutes) * 60 + seconds - offset, ns);
}

}  // namespace timerose::names
