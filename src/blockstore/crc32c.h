// CRC-32C (Castagnoli) by the processor's own instruction, put in the place of RocksDB's.
//
// Debian's RocksDB is built without it and computes the checksum of each blob by tables, at half of
// the speed of SHA-256: more than all else that storing a block costs. The linker prefers a
// program's own definition of `rocksdb::crc32c::Extend`, and crc32c.cc has one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace timerose {

// Continues `crc` (0 at the start) over `size` bytes at `data`.
uint32_t crc32c_extend(uint32_t crc, const char* data, size_t size);

// The function that RocksDB calls; for the test that it is ours.
uint32_t rocksdb_crc32c_extend(uint32_t crc, const char* data, size_t size);

}  // namespace timerose
