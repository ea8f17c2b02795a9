#include "exchange/inbox.h"

#include <utility>

namespace timerose::exchange {
namespace {

void take_payload(const bitswap::Payload& payload, const WantedBlocks& wanted, Received& received) {
  auto block = bitswap::name(payload);
  if (!block.ok()) {
    ++received.bad_blocks;
    return;
  }
  std::vector<Cid> names = wanted.names_of(block->cid());
  if (names.empty()) {
    received.strays.push_back({block->cid(), static_cast<uint32_t>(block->size())});
  } else {
    received.blocks.push_back({std::move(*block), std::move(names)});
  }
}

void take_message(bitswap::Message message, const WantedBlocks& wanted, Received& received) {
  if (message.full || !message.wants.empty()) {
    received.asked.push_back({message.full, std::move(message.wants)});
  }
  received.presences.insert(received.presences.end(), message.presences.begin(),
                            message.presences.end());
  for (const bitswap::Payload& payload : message.payloads) {
    take_payload(payload, wanted, received);
  }
}

}  // namespace

Received receive(const PeerId& from, const std::vector<SharedBytes>& frames,
                 const WantedBlocks& wanted, Blockstore& store) {
  Received received;
  received.from = from;
  for (const SharedBytes& frame : frames) {
    auto message = bitswap::decode(frame);
    if (!message.ok()) {
      received.broken = std::move(message).error();
      break;
    }
    take_message(std::move(*message), wanted, received);
  }
  if (received.blocks.empty()) return received;
  std::vector<Block> blocks;
  blocks.reserve(received.blocks.size());
  for (const Received::Stored& stored : received.blocks) blocks.push_back(stored.block);
  received.stored = store.put(blocks);
  return received;
}

void Inbox::add_stream(mesh::StreamId stream, const PeerId& peer, mesh::Direction direction) {
  Line line;
  line.peer = peer;
  lines_.emplace(stream, std::move(line));
  if (direction == mesh::Direction::kOutbound) return;
  if (opened_by_[peer].size() >= kOpenedByPeerMax) make_room(peer);
  opened_by_[peer].push_back(stream);
}

void Inbox::make_room(const PeerId& peer) {
  std::optional<mesh::StreamId> quietest;
  uint64_t heard = UINT64_MAX;
  for (const mesh::StreamId stream : opened_by_[peer]) {
    const Line& line = lines_.at(stream);
    if (line.working || line.heard == 0 || line.heard >= heard) continue;
    heard = line.heard;
    quietest = stream;
  }
  if (!quietest) return;
  host_.close_stream(*quietest);
  erase(*quietest);
}

void Inbox::erase(mesh::StreamId stream) {
  const auto line = lines_.find(stream);
  const auto opened = opened_by_.find(line->second.peer);
  if (opened != opened_by_.end()) {
    std::erase(opened->second, stream);
    if (opened->second.empty()) opened_by_.erase(opened);
  }
  lines_.erase(line);
}

bool Inbox::on_frame(const mesh::StreamFrame& event) {
  const auto found = lines_.find(event.stream);
  if (found == lines_.end()) return false;
  Line& line = found->second;
  line.heard = ++frames_;
  if (line.closed || take_short(line, event.frame)) return true;
  line.frames.push_back(event.frame);
  line.bytes += event.frame.size();
  bytes_ += event.frame.size();
  if (line.reading && (line.bytes > kStreamBytesMax || bytes_ > kBytesMax)) {
    line.reading = false;
    host_.set_reading(event.stream, false);
    not_read_.push_back(event.stream);
  }
  if (!line.working) work(event.stream, line);
  return true;
}

// Most frames that bring no blocks are short, and somebody waits for the answer.
bool Inbox::take_short(Line& line, const SharedBytes& frame) {
  if (line.working || frame.size() > kShortFrameBytes) return false;
  auto message = bitswap::decode(frame);
  if (!message.ok() || !message->payloads.empty()) return false;
  Received received;
  received.from = line.peer;
  take_message(std::move(*message), wanted_, received);
  on_received_(std::move(received));
  return true;
}

void Inbox::work(mesh::StreamId stream, Line& line) {
  std::vector<SharedBytes> batch;
  size_t bytes = 0;
  while (!line.frames.empty() && (batch.empty() || bytes < kBatchBytesMax)) {
    bytes += line.frames.front().size();
    batch.push_back(std::move(line.frames.front()));
    line.frames.pop_front();
  }
  line.working = true;
  jobs_.run([this, stream, bytes, from = line.peer, batch = std::move(batch)]() -> JobQueue::Then {
    auto received = std::make_shared<Received>(receive(from, batch, wanted_, store_));
    return [this, stream, bytes, received] { worked(stream, bytes, std::move(*received)); };
  });
}

void Inbox::worked(mesh::StreamId stream, size_t bytes, Received received) {
  Line& line = lines_.at(stream);
  received.stream = stream;
  line.working = false;
  line.bytes -= bytes;
  bytes_ -= bytes;
  if (received.broken) {
    if (!line.closed) host_.close_stream(stream);
    bytes_ -= line.bytes;
    erase(stream);
  } else if (!line.frames.empty()) {
    work(stream, line);
  } else if (line.closed) {
    erase(stream);
  }
  resume_reading();
  on_received_(std::move(received));
}

// Those that are still over a limit stay in their place.
void Inbox::resume_reading() {
  for (size_t left = not_read_.size(); left > 0 && bytes_ <= kBytesMax / 2; --left) {
    const mesh::StreamId stream = not_read_.front();
    not_read_.pop_front();
    const auto line = lines_.find(stream);
    if (line == lines_.end() || line->second.closed) continue;
    if (line->second.bytes > kStreamBytesMax / 2) {
      not_read_.push_back(stream);
      continue;
    }
    line->second.reading = true;
    host_.set_reading(stream, true);
  }
}

void Inbox::leave_stream(mesh::StreamId stream) {
  const auto found = lines_.find(stream);
  if (found == lines_.end()) return;
  found->second.closed = true;
  if (!found->second.working) erase(stream);
}

bool Inbox::on_closed(const mesh::StreamClosed& event) {
  const bool known = lines_.contains(event.stream);
  leave_stream(event.stream);
  return known;
}

}  // namespace timerose::exchange
