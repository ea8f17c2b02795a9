// The Function file of IPFS-FAN, as its proof of concept (in Go) writes it.
#include <fmt/format.h>

#include "compute/fields.h"
#include "compute/function.h"
#include "ipld/dag_json.h"
#include "ipld/utf8.h"
#include "unixfs/layout.h"

namespace timerose::compute {
namespace {

constexpr std::string_view kObject = "fan Function";

Error malformed_fan(std::string_view what) {
  return {ErrorCode::kMalformed, fmt::format("{}: {}", kObject, what)};
}

// A JSON string with the escapes of Go's encoding/json.
void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const std::string_view rest = text.substr(i, 3);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == '<' || c == '>' || c == '&') {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else if (rest == "\xe2\x80\xa8" || rest == "\xe2\x80\xa9") {
      out += rest == "\xe2\x80\xa8" ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += c;
    }
  }
  out += '"';
}

Result<FanFunction::Arg> read_arg(const Value& value) {
  TR_ASSIGN(Fields fields, Fields::of(value, "fan Function, Args"));
  FanFunction::Arg arg;
  TR_ASSIGN(arg.name, fields.text("Name"));
  TR_ASSIGN(const Value* codec, fields.required("Codec"));
  if (const std::string* text = codec->as_string()) {
    arg.codec = *text;
  } else if (!codec->is(Value::Kind::kNull)) {
    return malformed_fan(
        fmt::format("Codec: expected null or a string, found {}", kind_name(codec->kind())));
  }
  TR_TRY(fields.finish());
  return arg;
}

// The list in a field that must be there; Go writes null for an empty one.
Result<Value::List> read_list(Fields& fields, std::string_view name) {
  TR_ASSIGN(const Value* value, fields.required(name));
  if (const Value::List* list = value->as_list()) return *list;
  if (value->is(Value::Kind::kNull)) return Value::List();
  return malformed_fan(
      fmt::format("{}: expected a list, found {}", name, kind_name(value->kind())));
}

}  // namespace

Result<std::string> FanFunction::format() const {
  std::string out = "{\"Fxs\":[";
  if (fxs.empty()) return malformed_fan("it names no function in Fxs");
  for (const std::string& fx : fxs) {
    if (fx.empty() || !is_utf8(fx)) return malformed_fan("Fxs: a name that is empty or not UTF-8");
    if (&fx != &fxs.front()) out += ',';
    append_string(out, fx);
  }
  out += "],\"Bytecode\":{\"/\":";
  append_string(out, bytecode.to_string());
  out += "},\"Args\":[";
  for (const Arg& arg : args) {
    if (!is_utf8(arg.name) || !is_utf8(arg.codec.value_or(""))) {
      return malformed_fan("Args: text that is not UTF-8");
    }
    out += &arg == &args.front() ? "{\"Name\":" : ",{\"Name\":";
    append_string(out, arg.name);
    out += ",\"Codec\":";
    if (arg.codec) {
      append_string(out, *arg.codec);
    } else {
      out += "null";
    }
    out += '}';
  }
  out += "]}";
  if (out.size() > kTextBytesMax) return malformed_fan("longer than 64 KiB");
  return out;
}

Result<FanFunction> FanFunction::parse(ByteView text) {
  if (text.size() > kTextBytesMax) return malformed_fan("longer than 64 KiB");
  auto value = dag_json::decode(text);
  if (!value.ok()) return std::move(value).error().within(kObject);
  TR_ASSIGN(Fields fields, Fields::of(*value, kObject));
  TR_ASSIGN(Cid module, fields.link("Bytecode"));
  FanFunction function(std::move(module));
  TR_ASSIGN(const Value::List fxs, read_list(fields, "Fxs"));
  for (const Value& fx : fxs) {
    const std::string* name = fx.as_string();
    if (name == nullptr || name->empty()) return malformed_fan("Fxs: expected names of functions");
    function.fxs.push_back(*name);
  }
  if (function.fxs.empty()) return malformed_fan("it names no function in Fxs");
  TR_ASSIGN(const Value::List args, read_list(fields, "Args"));
  for (const Value& arg : args) {
    TR_ASSIGN(function.args.emplace_back(), read_arg(arg));
  }
  TR_TRY(fields.finish());
  return function;
}

Result<Cid> store_function(const FanFunction& function, const unixfs::BlockSink& sink) {
  TR_ASSIGN(const std::string text, function.format());
  TR_ASSIGN(const unixfs::Imported file,
            unixfs::import_bytes(as_bytes(text), unixfs::fan_2021(), sink));
  return file.cid;
}

}  // namespace timerose::compute
