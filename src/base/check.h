// CHECK(condition): on in every build; ends the process if our own code broke its promise. Bytes
// from a peer, a guest, a disk or a user must never be able to reach a failing CHECK.
#pragma once

namespace timerose {
// Prints "file:line: CHECK failed: what" to standard error and aborts.
[[noreturn]] void check_failed(const char* file, int line, const char* what);
}  // namespace timerose

#define CHECK(condition)                                        \
  do {                                                          \
    if (!(condition)) [[unlikely]]                              \
      ::timerose::check_failed(__FILE__, __LINE__, #condition); \
  } while (false)
