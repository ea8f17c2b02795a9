// Error numbers of WASI preview 1 (witx: typename $errno).
#pragma once

#include <cstdint>

namespace timerose::wasi {

enum class Errno : uint16_t {
  kSuccess = 0,
  kBadf = 8,
  kExist = 20,
  kFault = 21,
  kFbig = 22,
  kInval = 28,
  kIo = 29,
  kIsdir = 31,
  kLoop = 32,
  kMfile = 33,
  kNametoolong = 37,
  kNoent = 44,
  kNomem = 48,
  kNospc = 51,
  kNotdir = 54,
  kNotempty = 55,
  kNotsock = 57,
  kOverflow = 61,
  kPerm = 63,
  kSpipe = 70,
  kBusy = 10,
  kNotcapable = 76,
};

}  // namespace timerose::wasi
