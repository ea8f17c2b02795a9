#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/duration.h"
#include "base/units.h"
#include "scheduler/placement/requirement_grammar.h"

namespace timerose::scheduler {
namespace {

constexpr std::string_view kExample = "memory>=8GiB, label.zone=eu";
constexpr std::string_view kSigns = "<>=!";

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// One term of `whole`, whose errors say where in it they are.
class TermParser {
 public:
  TermParser(std::string_view whole, std::string_view term) : whole_(whole), term_(term) {}

  Result<Term> parse() {
    const std::string_view text = trimmed(term_);
    const size_t sign = std::min(text.find_first_of(kSigns), text.size());
    Term term;
    TR_TRY(read_name(trimmed(text.substr(0, sign)), term));
    const std::string_view rest = text.substr(sign);
    const auto found =
        std::find_if(kComparisonWords.begin(), kComparisonWords.end(),
                     [&](const ComparisonWord& word) { return rest.starts_with(word.sign); });
    if (found == kComparisonWords.end()) {
      return wrong(rest, "expected a comparison (= != >= <= > <) and a value after the name");
    }
    term.comparison = found->comparison;
    const std::string_view value = trimmed(rest.substr(found->sign.size()));
    if (value.empty()) return wrong(rest.substr(rest.size()), "expected a value");
    TR_TRY(read_value(value, term));
    return term;
  }

 private:
  // `part` lies in `whole_`.
  [[nodiscard]] Error wrong(std::string_view part, std::string_view what) const {
    const auto at = static_cast<size_t>(part.data() - whole_.data()) + 1;
    return {ErrorCode::kInvalidArgument,
            fmt::format("requirement \"{}\", at character {}: {}, found '{}'; an example: {}",
                        whole_, at, what, part, kExample)};
  }

  Status read_name(std::string_view name, Term& term) const {
    if (name.starts_with(kLabelPrefix)) {
      const std::string_view label = name.substr(kLabelPrefix.size());
      if (!is_label_name(label)) {
        return wrong(name, "expected the name of a label (lower-case letters, digits, . _ - /)");
      }
      term.attribute = Attribute::kLabel;
      term.label = label;
      return success();
    }
    const auto found = std::find_if(kAttributeWords.begin(), kAttributeWords.end(),
                                    [&](const AttributeWord& word) { return word.name == name; });
    if (found == kAttributeWords.end()) {
      std::vector<std::string_view> names(kAttributeWords.size());
      std::transform(kAttributeWords.begin(), kAttributeWords.end(), names.begin(),
                     [](const AttributeWord& word) { return word.name; });
      const std::string_view where = name.empty() ? term_ : name;
      return wrong(where, fmt::format("expected one of {}, label.NAME", fmt::join(names, ", ")));
    }
    term.attribute = found->attribute;
    return success();
  }

  Status read_value(std::string_view value, Term& term) const {
    if (unit_of(term.attribute) == Unit::kWord) return read_word(value, term);
    auto number = read_number(value, unit_of(term.attribute));
    if (!number.ok()) {
      const std::string& why = number.error().message;
      return wrong(value, why.substr(0, why.find(", found")));
    }
    term.number = *number;
    return success();
  }

  static Result<uint64_t> read_number(std::string_view value, Unit unit) {
    if (unit == Unit::kNumber) return parse_count(value);
    if (unit == Unit::kSize) return parse_bytes(value);
    if (value.ends_with("us")) return parse_count(value.substr(0, value.size() - 2));
    TR_ASSIGN(const uint64_t milliseconds, parse_duration_ms(value));
    if (milliseconds > UINT64_MAX / kMicrosPerMilli) {
      return Error{ErrorCode::kInvalidArgument, "expected a shorter span of time"};
    }
    return milliseconds * kMicrosPerMilli;
  }

  Status read_word(std::string_view value, Term& term) const {
    if (term.comparison != Comparison::kEqual && term.comparison != Comparison::kNotEqual) {
      return wrong(value, "expected a number: words compare by = and != only");
    }
    const auto is_printable = [](char c) { return c >= ' ' && c <= '~'; };
    if (value.size() > Advert::kNameBytesMax || value.find_first_of(kSigns) != value.npos ||
        !std::all_of(value.begin(), value.end(), is_printable)) {
      return wrong(value, fmt::format("expected a word of printable ASCII, {} characters at most",
                                      Advert::kNameBytesMax));
    }
    term.word = value;
    return success();
  }

  std::string_view whole_;
  std::string_view term_;
};

}  // namespace

Unit unit_of(Attribute attribute) {
  for (const AttributeWord& word : kAttributeWords) {
    if (word.attribute == attribute) return word.unit;
  }
  return Unit::kWord;
}

Result<Requirement> Requirement::parse(std::string_view text) {
  if (text.size() > kTextBytesMax) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("a requirement has at most {} characters, this one has {}",
                             kTextBytesMax, text.size())};
  }
  Requirement out;
  if (trimmed(text).empty()) return out;
  for (size_t at = 0; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    TR_ASSIGN(Term term, TermParser(text, text.substr(at, comma - at)).parse());
    out.terms.push_back(std::move(term));
    if (out.terms.size() > kTermsMax) {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("a requirement has at most {} terms", kTermsMax)};
    }
    at = comma + 1;
  }
  return out;
}

std::string write_number(Unit unit, uint64_t number) {
  struct Scale {
    std::string_view name;
    uint64_t factor;
  };
  static constexpr auto kSizes = std::to_array<Scale>({{"TiB", uint64_t{1} << 40},
                                                       {"GiB", uint64_t{1} << 30},
                                                       {"MiB", uint64_t{1} << 20},
                                                       {"KiB", uint64_t{1} << 10}});
  static constexpr auto kTimes = std::to_array<Scale>({{"s", 1'000'000}, {"ms", 1000}, {"us", 1}});
  const auto write = [&](std::span<const Scale> scales) {
    for (const Scale& scale : scales) {
      if (number != 0 && number % scale.factor == 0) {
        return fmt::format("{}{}", number / scale.factor, scale.name);
      }
    }
    return fmt::format("{}", number);
  };
  if (unit == Unit::kSize) return write(kSizes);
  return unit == Unit::kTime ? write(kTimes) : fmt::format("{}", number);
}

std::string Term::attribute_name() const {
  if (attribute == Attribute::kLabel) return std::string(kLabelPrefix) + label;
  const auto known = std::ranges::find(kAttributeWords, attribute, &AttributeWord::attribute);
  return std::string(known->name);
}

std::string Term::to_string() const {
  std::string out = attribute_name();
  for (const ComparisonWord& known : kComparisonWords) {
    if (known.comparison == comparison) out += known.sign;
  }
  const Unit unit = unit_of(attribute);
  return out + (unit == Unit::kWord ? word : write_number(unit, number));
}

std::string Requirement::to_string() const {
  std::string out;
  for (const Term& term : terms) out += (out.empty() ? "" : ", ") + term.to_string();
  return out;
}

}  // namespace timerose::scheduler
