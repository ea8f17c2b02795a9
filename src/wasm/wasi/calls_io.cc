// Reading, writing and what goes with a place in a file.
#include <algorithm>

#include "wasm/wasi/calls.h"

namespace timerose::wasi {
namespace {

Attempt<uint64_t> read_into(vfs::FileContent& file, const Buffers& buffers, uint64_t offset) {
  uint64_t done = 0;
  for (uint32_t i = 0; i < buffers.count(); ++i) {
    auto out = buffers[i];
    out = out.first(std::min<uint64_t>(out.size(), UINT32_MAX - done));
    WASI_ASSIGN(const size_t got, file.read_at(offset + done, out));
    done += got;
    if (got < out.size()) break;
  }
  return done;
}

// Writes what there is space for; ENOSPC only if that is nothing.
Attempt<uint64_t> write_from(State& state, vfs::Node& node, const Buffers& buffers,
                             uint64_t offset) {
  uint64_t done = 0;
  for (uint32_t i = 0; i < buffers.count(); ++i) {
    const ByteView in = buffers[i];
    if (in.empty()) continue;
    auto written = node.file->write_at(offset + done, in);
    if (!written.ok()) {
      auto failure = written.failure();
      const auto* code = std::get_if<Errno>(&failure);
      const bool is_full = code != nullptr && *code == Errno::kNospc;
      if (is_full && done > 0) break;
      return failure;
    }
    done += written.value();
    if (written.value() < in.size()) break;
  }
  if (done > 0) state.tree().touch_content(node);
  return done;
}

Attempt<uint64_t> write_to_stream(State& state, int stream, const Buffers& buffers) {
  Bytes& out = state.streams[static_cast<size_t>(stream - 1)];
  uint64_t done = 0;
  for (uint32_t i = 0; i < buffers.count(); ++i) {
    const ByteView in = buffers[i];
    const uint64_t room = state.limits.stdout_bytes_max - out.size();
    const ByteView piece = in.first(std::min<uint64_t>(in.size(), room));
    if (in.empty()) continue;
    if (piece.empty() && done == 0) return Errno::kNospc;
    if (auto stopped = state.held.take(piece.size())) return Failure(*std::move(stopped));
    out.insert(out.end(), piece.begin(), piece.end());
    done += piece.size();
    if (state.on_write && !piece.empty()) state.on_write(stream, piece);
    if (piece.size() < in.size()) break;
  }
  return done;
}

}  // namespace

Attempt<void> fd_read(State& state, GuestMemory memory, Parameters p) {
  WASI_ASSIGN(Descriptor * descriptor, state.descriptors().get(static_cast<Fd>(p[0])));
  if (descriptor->is_directory()) return Errno::kIsdir;
  if ((descriptor->base & rights::kFdRead) == 0) return Errno::kNotcapable;
  WASI_ASSIGN(const auto buffers, Buffers::at(memory, p[1], p[2]));
  WASI_ASSIGN(const auto count_at, ResultAt<uint32_t>::at(memory, p[3]));
  WASI_ASSIGN(const uint64_t done, read_into(*descriptor->node->file, buffers, descriptor->offset));
  descriptor->offset += done;
  count_at.store(static_cast<uint32_t>(done));
  return {};
}

Attempt<void> fd_pread(State& state, GuestMemory memory, Parameters p) {
  WASI_ASSIGN(
      Descriptor * descriptor,
      state.descriptors().get_file(static_cast<Fd>(p[0]), rights::kFdRead | rights::kFdSeek));
  WASI_ASSIGN(const auto buffers, Buffers::at(memory, p[1], p[2]));
  WASI_ASSIGN(const auto count_at, ResultAt<uint32_t>::at(memory, p[4]));
  if (p[3] > INT64_MAX) return Errno::kInval;
  WASI_ASSIGN(const uint64_t done, read_into(*descriptor->node->file, buffers, p[3]));
  count_at.store(static_cast<uint32_t>(done));
  return {};
}

Attempt<void> fd_write(State& state, GuestMemory memory, Parameters p) {
  WASI_ASSIGN(Descriptor * descriptor, state.descriptors().get(static_cast<Fd>(p[0])));
  if (descriptor->is_directory()) return Errno::kIsdir;
  if ((descriptor->base & rights::kFdWrite) == 0) return Errno::kNotcapable;
  WASI_ASSIGN(const auto buffers, Buffers::at(memory, p[1], p[2]));
  WASI_ASSIGN(const auto count_at, ResultAt<uint32_t>::at(memory, p[3]));
  uint64_t done = 0;
  if (descriptor->kind == Descriptor::Kind::kStream) {
    WASI_ASSIGN(done, write_to_stream(state, descriptor->stream, buffers));
  } else {
    vfs::Node& node = *descriptor->node;
    if ((descriptor->flags & kFdAppend) != 0) {
      WASI_ASSIGN(descriptor->offset, node.file->size());
    }
    WASI_ASSIGN(done, write_from(state, node, buffers, descriptor->offset));
    descriptor->offset += done;
  }
  count_at.store(static_cast<uint32_t>(done));
  return {};
}

// At the place that is given, as POSIX has it, for a file opened to append too.
Attempt<void> fd_pwrite(State& state, GuestMemory memory, Parameters p) {
  WASI_ASSIGN(
      Descriptor * descriptor,
      state.descriptors().get_file(static_cast<Fd>(p[0]), rights::kFdWrite | rights::kFdSeek));
  WASI_ASSIGN(const auto buffers, Buffers::at(memory, p[1], p[2]));
  WASI_ASSIGN(const auto count_at, ResultAt<uint32_t>::at(memory, p[4]));
  if (p[3] > INT64_MAX) return Errno::kInval;
  WASI_ASSIGN(const uint64_t done, write_from(state, *descriptor->node, buffers, p[3]));
  count_at.store(static_cast<uint32_t>(done));
  return {};
}

Attempt<void> fd_seek(State& state, GuestMemory memory, Parameters p) {
  const auto by = static_cast<int64_t>(p[1]);
  const bool only_asks = by == 0 && p[2] == static_cast<uint64_t>(Whence::kCurrent);
  WASI_ASSIGN(Descriptor * descriptor,
              state.descriptors().get_file(static_cast<Fd>(p[0]),
                                           only_asks ? rights::kFdTell : rights::kFdSeek));
  WASI_ASSIGN(const auto result, ResultAt<uint64_t>::at(memory, p[3]));
  uint64_t from = 0;
  switch (p[2]) {
    case static_cast<uint64_t>(Whence::kSet):
      break;
    case static_cast<uint64_t>(Whence::kCurrent):
      from = descriptor->offset;
      break;
    case static_cast<uint64_t>(Whence::kEnd): {
      WASI_ASSIGN(from, descriptor->node->file->size());
      break;
    }
    default:
      return Errno::kInval;
  }
  int64_t to = 0;
  if (from > INT64_MAX || __builtin_add_overflow(static_cast<int64_t>(from), by, &to) || to < 0) {
    return Errno::kInval;
  }
  descriptor->offset = static_cast<uint64_t>(to);
  result.store(descriptor->offset);
  return {};
}

Attempt<void> fd_tell(State& state, GuestMemory memory, Parameters p) {
  WASI_ASSIGN(Descriptor * descriptor,
              state.descriptors().get_file(static_cast<Fd>(p[0]), rights::kFdTell));
  WASI_ASSIGN(const auto result, ResultAt<uint64_t>::at(memory, p[1]));
  result.store(descriptor->offset);
  return {};
}

Attempt<void> fd_allocate(State& state, GuestMemory, Parameters p) {
  WASI_ASSIGN(Descriptor * descriptor,
              state.descriptors().get_file(static_cast<Fd>(p[0]), rights::kFdAllocate));
  if (p[2] == 0 || p[1] > INT64_MAX) return Errno::kInval;
  if (p[2] > INT64_MAX - p[1]) return Errno::kFbig;
  vfs::FileContent& file = *descriptor->node->file;
  WASI_ASSIGN(const uint64_t size, file.size());
  if (p[1] + p[2] <= size) return {};
  WASI_TRY(file.resize(p[1] + p[2]));
  state.tree().touch_content(*descriptor->node);
  return {};
}

Attempt<void> fd_advise(State& state, GuestMemory, Parameters p) {
  constexpr uint64_t kAdviceLast = 5;
  WASI_TRY(state.descriptors().get_file(static_cast<Fd>(p[0]), rights::kFdAdvise));
  if (p[3] > kAdviceLast || p[1] > INT64_MAX) return Errno::kInval;
  return {};
}

// What is written is in memory until the call ends: there is nothing to bring to a disk.
Attempt<void> fd_sync(State& state, GuestMemory, Parameters p) {
  WASI_TRY(state.descriptors().get(static_cast<Fd>(p[0]), rights::kFdSync));
  return {};
}

Attempt<void> fd_datasync(State& state, GuestMemory, Parameters p) {
  WASI_TRY(state.descriptors().get(static_cast<Fd>(p[0]), rights::kFdDatasync));
  return {};
}

}  // namespace timerose::wasi
