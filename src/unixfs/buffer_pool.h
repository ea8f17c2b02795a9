// Buffers of one size that come back when their last user lets go of them, so that a long import
// touches the same few pages again instead of new ones from the system.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace timerose::unixfs {

// Thread-safe: buffers may be let go of on any thread, also after the pool's owner is gone.
class BufferPool : public std::enable_shared_from_this<BufferPool> {
 public:
  static std::shared_ptr<BufferPool> make(size_t buffer_bytes, size_t kept_max);

  // A buffer of buffer_bytes; its contents are unspecified.
  std::shared_ptr<uint8_t[]> take();
  // Buffers that come back from now on are freed.
  void close();

 private:
  BufferPool(size_t buffer_bytes, size_t kept_max)
      : buffer_bytes_(buffer_bytes), kept_max_(kept_max) {}
  void give_back(std::unique_ptr<uint8_t[]> buffer);

  const size_t buffer_bytes_;
  std::mutex mutex_;
  size_t kept_max_;
  std::vector<std::unique_ptr<uint8_t[]>> kept_;
};

}  // namespace timerose::unixfs
