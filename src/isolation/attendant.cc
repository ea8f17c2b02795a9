#include "isolation/attendant.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

namespace timerose::isolation {

Attendant::Attendant(Clock& clock, std::function<void()> tend, uint64_t pace_ns)
    : tend_(std::move(tend)),
      pace_ns_(pace_ns),
      loop_(clock),
      timer_(loop_.timer([this] { tend_again(); })),
      thread_([this] { loop_.run(); }) {}

Attendant::~Attendant() {
  loop_.stop();
  thread_.join();
}

void Attendant::watch(pid_t process) {
  FileDescriptor descriptor(static_cast<int>(syscall(SYS_pidfd_open, process, 0)));
  if (watched_.empty()) timer_->set(loop_.now_ns() + pace_ns_);
  const auto one = watched_.insert(watched_.end(), {std::move(descriptor), nullptr});
  if (!one->process.valid()) return;
  one->watch = loop_.watch(one->process.get(), [this, one] {
    watched_.erase(one);
    tend_();
  });
}

void Attendant::tend_again() {
  tend_();
  if (!watched_.empty()) timer_->set(loop_.now_ns() + pace_ns_);
}

}  // namespace timerose::isolation
