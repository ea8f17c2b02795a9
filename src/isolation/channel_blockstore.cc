#include "isolation/channel_blockstore.h"

namespace timerose::isolation {
namespace {

Error not_here() {
  return {ErrorCode::kUnsupported, "a worker process reads and adds blocks, and does no more"};
}

}  // namespace

Result<SharedBytes> ChannelBlockstore::get(const Cid& cid) {
  if (auto data = identity_data(cid)) return *std::move(data);
  TR_TRY(channel_.send(encode(WantBlock{cid}), on_wait_));
  TR_ASSIGN(const ByteView rest, channel_.receive(on_wait_));
  TR_ASSIGN(ToWorker answer, decode_to_worker(rest));
  auto* given = std::get_if<GiveBlock>(&answer);
  if (given == nullptr) return Error{ErrorCode::kInternal, "expected a block from the node"};
  if (!given->bytes) return Error{given->code, std::move(given->message)};
  return SharedBytes(*std::move(given->bytes));
}

Result<bool> ChannelBlockstore::has(const Cid& cid) {
  const auto found = get(cid);
  if (found.ok()) return true;
  if (found.error().code == ErrorCode::kNotFound) return false;
  return found.error();
}

Result<uint64_t> ChannelBlockstore::size(const Cid& cid) {
  TR_ASSIGN(const SharedBytes bytes, get(cid));
  return bytes.size();
}

Status ChannelBlockstore::put(std::span<const Block> blocks) {
  PutBlocks message;
  size_t bytes = 0;
  const auto send = [&]() -> Status {
    if (message.blocks.empty()) return success();
    bytes = 0;
    return channel_.send(encode(std::exchange(message, {})), on_wait_);
  };
  for (const Block& block : blocks) {
    if (bytes + block.size() > kPutBytesMax) TR_TRY(send());
    bytes += block.size();
    message.blocks.push_back({block.cid(), to_bytes(block.data().view())});
  }
  return send();
}

Status ChannelBlockstore::remove(const Cid& /*cid*/) { return not_here(); }

Status ChannelBlockstore::for_each(const std::function<Status(ByteView, uint64_t)>& /*visit*/) {
  return not_here();
}

}  // namespace timerose::isolation
