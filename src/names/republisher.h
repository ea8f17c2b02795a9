// Keeps the names of this node alive: a thread that publishes its records again when they are due.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "names/name_service.h"

namespace timerose::names {

class Republisher {
 public:
  // Begins at once. `complain` is told what went wrong, on the thread. All must outlive it.
  Republisher(NameService& service, Clock& clock, NameService::KeyOf key_of,
              std::function<void(const std::string&)> complain);
  // Ends what is under way, and waits for that.
  ~Republisher();
  Republisher(const Republisher&) = delete;
  Republisher& operator=(const Republisher&) = delete;

  // From any thread: something may be due sooner.
  void look_again();

 private:
  void run();

  NameService& service_;
  Clock& clock_;
  const NameService::KeyOf key_of_;
  const std::function<void(const std::string&)> complain_;
  CancelFlag stopping_ = false;
  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  bool look_again_ = false;
  std::thread thread_;
};

}  // namespace timerose::names
