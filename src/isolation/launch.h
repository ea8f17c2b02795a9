// Starts a worker process: the program again, with two descriptors and nothing else of the node.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace timerose::isolation {

// What a worker finds open, beside three standard streams that lead nowhere.
inline constexpr int kChannelDescriptor = 3;
inline constexpr int kCancelDescriptor = 4;  // a pipe: numbers of runs (8 bytes) to be given up

// How a child ends that could not become a worker.
inline constexpr int kExitNoNamespaces = 125;  // they were made, but nothing may be done in them
inline constexpr int kExitNoProgram = 126;

struct Program {
  int descriptor = -1;                 // the executable file; -1: of this process
  std::vector<std::string> arguments;  // its name is the first
};

enum class Namespaces { kNone, kOwn };

// A child of this process, not waited for yet.
struct Launched {
  pid_t process = -1;
  FileDescriptor channel;
  FileDescriptor cancel;
};

// kOwn: in a user, process, mount, network, IPC and host name namespace of its own; kUnsupported if
// the system gives none. The child is killed when the thread that called this ends.
Result<Launched> launch(const Program& program, Namespaces namespaces);

}  // namespace timerose::isolation
