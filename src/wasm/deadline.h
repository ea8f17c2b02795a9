// Wall-clock deadlines of running guests: one thread that sleeps until the next of them and then
// bumps the engine's epoch, so that guests look at the clock. It does nothing, and does not even
// exist, until the first deadline is armed; calls without one never come here.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

namespace timerose::wasm {

class Deadlines {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // `bump` is called on the thread when a deadline has come.
  explicit Deadlines(std::function<void()> bump);
  ~Deadlines();
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  // A deadline that is watched for as long as this object lives.
  class Armed {
   public:
    Armed(Deadlines& deadlines, std::chrono::milliseconds after);
    ~Armed();
    Armed(const Armed&) = delete;
    Armed& operator=(const Armed&) = delete;
    [[nodiscard]] bool passed() const { return std::chrono::steady_clock::now() >= when_; }

   private:
    Deadlines& deadlines_;
    Time when_;
    std::multiset<Time>::iterator place_;
  };

 private:
  void watch();

  std::function<void()> bump_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::multiset<Time> armed_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace timerose::wasm
