// For tests of real hosts that need more of a network than loopback: one that this machine has for
// the test only.
#pragma once

#include <gtest/gtest.h>
#include <sched.h>

#include <cstdlib>
#include <functional>
#include <thread>

namespace timerose::mesh::testing_hosts {

inline constexpr const char* kOwnAddress = "10.99.0.1";

// One of the Internet's by its form: hosts ask each other whether they are reached at such only.
inline constexpr const char* kPublicAddress = "9.9.9.1";

// Runs `test` on a thread in a network namespace of its own, with loopback and an interface that
// has kOwnAddress, kPublicAddress and multicast. False: this machine does not allow it.
inline bool in_own_network(const std::function<void()>& test) {
  bool made = false;
  std::thread([&] {
    if (unshare(CLONE_NEWNET) != 0) return;
    // The shell inherits the namespace of this thread, and so do the threads of hosts.
    const int result = std::system(
        "ip link set lo up && ip link add own0 type veth peer name own1 && ip link set own1 up && "
        "ip addr add 10.99.0.1/24 dev own0 && ip addr add 9.9.9.1/24 dev own0 && "
        "ip link set own0 up && ip route add default dev own0");
    made = result == 0;
    if (made) test();
  }).join();
  return made;
}

}  // namespace timerose::mesh::testing_hosts
