// What peers send us over Bitswap: frames are taken apart, blocks hashed, and those that are waited
// for put into the store, before anyone hears of them.
//
// The frames of one stream are worked through in order, in batches, on the pool; those of several
// streams beside each other. A stream whose frames wait too long is not read meanwhile.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "blockstore/blockstore.h"
#include "exchange/bitswap/client.h"
#include "exchange/bitswap/message.h"
#include "exchange/job_queue.h"
#include "exchange/wanted_blocks.h"
#include "mesh/host.h"

namespace timerose::exchange {

// What came out of some frames of one stream.
struct Received {
  struct Stored {
    Block block;             // under the name that its sender gave it
    std::vector<Cid> names;  // those that it was waited for by
  };
  struct Asked {
    bool full = false;
    std::vector<bitswap::Want> wants;
  };
  PeerId from;
  mesh::StreamId stream{};
  std::vector<Asked> asked;  // in order
  std::vector<bitswap::BlockPresence> presences;
  std::vector<Stored> blocks;
  Status stored;                                    // of all of them
  std::vector<bitswap::BlocksArrived::One> strays;  // valid, but nobody waits for them
  uint32_t bad_blocks = 0;
  std::optional<Error> broken;  // what follows in the stream cannot be read
};

class Inbox {
 public:
  // Bytes of frames that wait, or are worked on: of one stream, and of all. A stream that is over
  // either is not read.
  static constexpr size_t kStreamBytesMax = 8U << 20;
  static constexpr size_t kBytesMax = 64U << 20;
  // Frames that are worked on together.
  static constexpr size_t kBatchBytesMax = 8U << 20;
  // A frame this short is taken apart on the loop, if it brings no blocks.
  static constexpr size_t kShortFrameBytes = 4U << 10;

  using OnReceived = std::function<void(Received)>;

  Inbox(mesh::Host& host, Blockstore& store, JobQueue& jobs, const WantedBlocks& wanted,
        OnReceived on_received)
      : host_(host),
        store_(store),
        jobs_(jobs),
        wanted_(wanted),
        on_received_(std::move(on_received)) {}

  // Of those that one peer has opened; then the one that has been silent for longest after it
  // brought something is closed. Some peers open one for each message and end none, and one that
  // the host has to refuse is lost with what was sent on it.
  static constexpr size_t kOpenedByPeerMax = 48;

  // One that the peer opened, or one of ours: answers may come on the stream of the question.
  void add_stream(mesh::StreamId stream, const PeerId& peer, mesh::Direction direction);
  // We have closed it: nothing more comes.
  void leave_stream(mesh::StreamId stream);
  // Whether the event was of one of these streams.
  bool on_frame(const mesh::StreamFrame& event);
  bool on_closed(const mesh::StreamClosed& event);

 private:
  struct Line {
    PeerId peer;
    std::deque<SharedBytes> frames;
    size_t bytes = 0;  // of these, and of those that are worked on
    bool working = false;
    bool reading = true;
    bool closed = false;
    uint64_t heard = 0;  // when it last brought a frame, by a count of all of them; 0: never
  };
  using Lines = std::unordered_map<mesh::StreamId, Line>;

  void work(mesh::StreamId stream, Line& line);
  void worked(mesh::StreamId stream, size_t bytes, Received received);
  bool take_short(Line& line, const SharedBytes& frame);
  void resume_reading();
  void make_room(const PeerId& peer);
  void erase(mesh::StreamId stream);

  mesh::Host& host_;
  Blockstore& store_;
  JobQueue& jobs_;
  const WantedBlocks& wanted_;
  const OnReceived on_received_;
  Lines lines_;
  std::map<PeerId, std::vector<mesh::StreamId>> opened_by_;
  uint64_t frames_ = 0;
  size_t bytes_ = 0;
  std::deque<mesh::StreamId> not_read_;  // in the order in which they were stopped
};

// Takes frames of `from` apart and stores what is waited for. Thread-safe.
Received receive(const PeerId& from, const std::vector<SharedBytes>& frames,
                 const WantedBlocks& wanted, Blockstore& store);

}  // namespace timerose::exchange
