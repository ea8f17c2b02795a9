#include "sim/chronicle.h"

#include <cstdio>

namespace timerose::sim {

void Chronicle::fail(const std::string& what) {
  if (!failure_.empty()) return;
  char when[48];
  std::snprintf(when, sizeof(when), "at %.6f s: ",
                static_cast<double>(events_.now_ns()) / static_cast<double>(kSecond));
  failure_ = when + what;
}

void Chronicle::note(NodeNumber node, const char* what, uint64_t detail) {
  uint64_t hash = fingerprint_ ^ events_.now_ns();
  for (const char* letter = what; *letter != 0; ++letter) {
    hash = (hash ^ static_cast<uint8_t>(*letter)) * 0x100000001b3;
  }
  fingerprint_ = ((hash ^ node) * 0x100000001b3 ^ detail) * 0x9e3779b97f4a7c15;
  if (!trace) return;
  std::printf("%12.6f  node %-4u %s %llx\n",
              static_cast<double>(events_.now_ns()) / static_cast<double>(kSecond), node, what,
              static_cast<unsigned long long>(detail));
}

}  // namespace timerose::sim
