// What other threads tell the loop, taken by it many at a time: the loop is woken once for all
// that came until it looks.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/event_loop.h"

namespace timerose::scheduler::execute {

template <typename Item>
class Mailbox : public std::enable_shared_from_this<Mailbox<Item>> {
 public:
  using Take = std::function<void(std::vector<Item>& items)>;

  // `take` is called on the loop, which must outlive it. Held by shared pointers.
  Mailbox(EventLoop& loop, Take take) : loop_(loop), take_(std::move(take)) {}

  // From any thread. After close() it does nothing.
  void put(Item item) {
    bool first = false;
    {
      const std::lock_guard lock(mutex_);
      first = items_.empty();
      items_.push_back(std::move(item));
    }
    if (first) loop_.post([self = this->shared_from_this()] { self->deliver(); });
  }

  // Of the loop's thread, or after the loop has ended.
  void close() { take_ = nullptr; }

 private:
  void deliver() {
    {
      const std::lock_guard lock(mutex_);
      items_.swap(taken_);
    }
    if (take_) take_(taken_);
    taken_.clear();
  }

  EventLoop& loop_;
  Take take_;
  std::mutex mutex_;
  std::vector<Item> items_;
  std::vector<Item> taken_;  // of the loop's thread
};

}  // namespace timerose::scheduler::execute
