#include "ipld/dag_cbor.h"

#include <fmt/format.h>

#include <cmath>

#include "ipld/dag_cbor_parser.h"
#include "ipld/tree_builder.h"
#include "ipld/utf8.h"

namespace timerose::dag_cbor {
namespace {

class BuildTree {
 public:
  void null() { tree_.add(nullptr); }
  void boolean(bool value) { tree_.add(value); }
  void integer(Value::Integer value) { tree_.add(value); }
  void floating(double value) { tree_.add(value); }
  void text(std::string_view value) { tree_.add(value); }
  void bytes(ByteView value) { tree_.add(to_bytes(value)); }
  Status link(const Cid& cid) {
    tree_.add(cid);
    return success();
  }
  void list() { tree_.open(Value::List()); }
  void map() { tree_.open(Value::Map()); }
  void key(std::string_view key) { tree_.key(std::string(key)); }
  void end() { tree_.add(tree_.close()); }
  Value take() { return tree_.take_root(); }

 private:
  ipld::TreeBuilder tree_;
};

class VisitLinks {
 public:
  explicit VisitLinks(const std::function<Status(const Cid&)>& visit) : visit_(visit) {}
  void null() {}
  void boolean(bool) {}
  void integer(Value::Integer) {}
  void floating(double) {}
  void text(std::string_view) {}
  void bytes(ByteView) {}
  Status link(const Cid& cid) { return visit_(cid); }
  void list() {}
  void map() {}
  void key(std::string_view) {}
  void end() {}

 private:
  const std::function<Status(const Cid&)>& visit_;
};

Error cannot_hold(std::string_view what) {
  return Error{ErrorCode::kMalformed, fmt::format("DAG-CBOR cannot hold {}", what)};
}

Status write_integer(Writer& writer, Value::Integer value) {
  if (value > Value::Integer{UINT64_MAX} || value < -1 - Value::Integer{UINT64_MAX}) {
    return cannot_hold("an integer outside -2^64 .. 2^64-1");
  }
  if (value >= 0) {
    writer.integer(static_cast<uint64_t>(value));
  } else {
    writer.negative_minus_one(static_cast<uint64_t>(-1 - value));
  }
  return success();
}

Status write(Writer& writer, const Value& value, size_t depth);

Status write_list(Writer& writer, const Value::List& list, size_t depth) {
  writer.list(list.size());
  for (const Value& item : list) TR_TRY(write(writer, item, depth));
  return success();
}

Status write_map(Writer& writer, const Value::Map& map, size_t depth) {
  writer.map(map.size());
  for (const auto& [key, item] : map) {
    if (!is_utf8(key)) return cannot_hold("a map key that is not UTF-8");
    writer.text(key);
    TR_TRY(write(writer, item, depth));
  }
  return success();
}

Status write(Writer& writer, const Value& value, size_t depth) {
  const bool nests = value.is(Value::Kind::kList) || value.is(Value::Kind::kMap);
  if (nests && depth == kDepthMax) {
    return Error{ErrorCode::kLimitExceeded,
                 fmt::format("DAG-CBOR: nested deeper than {} lists and maps", kDepthMax)};
  }
  switch (value.kind()) {
    case Value::Kind::kNull:
      writer.null();
      return success();
    case Value::Kind::kBool:
      writer.boolean(*value.as_bool());
      return success();
    case Value::Kind::kInteger:
      return write_integer(writer, *value.as_integer());
    case Value::Kind::kFloat:
      if (!std::isfinite(*value.as_float())) return cannot_hold("NaN or an infinity");
      writer.floating(*value.as_float());
      return success();
    case Value::Kind::kString:
      if (!is_utf8(*value.as_string())) return cannot_hold("text that is not UTF-8");
      writer.text(*value.as_string());
      return success();
    case Value::Kind::kBytes:
      writer.bytes(*value.as_byte_string());
      return success();
    case Value::Kind::kLink:
      writer.link(*value.as_link());
      return success();
    case Value::Kind::kList:
      return write_list(writer, *value.as_list(), depth + 1);
    case Value::Kind::kMap:
      return write_map(writer, *value.as_map(), depth + 1);
  }
  return success();
}

}  // namespace

Result<Value> decode(ByteView bytes) {
  BuildTree build;
  TR_TRY(Parser(bytes, build).run());
  return build.take();
}

Result<Bytes> encode(const Value& value) {
  Bytes out;
  Writer writer(out);
  TR_TRY(write(writer, value, 0));
  return out;
}

Status for_each_link(ByteView bytes, const std::function<Status(const Cid&)>& visit) {
  VisitLinks links(visit);
  return Parser(bytes, links).run();
}

}  // namespace timerose::dag_cbor
