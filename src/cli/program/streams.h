// Where a command reads and writes: the process's own standard streams, or, in a daemon, those of
// the client that asked for it.
#pragma once

#include <atomic>
#include <string_view>

#include "base/result.h"
#include "unixfs/importer.h"

namespace timerose::cli {

// Set by another thread once nobody waits for the command any more.
using CancelFlag = std::atomic<bool>;

struct Streams {
  int in = 0;
  int out = 1;
  int err = 2;
  const CancelFlag* cancelled = nullptr;  // absent: it ends with its process
  int client = 0;                         // process id; 0: this process
};

// kCancelled once the flag is set.
Status check_not_cancelled(const Streams& streams);

// Waits until `descriptor` can be read (POLLIN) or written (POLLOUT), or has failed; kCancelled as
// above. Waits only where there is a flag: else a signal ends the process anyway.
Status wait_until_ready(const Streams& streams, int descriptor, short events);

// Standard input, read as it comes.
class StdinSource final : public unixfs::ByteSource {
 public:
  explicit StdinSource(const Streams& streams);
  Result<size_t> read(std::span<uint8_t> out) override;
  std::optional<uint64_t> size_hint() override { return file_.size_hint(); }

 private:
  const Streams& streams_;
  unixfs::FileSource file_;
};

// Whether the reader of our output has gone (`| head`). In a process of its own a signal has ended
// the program by then; in a daemon only the writing fails.
bool reader_has_gone(const Streams& streams);

// "timerose: message" on standard error.
void complain(const Streams& streams, std::string_view message);

// A path as the client sees it: "/dev/fd/63" is a descriptor of the client's.
std::string path_of_client(const Streams& streams, std::string path);

}  // namespace timerose::cli
