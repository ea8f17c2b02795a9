#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <vector>

#include "ipld/dag_json.h"
#include "ipld/json.h"
#include "ipld/json_codec.h"
#include "ipld/utf8.h"

namespace timerose::json {
namespace {

using Entry = Value::Map::value_type;

// The entries in byte order of their keys; the tree keeps shorter keys first.
std::vector<const Entry*> in_byte_order(const Value::Map& map) {
  std::vector<const Entry*> entries;
  entries.reserve(map.size());
  for (const Entry& entry : map) entries.push_back(&entry);
  std::sort(entries.begin(), entries.end(),
            [](const Entry* a, const Entry* b) { return a->first < b->first; });
  return entries;
}

// Whether a DAG-JSON reader would take a map that begins with "/" and this value for a link or for
// bytes.
bool is_reserved_after_slash(const Value& value) {
  if (value.is(Value::Kind::kString)) return true;
  const Value* text = value.find("bytes");
  if (text == nullptr || !text->is(Value::Kind::kString)) return false;
  return std::all_of(value.as_map()->begin(), value.as_map()->end(),
                     [](const Entry& entry) { return entry.first >= "bytes"; });
}

class Writer {
 public:
  explicit Writer(Dialect dialect) : dialect_(dialect) {}

  Status value(const Value& value, size_t depth) {
    const bool nests = value.is(Value::Kind::kList) || value.is(Value::Kind::kMap);
    if (nests && depth == dag_json::kDepthMax) {
      return Error{ErrorCode::kLimitExceeded,
                   fmt::format("{}: nested deeper than {} lists and maps", name_of(dialect_),
                               dag_json::kDepthMax)};
    }
    switch (value.kind()) {
      case Value::Kind::kNull:
        out_ += "null";
        return success();
      case Value::Kind::kBool:
        out_ += *value.as_bool() ? "true" : "false";
        return success();
      case Value::Kind::kInteger:
        return integer(*value.as_integer());
      case Value::Kind::kFloat:
        return floating(*value.as_float());
      case Value::Kind::kString:
        return string(*value.as_string());
      case Value::Kind::kBytes:
        return bytes(*value.as_byte_string());
      case Value::Kind::kLink:
        return link(*value.as_link());
      case Value::Kind::kList:
        return list(*value.as_list(), depth + 1);
      case Value::Kind::kMap:
        return map(*value.as_map(), depth + 1);
    }
    return success();
  }

  std::string take() { return std::move(out_); }

 private:
  [[nodiscard]] Error cannot_hold(std::string_view what) const {
    return Error{ErrorCode::kMalformed, fmt::format("{} cannot hold {}", name_of(dialect_), what)};
  }

  Status integer(Value::Integer value) {
    if (value > Value::Integer{UINT64_MAX} || value < -1 - Value::Integer{UINT64_MAX}) {
      return cannot_hold("an integer outside -2^64 .. 2^64-1");
    }
    fmt::format_to(std::back_inserter(out_), "{}", value);
    return success();
  }

  Status floating(double value) {
    if (!std::isfinite(value)) return cannot_hold("NaN or an infinity");
    append_float(value);
    return success();
  }

  // As ECMAScript writes numbers: the shortest digits that read back exactly, with an exponent from
  // 1e21 up and below 1e-6. Unlike there, whole numbers end in ".0".
  void append_float(double value) {
    std::array<char, 32> buffer;
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                   std::chars_format::scientific)
                         .ptr;
    std::string_view text(buffer.data(), static_cast<size_t>(end - buffer.data()));
    if (text[0] == '-') {
      out_.push_back('-');
      text.remove_prefix(1);
    }
    const size_t e = text.find('e');
    int exponent = 0;
    std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), end, exponent);
    if (exponent < -6 || exponent >= 21) {
      fmt::format_to(std::back_inserter(out_), "{}e{:+}", text.substr(0, e), exponent);
      return;
    }
    std::string digits(text.substr(0, 1));
    if (e > 2) digits += text.substr(2, e - 2);
    append_plain(std::move(digits), exponent);
  }

  // d.ddd times ten to the `exponent`, without an exponent.
  void append_plain(std::string digits, int exponent) {
    if (exponent < 0) {
      out_ += "0.";
      out_.append(static_cast<size_t>(-exponent - 1), '0');
      out_ += digits;
      return;
    }
    const size_t whole = static_cast<size_t>(exponent) + 1;
    if (digits.size() <= whole) digits.append(whole + 1 - digits.size(), '0');
    out_.append(digits, 0, whole);
    out_.push_back('.');
    out_.append(digits, whole);
  }

  Status string(std::string_view text) {
    if (!is_utf8(text)) return cannot_hold("text that is not UTF-8");
    out_.push_back('"');
    size_t run = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
      out_ += text.substr(run, i - run);
      escape(c);
      run = i + 1;
    }
    out_ += text.substr(run);
    out_.push_back('"');
    return success();
  }

  void escape(char c) {
    switch (c) {
      case '"':
        out_ += "\\\"";
        return;
      case '\\':
        out_ += "\\\\";
        return;
      case '\b':
        out_ += "\\b";
        return;
      case '\f':
        out_ += "\\f";
        return;
      case '\n':
        out_ += "\\n";
        return;
      case '\r':
        out_ += "\\r";
        return;
      case '\t':
        out_ += "\\t";
        return;
      default:
        fmt::format_to(std::back_inserter(out_), "\\u{:04x}", static_cast<unsigned>(c));
    }
  }

  Status bytes(ByteView value) {
    if (dialect_ == Dialect::kJson) return cannot_hold("bytes; use dag-json");
    out_ += R"({"/":{"bytes":")";
    out_ += base_encode(Multibase::kBase64, value);
    out_ += "\"}}";
    return success();
  }

  Status link(const Cid& cid) {
    if (dialect_ == Dialect::kJson) return cannot_hold("a link; use dag-json");
    out_ += R"({"/":")";
    out_ += cid.to_string();
    out_ += "\"}";
    return success();
  }

  Status list(const Value::List& list, size_t depth) {
    out_.push_back('[');
    for (size_t i = 0; i < list.size(); ++i) {
      if (i != 0) out_.push_back(',');
      TR_TRY(value(list[i], depth));
    }
    out_.push_back(']');
    return success();
  }

  Status map(const Value::Map& map, size_t depth) {
    const auto entries = in_byte_order(map);
    if (dialect_ == Dialect::kDagJson && !entries.empty() && entries[0]->first == "/" &&
        is_reserved_after_slash(entries[0]->second)) {
      return cannot_hold(
          "a map that would read back as a link or as bytes (key \"/\" is reserved)");
    }
    out_.push_back('{');
    for (size_t i = 0; i < entries.size(); ++i) {
      if (i != 0) out_.push_back(',');
      TR_TRY(string(entries[i]->first));
      out_.push_back(':');
      TR_TRY(value(entries[i]->second, depth));
    }
    out_.push_back('}');
    return success();
  }

  Dialect dialect_;
  std::string out_;
};

}  // namespace

Result<std::string> write(const Value& value, Dialect dialect) {
  Writer writer(dialect);
  TR_TRY(writer.value(value, 0));
  return writer.take();
}

Result<std::string> encode(const Value& value) { return write(value, Dialect::kJson); }

}  // namespace timerose::json

namespace timerose::dag_json {

Result<std::string> encode(const Value& value) {
  return json::write(value, json::Dialect::kDagJson);
}

}  // namespace timerose::dag_json
