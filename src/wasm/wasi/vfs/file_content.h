// The bytes of one file: a UnixFS file below, read by range, and written pages over it.
//
// What is charged to the Space: every byte beyond what is left of the base (holes too: they have to
// be hashed if they become output), and the base's part of each page that was written. It is given
// back when the bytes are cut off or the file is gone.
#pragma once

#include <map>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "wasm/wasi/attempt.h"
#include "wasm/wasi/vfs/backing.h"

namespace timerose::wasi::vfs {

class FileContent {
 public:
  static constexpr uint64_t kPageBytes = 64U << 10;

  explicit FileContent(Backing& backing) : backing_(backing) {}
  // `size` may be left out: it is asked of the block store when it is needed.
  FileContent(Backing& backing, Cid base, std::optional<uint64_t> size);
  ~FileContent();
  FileContent(const FileContent&) = delete;
  FileContent& operator=(const FileContent&) = delete;

  Attempt<uint64_t> size();
  // How many bytes there were; short only at the end.
  Attempt<size_t> read_at(uint64_t offset, std::span<uint8_t> out);
  // How many bytes went in: fewer if the space ended; ENOSPC if none.
  Attempt<size_t> write_at(uint64_t offset, ByteView in);
  // ENOSPC if growing takes more than there is.
  Attempt<void> resize(uint64_t size);

  // The CID that these bytes have without being imported again, if they were never touched.
  [[nodiscard]] const Cid* untouched() const { return touched_ || !base_ ? nullptr : &*base_; }

 private:
  using Pages = std::map<uint64_t, Bytes>;  // by number; a page may end before the file does

  Attempt<void> load_size();
  Attempt<void> read_base(uint64_t offset, std::span<uint8_t> out);
  Attempt<size_t> write_in_page(uint64_t offset, ByteView in);
  Attempt<void> add_page(uint64_t number, uint64_t from, uint64_t to);
  // The base's bytes that fall into a page: what writing there is charged.
  [[nodiscard]] uint64_t base_bytes_of(uint64_t page) const;
  void shrink(uint64_t size);

  Backing& backing_;
  std::optional<Cid> base_;
  bool size_known_ = true;
  bool touched_ = false;
  uint64_t size_ = 0;
  uint64_t base_left_ = 0;  // of the base, what is still visible; <= size_
  Pages pages_;
};

}  // namespace timerose::wasi::vfs
