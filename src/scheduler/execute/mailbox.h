// What other threads tell the loop, taken by it many at a time: the loop is woken once for all
// that came until it looks. What comes faster than the loop looks can be put together.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/event_loop.h"

namespace timerose::scheduler::execute {

// What became of putting an item into one that waits.
enum class Joined {
  kDone,
  kNotHere,  // perhaps into one that came before
  kNowhere,
};

template <typename Item>
class Mailbox : public std::enable_shared_from_this<Mailbox<Item>> {
 public:
  using Take = std::function<void(std::vector<Item>& items)>;

  // `take` is called on the loop, which must outlive it. Held by shared pointers.
  Mailbox(EventLoop& loop, Take take) : loop_(loop), take_(std::move(take)) {}

  // Of those that wait, so many are looked at for one to put an item into.
  static constexpr size_t kLookedAtMax = 64;

  // From any thread. After close() it does nothing.
  void put(Item item) {
    put(std::move(item), [](Item&, Item&) { return Joined::kNowhere; });
  }
  // `join(waiting, item)` is asked first, of those that came last.
  template <typename Join>
  void put(Item item, const Join& join) {
    bool first = false;
    {
      const std::lock_guard lock(mutex_);
      const size_t looked_at = std::min(items_.size(), kLookedAtMax);
      for (auto one = items_.rbegin(); one != items_.rbegin() + looked_at; ++one) {
        const Joined joined = join(*one, item);
        if (joined == Joined::kDone) return;
        if (joined == Joined::kNowhere) break;
      }
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
