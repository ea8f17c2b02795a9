// A guest without an engine: memory, and WASI calls by name, for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "blockstore/memory_blockstore.h"
#include "unixfs/directory.h"
#include "unixfs/importer.h"
#include "unixfs/reader.h"
#include "wasm/wasi/errno.h"
#include "wasm/wasi/functions.h"
#include "wasm/wasi/types.h"

namespace timerose::wasi {

inline std::ostream& operator<<(std::ostream& out, Errno code) {
  return out << "errno " << static_cast<int>(code);
}

class TestGuest {
 public:
  static constexpr size_t kMemoryBytes = 1U << 20;
  static constexpr Fd kRoot = 3;
  static constexpr uint64_t kOutside = kMemoryBytes - 1;  // no result fits here

  // Set these before the first call.
  World world;
  Limits limits;
  MemoryBlockstore store;
  unixfs::Layout layout = unixfs::unixfs_v1_2025();

  TestGuest() { world.args = {"guest"}; }

  Context& context() {
    if (!context_) context_ = std::make_unique<Context>(world, limits, store, layout);
    return *context_;
  }

  // Content to mount.
  unixfs::Imported add_file(std::string_view text) {
    return unixfs::import_bytes(as_bytes(text), layout, unixfs::sink_into(store)).value();
  }
  unixfs::Imported add_symlink(std::string_view target) {
    return unixfs::import_symlink(target, layout, unixfs::sink_into(store)).value();
  }
  unixfs::Imported add_directory(const std::map<std::string, unixfs::Imported>& entries) {
    unixfs::DirectoryBuilder builder(layout);
    for (const auto& [name, child] : entries) EXPECT_TRUE(builder.add(name, child).ok());
    return builder.finish(unixfs::sink_into(store)).value();
  }

  // Memory: taken from the bottom, never given back.
  uint64_t take(size_t bytes) {
    const uint64_t at = (used_ + 7) & ~uint64_t{7};
    used_ = at + bytes;
    EXPECT_LE(used_, kMemoryBytes);
    return at;
  }
  uint64_t put(std::string_view text) {
    const uint64_t at = take(text.size());
    std::copy(text.begin(), text.end(), memory_.begin() + static_cast<ptrdiff_t>(at));
    return at;
  }
  template <typename T>
  uint64_t put_value(const T& value) {
    const uint64_t at = take(sizeof(T));
    EXPECT_TRUE(guest_memory().store(at, value));
    return at;
  }
  template <typename T>
  T value_at(uint64_t at) {
    return guest_memory().load<T>(at).value();
  }
  std::string text_at(uint64_t at, size_t length) {
    return {memory_.begin() + static_cast<ptrdiff_t>(at),
            memory_.begin() + static_cast<ptrdiff_t>(at + length)};
  }
  wasm::GuestMemory guest_memory() { return wasm::GuestMemory(memory_); }

  static const wasm::HostFunction<Context>& function(std::string_view name) {
    const auto all = functions();
    const auto found = std::ranges::find_if(all, [&](const auto& f) { return name == f.name; });
    EXPECT_NE(found, all.end()) << name;
    return *found;
  }
  wasm::HostResult call_raw(std::string_view name, std::vector<uint64_t> parameters) {
    const auto& called = function(name);
    EXPECT_EQ(std::string_view(called.parameters).size(), parameters.size()) << name;
    return called.call(context(), guest_memory(), parameters.data());
  }
  Errno call(std::string_view name, std::vector<uint64_t> parameters) {
    const auto result = call_raw(name, std::move(parameters));
    if (const auto* stopped = std::get_if<wasm::Stopped>(&result)) {
      ADD_FAILURE() << name << " stopped: " << stopped->message;
      return Errno::kIo;
    }
    return static_cast<Errno>(std::get<uint64_t>(result));
  }

  // The calls that most tests need.
  Errno open_errno(std::string_view path, uint32_t how = 0,
                   Rights base = rights::kAll & ~rights::kFdWrite, FdFlags flags = 0,
                   Fd directory = kRoot, bool follow = true) {
    const uint64_t at = put(path);
    opened_at_ = put_value(Fd{0});
    return call("path_open",
                {directory, follow, at, path.size(), how, base, rights::kAll, flags, opened_at_});
  }
  Fd open(std::string_view path, uint32_t how = 0, Rights base = rights::kAll & ~rights::kFdWrite,
          FdFlags flags = 0, Fd directory = kRoot) {
    EXPECT_EQ(open_errno(path, how, base, flags, directory), Errno::kSuccess) << path;
    return value_at<Fd>(opened_at_);
  }
  Fd create(std::string_view path) { return open(path, kOpenCreate, rights::kAll); }
  void make_file(std::string_view path, std::string_view text) {
    const Fd fd = create(path);
    EXPECT_EQ(write(fd, text), text.size());
    EXPECT_EQ(call("fd_close", {fd}), Errno::kSuccess);
  }
  // A call with one path.
  Errno on_path(std::string_view name, std::string_view path, Fd directory = kRoot) {
    const uint64_t at = put(path);
    return call(name, {directory, at, path.size()});
  }
  Errno on_two_paths(std::string_view name, std::string_view from, std::string_view to) {
    const uint64_t from_at = put(from);
    const uint64_t to_at = put(to);
    if (name == "path_link") {
      return call(name, {kRoot, 0, from_at, from.size(), kRoot, to_at, to.size()});
    }
    if (name == "path_symlink") return call(name, {from_at, from.size(), kRoot, to_at, to.size()});
    return call(name, {kRoot, from_at, from.size(), kRoot, to_at, to.size()});
  }

  uint64_t buffer(uint64_t at, size_t length) {
    return put_value(Iovec{static_cast<uint32_t>(at), static_cast<uint32_t>(length)});
  }
  Errno write_errno(Fd fd, std::string_view text) {
    const uint64_t list = buffer(put(text), text.size());
    count_at_ = put_value(uint32_t{0});
    return call("fd_write", {fd, list, 1, count_at_});
  }
  size_t write(Fd fd, std::string_view text) {
    EXPECT_EQ(write_errno(fd, text), Errno::kSuccess);
    return value_at<uint32_t>(count_at_);
  }
  Errno read_errno(Fd fd, size_t length) {
    read_at_ = take(length);
    const uint64_t list = buffer(read_at_, length);
    count_at_ = put_value(uint32_t{0});
    return call("fd_read", {fd, list, 1, count_at_});
  }
  std::string read(Fd fd, size_t length = 1000) {
    EXPECT_EQ(read_errno(fd, length), Errno::kSuccess);
    return text_at(read_at_, value_at<uint32_t>(count_at_));
  }
  std::string content(std::string_view path) { return read(open(path), 100'000); }
  Errno seek(Fd fd, int64_t by, Whence whence) {
    count_at_ = put_value(uint64_t{0});
    return call("fd_seek",
                {fd, static_cast<uint64_t>(by), static_cast<uint64_t>(whence), count_at_});
  }
  uint64_t last_count() { return value_at<uint64_t>(count_at_); }

  Errno stat_errno(std::string_view path, bool follow = true) {
    const uint64_t at = put(path);
    stat_at_ = put_value(Filestat{});
    return call("path_filestat_get", {kRoot, follow, at, path.size(), stat_at_});
  }
  Filestat stat(std::string_view path, bool follow = true) {
    EXPECT_EQ(stat_errno(path, follow), Errno::kSuccess) << path;
    return value_at<Filestat>(stat_at_);
  }
  Filestat stat(Fd fd) {
    stat_at_ = put_value(Filestat{});
    EXPECT_EQ(call("fd_filestat_get", {fd, stat_at_}), Errno::kSuccess);
    return value_at<Filestat>(stat_at_);
  }
  Fdstat fdstat(Fd fd) {
    const uint64_t at = put_value(Fdstat{});
    EXPECT_EQ(call("fd_fdstat_get", {fd, at}), Errno::kSuccess);
    return value_at<Fdstat>(at);
  }

  struct Listed {
    Dirent dirent;
    std::string name;
  };
  // What one fd_readdir with this buffer gives, whole entries only.
  std::vector<Listed> list(Fd fd, uint64_t cookie = 0, size_t buffer_bytes = 8192) {
    const uint64_t at = take(buffer_bytes);
    const uint64_t used_at = put_value(uint32_t{0});
    EXPECT_EQ(call("fd_readdir", {fd, at, buffer_bytes, cookie, used_at}), Errno::kSuccess);
    std::vector<Listed> all;
    const uint64_t end = at + value_at<uint32_t>(used_at);
    for (uint64_t next = at; next + sizeof(Dirent) <= end;) {
      Listed entry{value_at<Dirent>(next), ""};
      next += sizeof(Dirent);
      if (entry.dirent.name_bytes > end - next) break;
      entry.name = text_at(next, entry.dirent.name_bytes);
      next += entry.dirent.name_bytes;
      all.push_back(std::move(entry));
    }
    return all;
  }
  std::vector<std::string> names(std::string_view path) {
    std::vector<std::string> all;
    for (const auto& entry : list(open(path, kOpenDirectory))) all.push_back(entry.name);
    return all;
  }

 private:
  std::vector<uint8_t> memory_ = std::vector<uint8_t>(kMemoryBytes);
  uint64_t used_ = 1024;
  uint64_t opened_at_ = 0;
  uint64_t count_at_ = 0;
  uint64_t read_at_ = 0;
  uint64_t stat_at_ = 0;
  std::unique_ptr<Context> context_;
};

}  // namespace timerose::wasi
