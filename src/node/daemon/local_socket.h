// How a command reaches the daemon of its repository, and the daemon its commands: messages, and
// descriptors with them, over a Unix socket in the repository's folder.
//
// One connection carries one command. The client sends a LocalRequest with its descriptors; the
// daemon answers one LocalReply. A client that closes the connection before has gone.
//
//   message  = length (4 bytes, big-endian), then as many bytes: fields, each ended by a NUL
//   request  = "timerose-local-1", version, file mode mask in octal, WORD...
//   reply    = "exit" | "refused", exit code in decimal, text
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace timerose::node {

// Longest message: more than the system lets a command line be.
inline constexpr size_t kLocalMessageBytesMax = 4U << 20;
// How long the daemon waits for a client's request to arrive whole.
inline constexpr int kLocalRequestMs = 5000;

// What a client hands over: its standard streams and its current folder (opened with O_PATH).
struct ClientDescriptors {
  FileDescriptor in;
  FileDescriptor out;
  FileDescriptor err;
  FileDescriptor folder;
};

struct LocalRequest {
  std::string version;             // of the client's program
  unsigned mode_mask = 0;          // umask
  std::vector<std::string> words;  // the command line, without the program's name
  ClientDescriptors descriptors;
  int process = 0;  // the client's, as the kernel says; not sent
};

struct LocalReply {
  bool refused = false;  // not carried out: `text` says why
  int exit_code = 0;
  std::string text;
};

// --- Client ---

// A connection to the daemon of the repository; invalid if none listens there.
Result<FileDescriptor> connect_to_daemon(const std::filesystem::path& repository);
// The descriptors that a command is to read from and write to.
struct RequestStreams {
  int in = 0;
  int out = 1;
  int err = 2;
};
// Sends a command line with these streams, and this process's folder and mask.
Status send_request(int connection, const std::string& version,
                    const std::vector<std::string>& words, const RequestStreams& streams = {});
// Waits as long as it takes. kIo if the daemon ends without an answer.
Result<LocalReply> receive_reply(int connection);
// The process that listens at the other end; 0 if the system does not say.
int peer_process(int connection);

// --- Daemon ---

// The one listening socket of a repository, and the lock that keeps it the only one. The socket's
// file is removed at the end; one that a killed daemon left behind is replaced.
class LocalListener {
 public:
  // kBusy names the process of the daemon that is there already.
  static Result<LocalListener> open(const std::filesystem::path& repository);
  LocalListener(LocalListener&&) = default;
  LocalListener& operator=(LocalListener&&) = delete;
  ~LocalListener();

  // From here on clients find it; before, the lock alone is held.
  Status listen();
  [[nodiscard]] int descriptor() const { return socket_.get(); }
  // A client of the same user; invalid if there is none (any more).
  [[nodiscard]] FileDescriptor accept();

 private:
  LocalListener() = default;
  FileDescriptor folder_;
  FileDescriptor lock_;
  FileDescriptor socket_;
};

// kMalformed for what is no request, kIo for a client that has gone.
Result<LocalRequest> receive_request(int connection);
Status send_reply(int connection, const LocalReply& reply);

}  // namespace timerose::node
