#include "unixfs/reader.h"

#include <algorithm>
#include <cstring>

#include "unixfs/file_cursor.h"

namespace timerose::unixfs {
namespace {

// What read_file() sets aside before it has seen that the stated size is true.
inline constexpr uint64_t kReserveBytesMax = 16U << 20;

}  // namespace

struct FileReader::State {
  FileCursor cursor;
};

FileReader::FileReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
FileReader::FileReader(FileReader&&) noexcept = default;
FileReader& FileReader::operator=(FileReader&&) noexcept = default;
FileReader::~FileReader() = default;

Result<FileReader> FileReader::open(Blockstore& store, const Cid& cid) {
  TR_ASSIGN(FileCursor cursor, FileCursor::open(store, cid, 1));
  return FileReader(std::make_unique<State>(State{std::move(cursor)}));
}

uint64_t FileReader::size() const { return state_->cursor.size(); }

Result<size_t> FileReader::read_at(uint64_t offset, std::span<uint8_t> out) {
  size_t filled = 0;
  while (filled < out.size() && offset < size()) {
    TR_ASSIGN(const ByteView bytes, state_->cursor.bytes_at(offset));
    const size_t take = std::min(bytes.size(), out.size() - filled);
    std::memcpy(out.data() + filled, bytes.data(), take);
    filled += take;
    offset += take;
  }
  return filled;
}

Status stream_file(Blockstore& store, const Cid& cid, Range range, unsigned threads,
                   const std::function<Status(ByteView)>& take) {
  TR_ASSIGN(FileCursor cursor, FileCursor::open(store, cid, threads));
  const uint64_t size = cursor.size();
  if (range.offset >= size) return success();
  const uint64_t end = range.offset + std::min(range.length, size - range.offset);
  cursor.read_ahead_until(end);
  for (uint64_t offset = range.offset; offset < end;) {
    TR_ASSIGN(ByteView bytes, cursor.bytes_at(offset));
    bytes = bytes.first(std::min<uint64_t>(bytes.size(), end - offset));
    TR_TRY(take(bytes));
    offset += bytes.size();
  }
  return success();
}

Result<Bytes> read_file(Blockstore& store, const Cid& cid, uint64_t bytes_max) {
  TR_ASSIGN(FileCursor cursor, FileCursor::open(store, cid, 1));
  const uint64_t size = cursor.size();
  if (size > bytes_max) {
    return Error{ErrorCode::kLimitExceeded, cid.to_string() + " is " + std::to_string(size) +
                                                " bytes long, at most " +
                                                std::to_string(bytes_max) + " are taken here"};
  }
  Bytes out;
  out.reserve(std::min(size, kReserveBytesMax));
  while (out.size() < size) {
    TR_ASSIGN(const ByteView bytes, cursor.bytes_at(out.size()));
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
  return out;
}

}  // namespace timerose::unixfs
