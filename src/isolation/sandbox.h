// What a worker process gives up before it reads a guest: files, network, other processes, rights,
// and the system calls that a guest's run does not need.
#pragma once

#include "isolation/measures.h"
#include "isolation/message.h"

namespace timerose::isolation {

// Of a process with one thread. What the system does not allow is left out: the answer says what is
// in force. From here on files cannot be opened.
Measures confine(const Setup& setup);

// Not where a sanitizer takes more than every limit.
bool memory_can_be_limited();

// The system calls of a process that runs guests, as a filter for seccomp; false if the system has
// none. Others end the process, but for a few that libraries try by themselves: those fail.
bool filter_system_calls();

}  // namespace timerose::isolation
