#include "node/daemon/local_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/bytes.h"

namespace timerose::node {
namespace {

constexpr const char* kSocketName = "node.sock";
constexpr const char* kLockName = "node.lock";
constexpr std::string_view kMagic = "timerose-local-1";
constexpr size_t kDescriptors = 4;
constexpr size_t kLengthBytes = 4;
constexpr int kBacklog = 64;

// A socket's name is at most 107 bytes long, a repository's may be longer: it is reached by its
// folder's descriptor instead.
sockaddr_un address_in(const FileDescriptor& folder) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = fmt::format("/proc/self/fd/{}/{}", folder.get(), kSocketName);
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

Result<FileDescriptor> open_folder(const std::filesystem::path& path) {
  FileDescriptor folder(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return errno_error(errno, "opening " + path.string());
  return folder;
}

void add_field(Bytes& message, std::string_view text) {
  message.insert(message.end(), text.begin(), text.end());
  message.push_back(0);
}

// In place of its first bytes, the length of what follows them.
void set_length(Bytes& message) {
  const auto length = static_cast<uint32_t>(message.size() - kLengthBytes);
  for (size_t i = 0; i < kLengthBytes; ++i) {
    message[i] = static_cast<uint8_t>(length >> (8 * (kLengthBytes - 1 - i)));
  }
}

Result<std::vector<std::string>> fields_of(ByteView message) {
  if (!message.empty() && message.back() != 0) {
    return Error{ErrorCode::kMalformed, "a message whose last field has no end"};
  }
  std::vector<std::string> fields;
  while (!message.empty()) {
    const auto end = std::find(message.begin(), message.end(), uint8_t{0});
    fields.emplace_back(message.begin(), end);
    message = message.subspan(fields.back().size() + 1);
  }
  return fields;
}

Result<int> number_of(const std::string& text, int base) {
  int number = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number, base);
  if (parsed.ec != std::errc() || parsed.ptr != end || number < 0) {
    return Error{ErrorCode::kMalformed, fmt::format("expected a number, found '{}'", text)};
  }
  return number;
}

// The control message that carries `descriptors`, and room for as many to arrive.
struct Control {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kDescriptors * sizeof(int))> bytes{};
};

Status send_all(int connection, ByteView message, std::span<const int> descriptors) {
  Control control;
  bool first = true;
  while (!message.empty()) {
    iovec piece{const_cast<uint8_t*>(message.data()), message.size()};
    msghdr header{};
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    if (first && !descriptors.empty()) {
      header.msg_control = control.bytes.data();
      header.msg_controllen = control.bytes.size();
      cmsghdr* rights = CMSG_FIRSTHDR(&header);
      rights->cmsg_level = SOL_SOCKET;
      rights->cmsg_type = SCM_RIGHTS;
      rights->cmsg_len = CMSG_LEN(descriptors.size_bytes());
      std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size_bytes());
    }
    const ssize_t sent = sendmsg(connection, &header, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno_error(errno, "writing to the local socket");
    first = false;
    message = message.subspan(static_cast<size_t>(sent));
  }
  return success();
}

void take_descriptors(msghdr& header, std::vector<FileDescriptor>& into) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int descriptor = -1;
      std::memcpy(&descriptor, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      into.emplace_back(descriptor);
    }
  }
}

// Some bytes, within `wait_ms` (-1: however long it takes); an end is kIo.
Result<size_t> receive_some(int connection, std::span<uint8_t> out, int wait_ms,
                            std::vector<FileDescriptor>& descriptors) {
  while (true) {
    pollfd one{connection, POLLIN, 0};
    const int ready = poll(&one, 1, wait_ms);
    if (ready == 0) return Error{ErrorCode::kIo, "the other side sent nothing for too long"};
    Control control;
    iovec piece{out.data(), out.size()};
    msghdr header{};
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    header.msg_control = control.bytes.data();
    header.msg_controllen = control.bytes.size();
    const ssize_t got = recvmsg(connection, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return errno_error(errno, "reading from the local socket");
    take_descriptors(header, descriptors);
    if (got == 0) return Error{ErrorCode::kIo, "the other side has gone"};
    return static_cast<size_t>(got);
  }
}

Status receive_exactly(int connection, std::span<uint8_t> out, int wait_ms,
                       std::vector<FileDescriptor>& descriptors) {
  while (!out.empty()) {
    TR_ASSIGN(const size_t got, receive_some(connection, out, wait_ms, descriptors));
    out = out.subspan(got);
  }
  return success();
}

Result<std::vector<std::string>> receive_fields(int connection, int wait_ms,
                                                std::vector<FileDescriptor>& descriptors) {
  std::array<uint8_t, kLengthBytes> header{};
  TR_TRY(receive_exactly(connection, header, wait_ms, descriptors));
  size_t length = 0;
  for (const uint8_t byte : header) length = length << 8 | byte;
  if (length > kLocalMessageBytesMax) {
    return Error{ErrorCode::kLimitExceeded, fmt::format("a message of {} bytes; at most {} fit",
                                                        length, kLocalMessageBytesMax)};
  }
  Bytes message(length);
  TR_TRY(receive_exactly(connection, message, wait_ms, descriptors));
  return fields_of(message);
}

}  // namespace

Result<FileDescriptor> connect_to_daemon(const std::filesystem::path& repository) {
  FileDescriptor folder(open(repository.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return FileDescriptor();  // whoever opens the repository says what is wrong
  FileDescriptor connection(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!connection.valid()) return errno_error(errno, "making a socket");
  const sockaddr_un address = address_in(folder);
  while (connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
         0) {
    if (errno == EINTR) continue;
    if (errno == ENOENT || errno == ECONNREFUSED) return FileDescriptor();
    return errno_error(errno, "reaching the node of " + repository.string());
  }
  return connection;
}

Status send_request(int connection, const std::string& version,
                    const std::vector<std::string>& words, const RequestStreams& streams) {
  const FileDescriptor folder(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return errno_error(errno, "opening the current folder");
  const mode_t mask = umask(0);
  umask(mask);
  Bytes message(kLengthBytes);
  add_field(message, kMagic);
  add_field(message, version);
  add_field(message, fmt::format("{:o}", static_cast<unsigned>(mask)));
  for (const std::string& word : words) add_field(message, word);
  set_length(message);
  if (message.size() > kLocalMessageBytesMax) {
    return Error{ErrorCode::kLimitExceeded, "the command line is too long"};
  }
  const std::array<int, kDescriptors> descriptors{streams.in, streams.out, streams.err,
                                                  folder.get()};
  return send_all(connection, message, descriptors);
}

Result<LocalReply> receive_reply(int connection) {
  std::vector<FileDescriptor> none;
  auto fields = receive_fields(connection, -1, none);
  if (!fields.ok()) {
    return Error{ErrorCode::kIo, "the node ended before the command did (" +
                                     fields.error().message + "); its log may say why"};
  }
  if (fields->size() != 3) return Error{ErrorCode::kMalformed, "the node's answer is none"};
  LocalReply reply;
  reply.refused = fields->at(0) == "refused";
  TR_ASSIGN(reply.exit_code, number_of(fields->at(1), 10));
  reply.text = std::move(fields->at(2));
  return reply;
}

int peer_process(int connection) {
  ucred credentials{};
  socklen_t length = sizeof credentials;
  const bool known = getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0;
  return known ? credentials.pid : 0;
}

Result<LocalListener> LocalListener::open(const std::filesystem::path& repository) {
  LocalListener listener;
  TR_ASSIGN(listener.folder_, open_folder(repository));
  listener.lock_ =
      FileDescriptor(openat(listener.folder_.get(), kLockName, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!listener.lock_.valid()) {
    return errno_error(errno, "opening " + (repository / kLockName).string());
  }
  if (flock(listener.lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 16> process{};
    const ssize_t got = pread(listener.lock_.get(), process.data(), process.size(), 0);
    return Error{ErrorCode::kBusy,
                 fmt::format("a node runs for {} already: process {}; `timerose node stop` ends it",
                             repository.string(),
                             std::string_view(process.data(), std::max<ssize_t>(got, 0)))};
  }
  const std::string process = std::to_string(getpid());
  const bool noted = ftruncate(listener.lock_.get(), 0) == 0 &&
                     pwrite(listener.lock_.get(), process.data(), process.size(), 0) ==
                         static_cast<ssize_t>(process.size());
  if (!noted) return errno_error(errno, "writing " + (repository / kLockName).string());
  return listener;
}

Status LocalListener::listen() {
  FileDescriptor made(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!made.valid()) return errno_error(errno, "making a socket");
  // Nobody listens at one that is there: we hold the lock.
  unlinkat(folder_.get(), kSocketName, 0);
  const sockaddr_un address = address_in(folder_);
  // Its mode before anyone can connect; the folder is its owner's alone too.
  fchmod(made.get(), 0600);
  const bool bound =
      bind(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      fchmodat(folder_.get(), kSocketName, 0600, 0) == 0 && ::listen(made.get(), kBacklog) == 0;
  if (!bound) return errno_error(errno, "listening on the local socket");
  socket_ = std::move(made);
  return success();
}

LocalListener::~LocalListener() {
  if (socket_.valid()) unlinkat(folder_.get(), kSocketName, 0);
}

FileDescriptor LocalListener::accept() {
  FileDescriptor connection(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!connection.valid()) return {};
  ucred credentials{};
  socklen_t length = sizeof credentials;
  const bool same_user =
      getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 &&
      credentials.uid == geteuid();
  if (!same_user) {
    (void)send_reply(connection.get(), {true, 1, "the node belongs to another user"});
    return {};
  }
  return connection;
}

Result<LocalRequest> receive_request(int connection) {
  std::vector<FileDescriptor> descriptors;
  TR_ASSIGN(auto fields, receive_fields(connection, kLocalRequestMs, descriptors));
  if (fields.size() < 3 || fields[0] != kMagic || descriptors.size() != kDescriptors) {
    return Error{ErrorCode::kMalformed,
                 "what came is no request of this program; is it of another version?"};
  }
  LocalRequest request;
  request.version = std::move(fields[1]);
  TR_ASSIGN(const int mask, number_of(fields[2], 8));
  request.mode_mask = static_cast<unsigned>(mask) & 0777U;
  request.words.assign(std::make_move_iterator(fields.begin() + 3),
                       std::make_move_iterator(fields.end()));
  request.descriptors = {std::move(descriptors[0]), std::move(descriptors[1]),
                         std::move(descriptors[2]), std::move(descriptors[3])};
  request.process = peer_process(connection);
  return request;
}

Status send_reply(int connection, const LocalReply& reply) {
  Bytes message(kLengthBytes);
  add_field(message, reply.refused ? "refused" : "exit");
  add_field(message, std::to_string(reply.exit_code));
  add_field(message, reply.text);
  set_length(message);
  return send_all(connection, message, {});
}

}  // namespace timerose::node
