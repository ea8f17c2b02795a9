#include "wasm/wasi/vfs/listing.h"

#include <algorithm>

namespace timerose::wasi::vfs {

Attempt<void> Listing::add(std::string_view name, Source source) {
  if (name.size() >= (1U << 30) || name.size() > kNameBytesMax - names_.size()) {
    return Errno::kNomem;
  }
  entries_.push_back({static_cast<uint32_t>(names_.size()), static_cast<uint32_t>(name.size()),
                      static_cast<uint32_t>(source)});
  names_.append(name);
  return {};
}

void Listing::sort() {
  const auto before = [this](const Packed& a, const Packed& b) {
    return view(a).name < view(b).name;
  };
  if (!std::is_sorted(entries_.begin(), entries_.end(), before)) {
    std::sort(entries_.begin(), entries_.end(), before);
  }
}

}  // namespace timerose::wasi::vfs
