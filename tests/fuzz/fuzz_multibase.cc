// Multibase: text that decodes is, but for its case, what its bytes encode to; bytes come back from
// every base.
#include <algorithm>
#include <cctype>

#include "base/check.h"
#include "multiformats/multibase.h"

using timerose::Multibase;

namespace {

// Keeps a run quick: the bases of big numbers cost the square of it.
constexpr size_t kBytesMax = 512;

bool equal_but_for_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const timerose::ByteView input(data, std::min(size, kBytesMax));
  const std::string_view text = timerose::as_text(input);
  Multibase base{};
  if (const auto bytes = timerose::multibase_decode(text, &base); bytes.ok()) {
    CHECK(equal_but_for_case(timerose::multibase_encode(base, *bytes), text));
    CHECK(*timerose::multibase_named(timerose::multibase_name(base)) == base);
  }
  for (const char prefix : std::string_view("\0"
                                            "079fFvVtTbBcChkKzZmMuU",
                                            23)) {
    const auto each = static_cast<Multibase>(prefix);
    const auto bytes = timerose::multibase_decode(timerose::multibase_encode(each, input));
    CHECK(bytes.ok() && timerose::equal(*bytes, input));
  }
  return 0;
}
