// Frames of a worker process, which the node takes for hostile: what decodes must encode to the
// same bytes; and what they make of a run's answer must not fail a check.
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstdlib>

#include "base/check.h"
#include "base/clock.h"
#include "blockstore/memory_blockstore.h"
#include "isolation/course.h"
#include "isolation/memory_file.h"
#include "unixfs/importer.h"

namespace timerose::isolation {
namespace {

void check_frame(ByteView rest) {
  if (const auto message = decode_from_worker(rest); message.ok()) {
    CHECK(equal(ByteView(encode(*message)).subspan(kFrameHeadBytes), rest));
  }
  if (const auto message = decode_to_worker(rest); message.ok()) {
    CHECK(equal(ByteView(encode(*message)).subspan(kFrameHeadBytes), rest));
  }
}

class Codes final : public CodeSource {
 public:
  Result<Module> get(const Cid& /*module*/) override {
    TR_ASSIGN(FileDescriptor file, memory_file(as_bytes("x")));
    return Module{Module::Form::kBinary, std::make_shared<const FileDescriptor>(std::move(file))};
  }
  void keep(const Cid& /*module*/, std::shared_ptr<const FileDescriptor> code,
            Maker /*maker*/) override {
    CHECK(code != nullptr);
    (void)seal(*code);
  }
};

// A run whose worker says these bytes and ends.
void follow(ByteView said) {
  std::array<int, 2> sockets{};
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets.data()) == 0);
  FileDescriptor worker(sockets[1]);
  auto channel = Channel::open(FileDescriptor(sockets[0]));
  CHECK(channel.ok());
  if (send(worker.get(), said.data(), said.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) return;
  shutdown(worker.get(), SHUT_WR);  // what the node says still arrives

  SystemClock clock;
  MemoryBlockstore store;
  compute::Invocation call(Cid::of_sha256(Codec::kRaw, as_bytes("module")));
  call.entry = "_start";
  const Bytes invocation = call.encode().value();
  const Sha256Digest digest = sha256(invocation);
  const compute::Budget budget{1000, 0, nullptr};
  const wasi::Context::OnWrite on_write = [](int, ByteView) {};
  const unixfs::BlockSink sink = unixfs::sink_into(store);
  const auto engine = std::make_shared<const compute::EngineName>();
  const PublicKey key{};
  const compute::Surroundings around{store, sink, clock, engine, key};
  Codes codes;
  Course course({*channel, clock, -1, 1, kCompileNs, kRunPutBytesMax},
                {call, digest, budget, on_write, around, codes});
  const auto answer = course.follow();
  if (answer.ok()) CHECK(answer->outcome.has_value() != answer->stopped.has_value());
}

}  // namespace
}  // namespace timerose::isolation

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const timerose::ByteView bytes(data, size);
  if (size > timerose::isolation::kFrameHeadBytes) {
    timerose::isolation::check_frame(bytes.subspan(timerose::isolation::kFrameHeadBytes));
  }
  timerose::isolation::follow(bytes);
  return 0;
}
