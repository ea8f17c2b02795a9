#include <fmt/format.h>

#include <vector>

#include "ipld/dag_json.h"
#include "ipld/json.h"
#include "ipld/json_codec.h"
#include "ipld/json_lexer.h"
#include "ipld/tree_builder.h"

namespace timerose::json {
namespace {

// A stack instead of recursion, so that the depth of the input costs no stack.
class Reader {
 public:
  Reader(ByteView text, Dialect dialect) : lexer_(text, name_of(dialect)), dialect_(dialect) {}

  Result<Value> run() {
    do {
      TR_ASSIGN(const bool complete, begin_value());
      if (complete) TR_TRY(finish_values());
    } while (!open_.empty());
    lexer_.skip_space();
    if (!lexer_.at_end()) return lexer_.expected("the end of the input");
    return tree_.take_root();
  }

 private:
  // What a map began with decides whether it is in the reserved namespace.
  enum class First { kNone, kSlash, kBytes, kOther };
  struct Open {
    size_t start;
    bool is_map;
    First first = First::kNone;
    bool holds_bytes = false;  // {"/": {"bytes": text}} was its first entry
  };

  // The two levels of {"/": {"bytes": ...}} are no depth of the data model.
  static constexpr size_t kNestedMax = dag_json::kDepthMax + 2;

  // Reads a scalar whole (true), or only the beginning of a container (false).
  Result<bool> begin_value() {
    lexer_.skip_space();
    const char c = lexer_.peek();
    if (c == '{' || c == '[') return open_container(c == '{');
    if (c == '"') {
      TR_ASSIGN(std::string text, lexer_.string());
      tree_.add(std::move(text));
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      TR_ASSIGN(Value number, lexer_.number());
      tree_.add(std::move(number));
    } else if (lexer_.take("null")) {
      tree_.add(nullptr);
    } else if (lexer_.take("true")) {
      tree_.add(true);
    } else if (lexer_.take("false")) {
      tree_.add(false);
    } else {
      return lexer_.expected("a value");
    }
    return true;
  }

  Result<bool> open_container(bool is_map) {
    if (open_.size() == kNestedMax) return too_deep(lexer_.position());
    open_.push_back({lexer_.position(), is_map});
    tree_.open(is_map ? Value(Value::Map()) : Value(Value::List()));
    lexer_.skip();
    lexer_.skip_space();
    if (lexer_.peek() == (is_map ? '}' : ']')) {
      lexer_.skip();
      TR_TRY(close_container());
      return true;
    }
    if (is_map) TR_TRY(key());
    return false;
  }

  // After a value: closes what ends here, and stops where the next value is to begin.
  Status finish_values() {
    while (!open_.empty()) {
      const bool is_map = open_.back().is_map;
      lexer_.skip_space();
      const char c = lexer_.peek();
      if (c == ',') {
        lexer_.skip();
        return is_map ? key() : success();
      }
      if (c != (is_map ? '}' : ']')) return lexer_.expected(is_map ? "',' or '}'" : "',' or ']'");
      lexer_.skip();
      TR_TRY(close_container());
    }
    return success();
  }

  Status key() {
    lexer_.skip_space();
    const size_t start = lexer_.position();
    TR_ASSIGN(std::string key, lexer_.string());
    if (tree_.innermost().find(key) != nullptr) {
      constexpr size_t kShownBytesMax = 64;
      return lexer_.error(start,
                          fmt::format("map key \"{}\" is repeated", key.substr(0, kShownBytesMax)));
    }
    if (First& first = open_.back().first; first == First::kNone) {
      first = key == "/" ? First::kSlash : key == "bytes" ? First::kBytes : First::kOther;
    }
    tree_.key(std::move(key));
    lexer_.skip_space();
    if (lexer_.peek() != ':') return lexer_.expected("':'");
    lexer_.skip();
    return success();
  }

  Status close_container() {
    const Open done = open_.back();
    Value value = tree_.close();
    open_.pop_back();
    if (dialect_ == Dialect::kDagJson && done.first == First::kSlash) {
      TR_TRY(resolve_slash(done, value));
    } else if (dialect_ == Dialect::kDagJson && done.first == First::kBytes && after_slash()) {
      TR_TRY(resolve_bytes(done, value));
    }
    const bool nests = value.is(Value::Kind::kMap) || value.is(Value::Kind::kList);
    if (nests && open_.size() >= dag_json::kDepthMax) return too_deep(done.start);
    tree_.add(std::move(value));
    return success();
  }

  // Whether what was just closed is the value of a map's first entry, of key "/".
  [[nodiscard]] bool after_slash() const {
    return !open_.empty() && open_.back().first == First::kSlash && tree_.pending_key() == "/";
  }

  // A map that began with "/": a link, the outside of bytes, or a plain map.
  Status resolve_slash(const Open& done, Value& value) {
    Value::Map& map = *value.as_map();
    Value& inner = map.find("/")->second;
    if (!done.holds_bytes && !inner.is(Value::Kind::kString)) return success();
    if (map.size() != 1) {
      return lexer_.error(done.start, "a map that begins with \"/\" has more than that key");
    }
    if (done.holds_bytes) {
      value = Value(std::move(inner));
      return success();
    }
    auto cid = Cid::parse(*inner.as_string());
    if (!cid.ok()) return lexer_.error(done.start, "a link is no CID: " + cid.error().message);
    value = Value(std::move(cid).value());
    return success();
  }

  // The inner map of {"/": {"bytes": text}}.
  Status resolve_bytes(const Open& done, Value& value) {
    const Value::Map& map = *value.as_map();
    const std::string* text = map.find("bytes")->second.as_string();
    if (text == nullptr) return success();
    if (map.size() != 1) {
      return lexer_.error(done.start, "a map of \"bytes\" below \"/\" has more than that key");
    }
    auto bytes = base_decode(Multibase::kBase64, *text);
    if (!bytes.ok()) {
      return lexer_.error(done.start,
                          "bytes are not base64 without padding: " + bytes.error().message);
    }
    value = Value(std::move(bytes).value());
    open_.back().holds_bytes = true;
    return success();
  }

  [[nodiscard]] Error too_deep(size_t at) const {
    return lexer_.error(at,
                        fmt::format("nested deeper than {} lists and maps", dag_json::kDepthMax),
                        ErrorCode::kLimitExceeded);
  }

  Lexer lexer_;
  Dialect dialect_;
  ipld::TreeBuilder tree_;
  std::vector<Open> open_;
};

}  // namespace

Result<Value> read(ByteView text, Dialect dialect) { return Reader(text, dialect).run(); }

Result<Value> decode(ByteView text) { return read(text, Dialect::kJson); }

}  // namespace timerose::json

namespace timerose::dag_json {

Result<Value> decode(ByteView text) { return json::read(text, json::Dialect::kDagJson); }

}  // namespace timerose::dag_json
