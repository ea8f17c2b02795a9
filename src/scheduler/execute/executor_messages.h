// What an executor's decisions are told (events), and what they want done (actions).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "compute/invocation.h"
#include "mesh/host.h"
#include "scheduler/execute/message.h"

namespace timerose::scheduler::execute {

enum class ExecutionId : uint64_t {};
enum class QuestionId : uint64_t {};  // of a Probe or a Known

// One execution, as it is handed over.
struct Job {
  explicit Job(Cid cid, compute::Invocation call)
      : name(std::move(cid)), invocation(std::move(call)) {}
  Cid name;
  compute::Invocation invocation;
  PeerId requester;  // who has the data, most likely
  uint64_t fuel = 0;
  bool fresh = false;
  bool logs = false;
  bool receipt = false;
  std::vector<CarriedBlock> blocks;
};

// What a call takes here until it is answered, as the block of its Invocation and as the value: an
// argument of one byte in the block is a text of its own in the value.
uint64_t held_bytes(ByteView block, const compute::Invocation& call);

// --- Events ---
struct LinkOpened {  // a stream that a requester opened
  mesh::StreamId link;
  PeerId peer;
};
struct LinkClosed {
  mesh::StreamId link;
};
struct Received {
  mesh::StreamId link;
  Message message;
};
struct InputsFetched {  // all there, or why not
  ExecutionId execution;
  std::optional<Failure> failure;
};
struct LogWritten {
  ExecutionId execution;
  Log log;
};
// Appends `next` if it goes on with the same stream and is not too much for one piece.
bool append(LogWritten& log, const LogWritten& next);
struct ExecutionEnded {
  ExecutionId execution;
  std::variant<Finish, Failure> answer;  // without the number of a call
  uint64_t duration_ns = 0;
  uint64_t fuel_used = 0;
};
struct Surveyed {  // without the call's number, and how long it would wait
  QuestionId question;
  Estimate estimate;
};
struct LookedUp {
  QuestionId question;
  std::optional<Finish> found;  // without the call's number
};
struct Drain {  // no more offers; what waits is handed back, and what runs if it is not to end
  bool also_running = false;
};
struct Tick {};
using ExecutorEvent = std::variant<LinkOpened, LinkClosed, Received, InputsFetched, LogWritten,
                                   ExecutionEnded, Surveyed, LookedUp, Drain, Tick>;

// --- Actions ---
struct SendTo {
  mesh::StreamId link;
  Message message;
};
struct FetchInputs {  // answered by InputsFetched
  ExecutionId execution;
  std::shared_ptr<const Job> job;
};
struct Launch {  // answered by ExecutionEnded
  ExecutionId execution;
  std::shared_ptr<const Job> job;
};
struct Stop {  // a fetch or a run that nobody wants any more; it is still answered
  ExecutionId execution;
};
struct LetGo {  // its inputs were fetched, or were to be, and it is not run
  ExecutionId execution;
};
struct Survey {  // what the call would need here; answered by Surveyed
  QuestionId question;
  std::shared_ptr<const Job> job;
};
struct LookUp {  // answered by LookedUp
  QuestionId question;
  Cid invocation;
};
struct CloseLink {
  mesh::StreamId link;
  std::string why;
};
using ExecutorAction =
    std::variant<SendTo, FetchInputs, Launch, Stop, LetGo, Survey, LookUp, CloseLink>;

}  // namespace timerose::scheduler::execute
