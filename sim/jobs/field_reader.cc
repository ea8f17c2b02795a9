#include "sim/jobs/field_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/units.h"

namespace timerose::sim::jobs {
namespace {

using Json = nlohmann::json;

constexpr double kExactMax = 9007199254740992;  // of whole numbers in a double

// Counts what was read, so that an error can name its line.
class Cursor {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Cursor(std::string_view::const_iterator at, size_t* read) : at_(at), read_(read) {}
  reference operator*() const { return *at_; }
  Cursor& operator++() {
    ++at_;
    ++*read_;
    return *this;
  }
  Cursor operator++(int) {
    const Cursor before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Cursor& other) const { return at_ == other.at_; }
  bool operator!=(const Cursor& other) const { return at_ != other.at_; }

 private:
  std::string_view::const_iterator at_;
  size_t* read_;
};

// A value given as a number, or as text that `parse` reads.
template <typename Parse>
std::string take_number(const FieldReader::Given& given, uint64_t& out, double scale, Parse parse,
                        const char* expected) {
  if (const auto* number = std::get_if<double>(&given); number != nullptr && *number >= 0) {
    const double scaled = *number * scale;
    if (scaled > kExactMax) return expected;
    out = static_cast<uint64_t>(std::llround(scaled));
    return {};
  }
  const auto* text = std::get_if<std::string>(&given);
  if (text == nullptr) return expected;
  const auto parsed = parse(*text);
  if (!parsed.ok()) return expected;
  out = *parsed;
  return {};
}

}  // namespace

void FieldReader::text(const std::string& path, std::string& out) {
  takes_[path] = [&out](const Given& given) -> std::string {
    const auto* text = std::get_if<std::string>(&given);
    if (text == nullptr) return "text in quotes, such as \"eu\"";
    out = *text;
    return {};
  };
}

void FieldReader::word(const std::string& path, std::function<bool(std::string_view)> take,
                       std::string expected) {
  takes_[path] = [take = std::move(take), expected = std::move(expected)](const Given& given) {
    const auto* text = std::get_if<std::string>(&given);
    return text != nullptr && take(*text) ? std::string() : expected;
  };
}

void FieldReader::flag(const std::string& path, bool& out) {
  takes_[path] = [&out](const Given& given) -> std::string {
    const auto* flag = std::get_if<bool>(&given);
    if (flag == nullptr) return "true or false";
    out = *flag;
    return {};
  };
}

void FieldReader::real(const std::string& path, double& out) {
  takes_[path] = [&out](const Given& given) -> std::string {
    const auto* number = std::get_if<double>(&given);
    if (number == nullptr || *number < 0) return "a number, 0 or more, such as 2.5";
    out = *number;
    return {};
  };
}

void FieldReader::share(const std::string& path, double& out) {
  takes_[path] = [&out](const Given& given) -> std::string {
    const auto* number = std::get_if<double>(&given);
    if (number == nullptr || *number < 0 || *number > 1)
      return "a number from 0 to 1, such as 0.25";
    out = *number;
    return {};
  };
}

void FieldReader::count(const std::string& path, uint64_t& out, uint64_t least, uint64_t most) {
  takes_[path] = [&out, least, most](const Given& given) -> std::string {
    const auto* number = std::get_if<double>(&given);
    const bool whole =
        number != nullptr && *number >= 0 && *number <= kExactMax && *number == std::floor(*number);
    const auto value = whole ? static_cast<uint64_t>(*number) : 0;
    if (whole && value >= least && value <= most) {
      out = value;
      return {};
    }
    const uint64_t example = std::min(most, std::max<uint64_t>(least, 10));
    return most == UINT64_MAX
               ? fmt::format("a whole number, at least {}, such as {}", least, example)
               : fmt::format("a whole number from {} to {}, such as {}", least, most, example);
  };
}

void FieldReader::bytes(const std::string& path, uint64_t& out) {
  takes_[path] = [&out](const Given& given) {
    return take_number(given, out, 1, parse_bytes, "bytes, such as 4096 or \"4MiB\"");
  };
}

void FieldReader::span(const std::string& path, uint64_t& out) {
  takes_[path] = [&out](const Given& given) {
    return take_number(given, out, 1000, parse_duration_ms,
                       "a time, such as \"500ms\", \"30s\" or 30 (seconds)");
  };
}

// Told by the JSON library what it reads.
class FieldParser : public nlohmann::json_sax<Json> {
 public:
  FieldParser(const FieldReader& reader, std::string_view json) : reader_(reader), json_(json) {}

  Status run() {
    const Cursor begin(json_.begin(), &read_);
    const Cursor end(json_.end(), &read_);
    const bool good = Json::sax_parse(begin, end, this, Json::input_format_t::json, true, true);
    if (good) return success();
    return Error{ErrorCode::kMalformed, fmt::format("line {}, column {}: {}\n  {}\n  {:>{}}", line_,
                                                    column_, wrong_, shown_, '^', column_)};
  }

  bool null() override { return take(nullptr); }
  bool boolean(bool value) override { return take(value); }
  bool number_integer(number_integer_t value) override { return take(static_cast<double>(value)); }
  bool number_unsigned(number_unsigned_t value) override {
    return take(static_cast<double>(value));
  }
  bool number_float(number_float_t value, const string_t& /*text*/) override { return take(value); }
  bool string(string_t& value) override { return take(value); }
  bool binary(binary_t& /*value*/) override { return fail("JSON has no such value"); }

  bool start_object(std::size_t /*elements*/) override {
    if (!path_.empty() && path_.ends_with("[]")) {
      const auto list = reader_.lists_.find(path_.substr(0, path_.size() - 2));
      list->second.add();
    } else if (!path_.empty() && !is_group(path_)) {
      return fail_expected("an object");
    }
    opened_.push_back(path_);
    return true;
  }
  bool key(string_t& name) override {
    path_ = opened_.back().empty() ? name : opened_.back() + "." + name;
    if (reader_.takes_.contains(path_) || reader_.lists_.contains(path_) || is_group(path_)) {
      return true;
    }
    return fail(fmt::format("there is no field {}; known are {}", path_, known_beside(path_)));
  }
  bool end_object() override {
    path_ = opened_.back();
    opened_.pop_back();
    return true;
  }
  bool start_array(std::size_t /*elements*/) override {
    const auto list = reader_.lists_.find(path_);
    if (list == reader_.lists_.end()) return fail_expected("a list");
    list->second.begin();
    opened_.push_back(path_);
    path_ += "[]";
    return true;
  }
  bool end_array() override { return end_object(); }
  bool parse_error(std::size_t /*position*/, const std::string& token,
                   const Json::exception& error) override {
    const std::string_view what = error.what();
    const size_t text = what.find("syntax error");
    return fail_at(read_,
                   fmt::format("{} (near {})",
                               text == std::string_view::npos ? what : what.substr(text), token));
  }

 private:
  bool take(const FieldReader::Given& given) {
    const auto found = reader_.takes_.find(path_);
    if (found == reader_.takes_.end()) return fail(fmt::format("{}: no value belongs here", path_));
    const std::string expected = found->second(given);
    return expected.empty() || fail(fmt::format("{}: expected {}", path_, expected));
  }
  bool fail_expected(const char* other) {
    return fail(fmt::format("{}: {} does not belong here", path_, other));
  }
  // At the word that was read last: a number is known to have ended only once a character after it
  // was read.
  bool fail(std::string what) {
    static constexpr std::string_view kBetween = " \t\r\n,:{}[]";
    size_t last = std::min(json_.size(), read_) - (read_ == 0 ? 0 : 1);
    while (last > 0 && kBetween.find(json_[last]) != std::string_view::npos) --last;
    size_t first = last;
    if (last > 0 && json_[last] == '"') {
      first = std::min(last, json_.rfind('"', last - 1));
    } else {
      while (first > 0 && kBetween.find(json_[first - 1]) == std::string_view::npos) --first;
    }
    return fail_at(first + 1, std::move(what));
  }
  // `read`: characters up to and with the wrong one.
  bool fail_at(size_t read, std::string what) {
    wrong_ = std::move(what);
    const size_t at = std::min(json_.size(), std::max<size_t>(read, 1) - 1);
    const std::string_view before = json_.substr(0, at);
    line_ = static_cast<size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
    const size_t begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    column_ = at - begin + 1;
    shown_ = json_.substr(begin, json_.find('\n', at) - begin);
    return false;
  }
  [[nodiscard]] bool is_group(const std::string& path) const {
    const auto begins = [&](const auto& fields) {
      const auto next = fields.lower_bound(path + ".");
      return next != fields.end() && next->first.starts_with(path + ".");
    };
    return begins(reader_.takes_) || begins(reader_.lists_);
  }
  [[nodiscard]] std::string known_beside(const std::string& path) const {
    const size_t dot = path.rfind('.');
    const std::string group = dot == std::string::npos ? "" : path.substr(0, dot + 1);
    std::string out;
    const auto list = [&](const std::string& name) {
      if (!name.starts_with(group) || name.find("[]", group.size()) != std::string::npos) return;
      out += (out.empty() ? "" : ", ") + name.substr(group.size());
    };
    for (const auto& [name, take] : reader_.takes_) list(name);
    for (const auto& [name, take] : reader_.lists_) list(name);
    return out;
  }

  const FieldReader& reader_;
  const std::string_view json_;
  size_t read_ = 0;
  size_t line_ = 1;
  size_t column_ = 1;
  std::string_view shown_;  // the line
  std::string wrong_;
  std::string path_;
  std::vector<std::string> opened_;
};

Status FieldReader::read(std::string_view json) const { return FieldParser(*this, json).run(); }

}  // namespace timerose::sim::jobs
