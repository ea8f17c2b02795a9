#include "compute/place.h"

#include <cstring>

namespace timerose::compute {
namespace {

// Odd constants with bits without pattern (of pi and of the golden ratio).
constexpr uint64_t kFirst = 0x243f6a8885a308d3;
constexpr uint64_t kSecond = 0x9e3779b97f4a7c15;

class Mixer {
 public:
  void add(uint64_t a, uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a ^ state_) * (b ^ kSecond);
    state_ = static_cast<uint64_t>(product >> 64) ^ static_cast<uint64_t>(product) ^ kFirst;
  }
  void add(ByteView bytes) {
    add(bytes.size(), kFirst);
    for (; bytes.size() > 16; bytes = bytes.subspan(16)) add(word(bytes), word(bytes.subspan(8)));
    if (bytes.size() > 8) {
      add(word(bytes), word(bytes.last(8)));
    } else if (bytes.size() == 8) {
      add(word(bytes), 0);
    } else {
      uint64_t rest = 0;
      for (const uint8_t byte : bytes) rest = rest << 8 | byte;
      add(rest, 0);
    }
  }
  void add(std::string_view text) { add(as_bytes(text)); }
  // The end of a CID is the end of a digest, which is enough.
  void add(const Cid& cid) {
    const ByteView bytes = cid.bytes();
    add(bytes.size() < 16 ? bytes : bytes.last(16));
  }
  [[nodiscard]] uint64_t state() const { return state_; }

 private:
  static uint64_t word(ByteView bytes) {
    uint64_t word;
    std::memcpy(&word, bytes.data(), sizeof(word));
    return word;
  }
  uint64_t state_ = kFirst;
};

}  // namespace

uint64_t place_of(const Invocation& call) {
  Mixer mixer;
  mixer.add(call.module);
  mixer.add(call.entry);
  mixer.add(call.seed);
  for (const std::string& arg : call.args) mixer.add(arg);
  for (const auto& [name, value] : call.env) mixer.add(name), mixer.add(value);
  for (const Cid& cid : call.inputs) mixer.add(cid);
  for (const auto& [path, cid] : call.mounts) mixer.add(path), mixer.add(cid);
  for (const auto& [name, cid] : call.links) mixer.add(name), mixer.add(cid);
  if (call.stdin_file) mixer.add(*call.stdin_file);
  mixer.add(static_cast<uint64_t>(call.abi), call.memory_bytes_max);
  mixer.add(kFirst, kFirst);
  return mixer.state();
}

}  // namespace timerose::compute
