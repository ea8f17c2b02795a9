#include "mesh/bridge_fields.h"

namespace timerose::mesh {
namespace {

constexpr size_t kLengthBytes = 4;

}  // namespace

FieldWriter& FieldWriter::add(ByteView field) {
  for (size_t i = 0; i < kLengthBytes; ++i) {
    bytes_.push_back(static_cast<uint8_t>(field.size() >> (8 * i)));
  }
  bytes_.insert(bytes_.end(), field.begin(), field.end());
  return *this;
}

ByteView FieldReader::next() {
  size_t length = 0;
  if (left_.size() >= kLengthBytes) {
    for (size_t i = 0; i < kLengthBytes; ++i) length |= static_cast<size_t>(left_[i]) << (8 * i);
    left_ = left_.subspan(kLengthBytes);
  } else {
    left_ = {};
  }
  if (length > left_.size()) {
    left_ = {};
    return {};
  }
  const ByteView field = left_.first(length);
  left_ = left_.subspan(length);
  return field;
}

std::vector<std::string> FieldReader::next_texts() {
  std::vector<std::string> texts;
  FieldReader inner(next());
  while (!inner.done()) texts.push_back(inner.next_text());
  return texts;
}

}  // namespace timerose::mesh
