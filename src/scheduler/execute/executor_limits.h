// How much an executor does for whom, and for how long it keeps what it promised.
#pragma once

#include <cstddef>
#include <cstdint>

namespace timerose::scheduler::execute {

// What those have whom nobody here trusts (open mode): most of it together, since keys cost
// nothing. They take turns with others as if they were one requester.
struct StrangerLimits {
  uint32_t running_max = 1;  // of all of them; and fetches
  size_t calls_max = 256;    // of all of them
  size_t calls_of_each_max = 16;
  uint64_t bytes_max = 16ULL << 20;  // of all of them
  uint64_t bytes_of_each_max = 1ULL << 20;
  uint64_t fuel_of_call_max = 10'000'000'000;
  uint64_t fuel_a_minute = 60'000'000'000;  // of all of them
  size_t questions_of_each_max = 4;
};

// What guests have written and is held in memory until they end: their output, files and logs,
// beyond the first MiB of each.
struct OutputLimits {
  uint64_t of_requester_max = 512ULL << 20;  // one call may write 384 MiB (wasi::Limits)
  uint64_t of_all_max = 1ULL << 30;
};

// When who was told Busy may ask again, if nothing better is known.
inline constexpr uint64_t kRetryMs = 200;

// What a call counts for at least until it is answered: room for the Outcome and the Receipt, or
// the words of a failure, that are kept of it.
inline constexpr uint64_t kAnswerBytes = 4U << 10;

struct ExecutorLimits {
  uint32_t running_max = 8;  // handed over to be run at a time; a Service raises it for its threads
  uint32_t running_of_requester_max = UINT32_MAX;
  uint32_t fetching_max = 8;  // whose inputs are fetched at a time
  uint32_t fetching_of_requester_max = 4;
  // More places, one for each requester that has none: who takes all the others for long keeps
  // nobody else waiting.
  uint32_t running_spare = 0;
  uint32_t fetching_spare = 0;
  // Calls of one requester that wait, run, or have an answer that is kept; and bytes of their
  // offers and answers.
  size_t calls_of_requester_max = 8192;
  uint64_t bytes_of_requester_max = 64ULL << 20;
  size_t calls_max = 65'536;  // of all requesters
  uint64_t bytes_max = 256ULL << 20;
  OutputLimits output;  // of others: our own calls are not counted
  uint64_t fuel_of_call_max = UINT64_MAX;
  // Who has used it up gets no more calls taken, and none of them begun, until some has come back;
  // what guests use beyond it is owed.
  uint64_t fuel_of_requester_a_minute = UINT64_MAX;
  uint64_t lease_ms_min = 1'000;
  uint64_t lease_ms_max = 600'000;
  uint64_t keep_ns = 60'000'000'000;      // an answer that is not acknowledged
  uint64_t accept_after_ns = 50'000'000;  // an answer within this needs no Accept before
  // Of Probe and Known, that are being looked into at a time.
  size_t questions_max = 1024;
  size_t questions_of_requester_max = 64;
  // How long after its Commit an answer is kept from others who ask for it, if it is not revealed.
  uint64_t withhold_ns = 120'000'000'000;
  // Refusals of one stream, for who asks and what is asked; then it is ended. What else the peer
  // has sent on it costs nothing more, and others are heard.
  size_t turned_away_max = 256;
  uint32_t run_threads = 8;  // guests that really run at a time: for estimates
  StrangerLimits strangers;
};

}  // namespace timerose::scheduler::execute
