#include "blockstore/crc32c.h"

#include <array>
#include <cstring>
#include <string>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#endif

namespace timerose {
namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;  // of CRC-32C, bits reversed

// Three streams run side by side, since the instruction takes three cycles but one can start in
// each; a stream's checksum is then moved over the bytes of the streams behind it.
constexpr size_t kStreamBytes = 4096;

using ByteTable = std::array<uint32_t, 256>;

constexpr ByteTable byte_table() {
  ByteTable table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    table[byte] = crc;
  }
  return table;
}
constexpr ByteTable kByByte = byte_table();

uint32_t extend_by_table(uint32_t state, const uint8_t* data, size_t size) {
  for (; size > 0; ++data, --size) state = (state >> 8) ^ kByByte[(state ^ *data) & 0xff];
  return state;
}

// The state after `count` further zero bytes. Linear in the state, so a table for each of its four
// bytes gives it.
struct ShiftTables {
  std::array<ByteTable, 4> tables{};
  ShiftTables() {
    std::array<uint32_t, 32> of_bit{};
    const std::array<uint8_t, kStreamBytes> zeros{};
    for (uint32_t bit = 0; bit < 32; ++bit) {
      of_bit[bit] = extend_by_table(1U << bit, zeros.data(), zeros.size());
    }
    for (size_t place = 0; place < 4; ++place) {
      for (uint32_t byte = 0; byte < 256; ++byte) {
        for (uint32_t bit = 0; bit < 8; ++bit) {
          if ((byte >> bit & 1) != 0) tables[place][byte] ^= of_bit[place * 8 + bit];
        }
      }
    }
  }
  [[nodiscard]] uint32_t apply(uint32_t state) const {
    return tables[0][state & 0xff] ^ tables[1][state >> 8 & 0xff] ^ tables[2][state >> 16 & 0xff] ^
           tables[3][state >> 24];
  }
};

#if defined(__x86_64__)
#define TIMEROSE_CRC_TARGET __attribute__((target("sse4.2")))
bool has_instruction() { return __builtin_cpu_supports("sse4.2") != 0; }
TIMEROSE_CRC_TARGET uint32_t step8(uint32_t state, const uint8_t* data) {
  uint64_t word = 0;
  std::memcpy(&word, data, sizeof(word));
  return static_cast<uint32_t>(_mm_crc32_u64(state, word));
}
#elif defined(__aarch64__)
#define TIMEROSE_CRC_TARGET __attribute__((target("+crc")))
bool has_instruction() { return true; }  // of every ARMv8.1 processor
TIMEROSE_CRC_TARGET uint32_t step8(uint32_t state, const uint8_t* data) {
  uint64_t word = 0;
  std::memcpy(&word, data, sizeof(word));
  return __crc32cd(state, word);
}
#else
#define TIMEROSE_CRC_TARGET
bool has_instruction() { return false; }
uint32_t step8(uint32_t state, const uint8_t* data) { return extend_by_table(state, data, 8); }
#endif

TIMEROSE_CRC_TARGET uint32_t extend_by_instruction(uint32_t state, const uint8_t* data,
                                                   size_t size) {
  if (size >= 3 * kStreamBytes) {
    static const ShiftTables shift;
    for (; size >= 3 * kStreamBytes; data += 3 * kStreamBytes, size -= 3 * kStreamBytes) {
      uint32_t second = 0;
      uint32_t third = 0;
      for (size_t at = 0; at < kStreamBytes; at += 8) {
        state = step8(state, data + at);
        second = step8(second, data + kStreamBytes + at);
        third = step8(third, data + 2 * kStreamBytes + at);
      }
      state = shift.apply(shift.apply(state) ^ second) ^ third;
    }
  }
  for (; size >= 8; data += 8, size -= 8) state = step8(state, data);
  return extend_by_table(state, data, size);
}

}  // namespace

uint32_t crc32c_extend(uint32_t crc, const char* data, size_t size) {
  static const auto extend = has_instruction() ? extend_by_instruction : extend_by_table;
  return ~extend(~crc, reinterpret_cast<const uint8_t*>(data), size);
}

}  // namespace timerose

// NOLINTBEGIN(readability-identifier-naming): names of RocksDB's util/crc32c.h.
namespace rocksdb::crc32c {

uint32_t Extend(uint32_t init_crc, const char* data, size_t n);
uint32_t Extend(uint32_t init_crc, const char* data, size_t n) {
  return timerose::crc32c_extend(init_crc, data, n);
}

}  // namespace rocksdb::crc32c
// NOLINTEND(readability-identifier-naming)

namespace timerose {

uint32_t rocksdb_crc32c_extend(uint32_t crc, const char* data, size_t size) {
  return rocksdb::crc32c::Extend(crc, data, size);
}

}  // namespace timerose
