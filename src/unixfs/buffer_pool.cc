#include "unixfs/buffer_pool.h"

namespace timerose::unixfs {

std::shared_ptr<BufferPool> BufferPool::make(size_t buffer_bytes, size_t kept_max) {
  return std::shared_ptr<BufferPool>(new BufferPool(buffer_bytes, kept_max));
}

std::shared_ptr<uint8_t[]> BufferPool::take() {
  std::unique_ptr<uint8_t[]> buffer;
  {
    const std::lock_guard lock(mutex_);
    if (!kept_.empty()) {
      buffer = std::move(kept_.back());
      kept_.pop_back();
    }
  }
  if (!buffer) buffer = std::make_unique_for_overwrite<uint8_t[]>(buffer_bytes_);
  return {buffer.release(), [pool = shared_from_this()](uint8_t* bytes) {
            pool->give_back(std::unique_ptr<uint8_t[]>(bytes));
          }};
}

void BufferPool::close() {
  std::vector<std::unique_ptr<uint8_t[]>> freed;
  const std::lock_guard lock(mutex_);
  kept_max_ = 0;
  freed.swap(kept_);
}

void BufferPool::give_back(std::unique_ptr<uint8_t[]> buffer) {
  const std::lock_guard lock(mutex_);
  if (kept_.size() < kept_max_) kept_.push_back(std::move(buffer));
}

}  // namespace timerose::unixfs
