// Sees all that goes into and comes out of the decisions of both sides: for a record of what
// happened. Of the loop's thread.
#pragma once

#include "scheduler/execute/executor_side.h"
#include "scheduler/execute/requester_side.h"

namespace timerose::scheduler::execute {

class Observer {
 public:
  virtual ~Observer() = default;
  // Events before they are decided on, actions before they are carried out.
  virtual void saw(const ExecutorEvent& event) = 0;
  virtual void saw(const ExecutorAction& action) = 0;
  virtual void saw(const RequesterEvent& event) = 0;
  virtual void saw(const RequesterAction& action) = 0;
};

}  // namespace timerose::scheduler::execute
